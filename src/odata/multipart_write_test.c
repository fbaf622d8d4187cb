/* odata/multipart_write_test.c - answers to the letter, and as large as was said. */
#include "odata/multipart_write.h"

#include "base/arena.h"
#include "base/test.h"
#include "base/text.h"

#define NAME SLICE("n-1")

static const struct batch_field fields[] = { { SLICE_INIT("Content-Type"), SLICE_INIT("text/x") },
                                             { SLICE_INIT("A"), SLICE_INIT("") } };

static const struct batch_answer alone = { .id = SLICE_INIT("7"),
                                           .reason = SLICE_INIT("OK"),
                                           .status = 200,
                                           .fields = fields,
                                           .field_count = 2,
                                           .kind = BATCH_BODY_BYTES,
                                           .body = SLICE_INIT("a\r\nb") };
static const struct batch_answer empty = { .reason = SLICE_INIT("No Content"), .status = 204 };
static const struct batch_answer first = { .id = SLICE_INIT("1"),
                                           .set = 1,
                                           .reason = SLICE_INIT("Created"),
                                           .status = 201,
                                           .kind = BATCH_BODY_JSON,
                                           .body = SLICE_INIT("{}") };
static const struct batch_answer second = { .set = 1, .reason = SLICE_INIT("OK"), .status = 200 };
static const struct batch_answer other = { .set = 12, .status = 299 };

#define HTTP "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
#define OPEN "--batchresponse_n-1\r\n"
#define END  "--batchresponse_n-1--\r\n"

#define ALONE                                                                                      \
    OPEN HTTP "Content-ID: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/x\r\nA: \r\n"            \
              "Content-Length: 4\r\n\r\na\r\nb\r\n"
#define EMPTY  OPEN HTTP "\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
#define SET(n) OPEN "Content-Type: multipart/mixed; boundary=changesetresponse_" n "_n-1\r\n\r\n"
#define IN(n)  "--changesetresponse_" n "_n-1"
#define FIRST                                                                                      \
    IN("1")                                                                                        \
    "\r\n" HTTP "Content-ID: 1\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}\r\n"
#define SECOND IN("1") "\r\n" HTTP "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n"
#define OTHER  IN("12") "\r\n" HTTP "\r\nHTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n\r\n"

static const struct {
    const struct batch_answer *answers[4];
    const char *want;
} cases[] = {
    { { NULL }, END },
    { { &alone, &empty }, ALONE EMPTY END },
    { { &first, &second }, SET("1") FIRST SECOND IN("1") "--\r\n" END },
    { { &alone, &first, &other, &empty },
      ALONE SET("1") FIRST IN("1") "--\r\n" SET("12") OTHER IN("12") "--\r\n" EMPTY END },
};

static void test_write(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 16);
        struct batch_answer answers[4];
        size_t count = 0, most = multipart_envelope_bytes(NAME);
        struct text text;

        for (; count < COUNT_OF(answers) && cases[i].answers[count]; count++) {
            answers[count] = *cases[i].answers[count];
            most += multipart_answer_bytes(&answers[count], NAME);
        }
        text_init(&text, arena, most, most);
        multipart_write(answers, count, NAME, &text);
        CHECK(!text.failed, i);
        CHECK(slice_eq(text_slice(&text), slice_of(cases[i].want)), i);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_write) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
