/* service/authorisation_test.c - who may do what, on the toy model. */
#include "service/authorisation.h"

#include "base/test.h"
#include "edm/toy_model.h"

static const struct {
    const char *held; /* one permission, or "" */
    bool singleton, list, create, delete, crate_delete, restock, retire;
} cases[] = {
    { "", false, false, false, false, false, false, false },
    { "Shop.Read.All", true, true, false, false, false, false, false },
    { "Shop.ReadWrite.All", true, true, true, false, true, true, true },
    { "Shop.Clear.All", false, false, false, true, false, false, false },
    { "Shop.Restock.All", false, false, false, false, false, true, false },
    { "shop.read.all", false, false, false, false, false, false, false }, /* exact */
};

static void test_authorise(void **state UNUSED)
{
    struct authorisation table;
    struct error error = { 0 };

    assert_true(authorisation_init(&table, &toy_model, &error));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct principal who = { .permissions = permission_table_find(&table.permissions,
                                                                      slice_of(cases[i].held)) };
        const struct edm_action *actions = toy_article.actions;

        CHECK(authorise_singleton(&table, &who, NULL) == cases[i].singleton, i);
        CHECK(authorise_operation(&table, &who, &toy_article, EDM_LIST, NULL) == cases[i].list, i);
        CHECK(authorise_operation(&table, &who, &toy_article, EDM_CREATE, NULL) == cases[i].create,
              i);
        CHECK(authorise_operation(&table, &who, &toy_article, EDM_DELETE, NULL) == cases[i].delete,
              i);
        CHECK(authorise_operation(&table, &who, &toy_crate, EDM_DELETE, NULL) ==
                  cases[i].crate_delete,
              i);
        CHECK(authorise_action(&table, &who, &toy_article, &actions[TOY_ARTICLE_RESTOCK], NULL) ==
                  cases[i].restock,
              i);
        CHECK(authorise_action(&table, &who, &toy_article, &actions[TOY_ARTICLE_RETIRE], NULL) ==
                  cases[i].retire,
              i);
    }
}

static void test_refusal_names_what_would_do(void **state UNUSED)
{
    struct authorisation table;
    struct principal nobody = { 0 };
    struct error error = { 0 };

    assert_true(authorisation_init(&table, &toy_model, &error));
    assert_false(authorise_action(&table, &nobody, &toy_article,
                                  &toy_article.actions[TOY_ARTICLE_RESTOCK], &error));
    assert_int_equal(error.code, ERROR_FORBIDDEN);
    assert_string_equal(error.message,
                        "Application is not authorized to perform this operation. Application must "
                        "have one of the following scopes: Shop.Restock.All, Shop.ReadWrite.All");
}

/* As many and as long as those that open the singleton of Graph. */
static void test_a_long_list_is_not_cut(void **state UNUSED)
{
    static const char name[] = "DeviceManagementManaged.ReadWrite.All";
    struct slice names[10];
    struct edm_singleton singleton = { .read_permissions = { names, COUNT_OF(names) } };
    struct edm_model model = { .singleton = &singleton };
    struct authorisation table = { .model = &model };
    struct principal nobody = { 0 };
    struct error error = { 0 };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        names[i] = slice_of(name);
    assert_false(authorise_singleton(&table, &nobody, &error));
    assert_true(slice_ends_with(slice_of(error.message), slice_of(name)));
}

/* A type of another model has no mask: nobody may do anything with it. */
static void test_a_foreign_type_is_refused(void **state UNUSED)
{
    static const struct edm_entity_type foreign = { .name = SLICE_INIT("foreign") };
    struct authorisation table;
    struct principal everybody = { .permissions = UINT64_MAX };

    assert_true(authorisation_init(&table, &toy_model, NULL));
    assert_false(authorise_operation(&table, &everybody, &foreign, EDM_GET, NULL));
}

static void test_everything_is_what_writes(void **state UNUSED)
{
    struct authorisation table;
    struct slice names[PERMISSIONS_MAX];

    assert_true(authorisation_init(&table, &toy_model, NULL));
    size_t count = authorisation_read_write_names(&table, names);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        CHECK(table.read_write & permission_table_find(&table.permissions, names[i]), i);
    assert_true(table.read_write &
                permission_table_find(&table.permissions, SLICE("Shop.ReadWrite.All")));
    assert_false(table.read_write &
                 permission_table_find(&table.permissions, SLICE("Shop.Read.All")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authorise),
        cmocka_unit_test(test_refusal_names_what_would_do),
        cmocka_unit_test(test_a_long_list_is_not_cut),
        cmocka_unit_test(test_a_foreign_type_is_refused),
        cmocka_unit_test(test_everything_is_what_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
