/* server/back_end_words_test.c - the messages that Graph's own sets get in the profile live are
 * those of the error catalogue, which stand there as they were captured.
 *
 * Here, since no floor below knows the model and both of them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/test.h"

#include "base/arena.h"
#include "base/text.h"
#include "model/graph_model.h"
#include "odata/back_end.h"
#include "testbed/error_catalogue.h"
#include "json/writer.h"

#define NOT_AUTHORIZED                                                                             \
    "Application is not authorized to perform this operation. Application must have one of the "   \
    "following scopes: "
#define AN_ERROR "An error has occurred"
#define ID       "00000000-0000-4000-8000-000000000002"

static const struct {
    const char *name; /* in the catalogue */
    const char *rest; /* of the path */
    const char *words;
    bool wrapped;
} cases[] = {
    { "403.domainJoinConnector-delete",
      "deviceManagement/domainJoinConnectors('ba72003d-9bda-4000-8bff-9986a14062d0')", AN_ERROR,
      true },
    { "403.intune-scope", "deviceManagement/ndesConnectors",
      NOT_AUTHORIZED "DeviceManagementConfiguration.Read.All, "
                     "DeviceManagementConfiguration.ReadWrite.All",
      false },
    { "403.intune-scope-exchange", "deviceManagement/exchangeConnectors",
      NOT_AUTHORIZED "DeviceManagementServiceConfiguration.Read.All, "
                     "DeviceManagementServiceConfig.Read.All, "
                     "DeviceManagementServiceConfiguration.ReadWrite.All, "
                     "DeviceManagementServiceConfig.ReadWrite.All",
      false },
    { "404.intune-entity",
      "deviceManagement/ndesConnectors('e71fa706-a706-e71f-06a7-1fe706a71fe7')", AN_ERROR, false },
    { "500.intune", "deviceManagement", "An internal server error has occurred", false },
};

static void test_words(void **state UNUSED)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena = arena_create(NULL, 1 << 20);
        const struct catalogue_facts facts = { .client_request_id = SLICE(ID),
                                               .path = slice_of(cases[i].rest) };
        const struct catalogue_error *error = error_catalogue_find(slice_of(cases[i].name));
        struct odata_back_end_error told = { .model = &graph_model,
                                             .words = slice_of(cases[i].words),
                                             .client_request_id = SLICE(ID) };
        struct odata_path path;
        struct text rest, body, message, quoted;

        assert_non_null(error);
        text_init(&rest, arena, 0, 1000);
        text_printf(&rest, "/%s", cases[i].rest);
        CHECK(
            odata_path_parse(&graph_model, EDM_VERSION_BETA, text_slice(&rest), arena, &path, NULL),
            i);
        told.path = &path;
        text_init(&message, arena, 0, 10000);
        if (cases[i].wrapped)
            odata_write_wrapped_message(&told, SLICE("Forbidden"), &message);
        else
            odata_write_back_end_message(&told, &message);
        text_init(&quoted, arena, 0, 10000);
        text_append(&quoted, SLICE("\"message\":\""));
        json_append_escaped(&quoted, text_slice(&message));
        text_append(&quoted, SLICE("\",\"innerError\""));
        text_init(&body, arena, 0, 10000);
        error_catalogue_write(error, &facts, &body);
        if (!memmem(body.ptr, body.len, quoted.ptr, quoted.len))
            fail_msg("%s: %.*s\nis not in %.*s", cases[i].name, SLICE_ARG(text_slice(&quoted)),
                     SLICE_ARG(text_slice(&body)));
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_words) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
