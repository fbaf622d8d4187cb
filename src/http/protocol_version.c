/* http/protocol_version.c - looks for the three fields in one walk.
 *
 * Every request pays for this and nearly none has one of them, or has an OData-MaxVersion of 4.0:
 * so a name is looked at closely only when it begins like one of them.
 *
 * A version may have parameters behind it ("3.0;NetFx", as OData 3 wrote it), which say nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/protocol_version.h"

#define QUOTED_BYTES_MAX 60

#define MAX_VERSION     SLICE("OData-MaxVersion")
#define VERSION         SLICE("OData-Version")
#define ISOLATION       SLICE("OData-Isolation")
#define PLAIN_ISOLATION SLICE("Isolation")

struct version {
    uint64_t major;
    struct slice minor; /* digits: "01" is another than "1" */
};

/* "4.0", "4.01", "4"; blanks anywhere around. */
static bool read_version(struct slice value, struct version *ret)
{
    struct slice text = value, parameters, major, minor = SLICE("0");
    uint64_t ignored;

    slice_cut(value, ';', &text, &parameters);
    text = slice_trim(text);
    major = text;
    if (slice_cut(text, '.', &major, &minor) &&
        !slice_to_uint64(slice_trim(minor), UINT32_MAX, &ignored))
        return false;
    ret->minor = slice_trim(minor);
    return slice_to_uint64(slice_trim(major), UINT32_MAX, &ret->major);
}

static struct slice quoted(struct slice value)
{
    return slice_utf8_prefix(value, QUOTED_BYTES_MAX);
}

static COLD bool refuse(struct slice name, struct slice value, const char *expected,
                        struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, name,
                     "The %.*s header of the request is '%.*s': expected %s.", SLICE_ARG(name),
                     SLICE_ARG(quoted(value)), expected);
}

static bool check_max_version(struct slice value, struct error *err)
{
    struct version version;

    if (!read_version(value, &version))
        return refuse(MAX_VERSION, value, "a version such as '4.0'", err);
    return version.major >= 4 ||
           refuse(MAX_VERSION, value, "4.0 or higher, which is what this service answers with",
                  err);
}

static bool check_version(struct slice value, struct error *err)
{
    struct version version;

    return (read_version(value, &version) && version.major == 4 &&
            (slice_eq(version.minor, SLICE("0")) || slice_eq(version.minor, SLICE("01")))) ||
           refuse(VERSION, value, "4.0 or 4.01, the versions whose bodies this service reads", err);
}

/* 8.2.4: who asks for a snapshot and gets something else must be told. */
static COLD bool refuse_isolation(struct slice name, struct slice value, struct error *err)
{
    return error_set(err, ERROR_PRECONDITION_FAILED, name,
                     "The %.*s header of the request asks for '%.*s', and this service has no "
                     "isolation levels.",
                     SLICE_ARG(name), SLICE_ARG(quoted(value)));
}

/* A field is named in an error as the specification spells it, whatever was sent: HTTP/2 knows
 * lower case alone, and a client should not have to read one mistake in two spellings. */
static bool check_field(const struct http_field *field, bool has_body, struct error *err)
{
    if (field->value.len == 0)
        return true;
    if (slice_eq_nocase(field->name, MAX_VERSION))
        return check_max_version(field->value, err);
    if (slice_eq_nocase(field->name, VERSION))
        return !has_body || check_version(field->value, err);
    if (slice_eq_nocase(field->name, ISOLATION))
        return refuse_isolation(ISOLATION, field->value, err);
    if (slice_eq_nocase(field->name, PLAIN_ISOLATION))
        return refuse_isolation(PLAIN_ISOLATION, field->value, err);
    return true;
}

bool protocol_version_check(const struct http_request *request, bool has_body, struct error *err)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        char first = (char)(field->name.ptr[0] | 0x20);

        if ((first == 'o' || first == 'i') && !check_field(field, has_body, err))
            return false;
    }
    return true;
}

/* Decimal places are compared as such: 4.1 is more than 4.01, and 4.001 is less. */
static bool is_401_or_higher(const struct version *version)
{
    char tenths = version->minor.ptr[0],
         hundredths = version->minor.len > 1 ? version->minor.ptr[1] : '0';

    return version->major > 4 || (version->major == 4 && (tenths > '0' || hundredths > '0'));
}

bool protocol_version_admits_401(const struct http_request *request)
{
    struct version version;
    bool admits = false;

    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];

        if (!slice_eq_nocase(field->name, SLICE("OData-MaxVersion")))
            continue;
        admits = read_version(field->value, &version) && is_401_or_higher(&version);
        if (!admits)
            return false;
    }
    return admits;
}
