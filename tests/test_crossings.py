"""What was made apart, together: preferences, conditions, tags, options, batches and encodings on the sets
that are not a table of their own: certificateConnectorDetails shows ndesConnectors, and roleScopeTags has an
entity that is built in."""
import uuid

import pytest

from server_process import Server
from tenant import DOMAIN_JOIN, EXCHANGE, NDES, sandbox

DETAILS = "/beta/deviceManagement/certificateConnectorDetails"
TAGS = "/beta/deviceManagement/roleScopeTags"
CREATE = {"Prefer": "create-if-missing"}
MEMBERS = {"Prefer": "include-unknown-enum-members"}
LARGE = "x" * 3000  # past limit-gzip-from-bytes


@pytest.fixture(scope="module", params=["file", "memory"])
def server(request, tmp_path_factory):
    flags = [] if request.param == "file" else ["--memory"]
    with Server(tmp_path_factory.mktemp("crossings"), "--etags", *flags) as running:
        yield running
        assert running.stop() == 0
        assert not [event for event in running.events if event.get("status") == 500]


@pytest.fixture
def tenant(server):
    with sandbox(server.url()) as made:
        yield made


def error_of(reply):
    return reply.status_code, reply.json()["error"].get("target")


# --- updates that create ----------------------------------------------------------------------------


@pytest.mark.parametrize("written, name, read, shown", [
    (DETAILS, "connectorName", NDES, "displayName"), (NDES, "displayName", DETAILS, "connectorName")])
@pytest.mark.parametrize("headers", [CREATE, {"If-None-Match": "*"}], ids=["Prefer", "If-None-Match"])
def test_upserts_of_views(tenant, written, name, read, shown, headers):
    """One row is made; either side shows it, and from then on either side has it."""
    key = str(uuid.uuid4())
    made = tenant.ask("PATCH", f"{written}/{key}", json={name: "one"}, headers=headers)
    assert made.status_code == 201 and made.json()[name] == "one", made.text
    assert made.headers["location"] == f"{tenant.url}{written}('{key}')"
    assert tenant.get(f"{read}/{key}")[shown] == "one"
    assert tenant.ids(NDES) == tenant.ids(DETAILS) == [key]
    again = tenant.ask("PATCH", f"{read}/{key}", json={shown: "two"}, headers=CREATE)
    assert again.status_code == 200 and "location" not in again.headers, again.text
    assert tenant.get(f"{written}/{key}")[name] == "two"
    refused = tenant.ask("PATCH", f"{read}/{key}", json={}, headers={"If-None-Match": "*"})
    assert error_of(refused) == (412, "If-None-Match")


def test_a_minimal_answer_names_the_view(tenant):
    key = str(uuid.uuid4())
    reply = tenant.ask("PATCH", f"{DETAILS}/{key}", json={},
                       headers={"Prefer": "create-if-missing, return=minimal"})
    assert reply.status_code == 204 and reply.content == b""
    assert reply.headers["odata-entityid"] == reply.headers["location"] == f"{tenant.url}{DETAILS}('{key}')"
    assert reply.headers["preference-applied"] == "return=minimal, create-if-missing"
    assert tenant.get(reply.headers["location"])["@odata.etag"] == reply.headers["etag"]


def test_upserts_beside_what_is_built_in(tenant):
    """It can be made as little as it can be changed; others are made beside it."""
    key = str(uuid.uuid4())
    made = tenant.ask("PATCH", f"{TAGS}/{key}", json={"displayName": "EMEA", "isBuiltIn": True},
                      headers=CREATE)
    assert made.status_code == 201 and made.json()["isBuiltIn"] is False, made.text
    assert tenant.ids(TAGS) == ["0", key]
    assert error_of(tenant.ask("PATCH", f"{TAGS}/0", json={}, headers=CREATE)) == (400, None)
    assert error_of(tenant.ask("PATCH", f"{TAGS}/0", json={}, headers={"If-None-Match": "*"})) == \
        (412, "If-None-Match")
    assert error_of(tenant.ask("PATCH", f"{TAGS}/1", json={}, headers=CREATE)) == (400, "id")
    assert tenant.get(f"{TAGS}/0")["displayName"] == "Default"


# --- tags -------------------------------------------------------------------------------------------


def test_a_tag_names_the_row_and_not_the_view(tenant):
    made = tenant.make(DETAILS, connectorName="one")
    key, first = made["id"], made["@odata.etag"]
    assert tenant.get(f"{NDES}/{key}")["@odata.etag"] == first
    assert [each["@odata.etag"] for each in tenant.get(DETAILS)["value"]] == [first]
    assert tenant.ask("GET", f"{NDES}/{key}", headers={"If-None-Match": first}).status_code == 304
    changed = tenant.ask("PATCH", f"{NDES}/{key}", json={"displayName": "two"}, headers={"If-Match": first})
    second = changed.headers["etag"]
    assert changed.status_code == 200 and second != first
    for method, path, body in [("PATCH", f"{DETAILS}/{key}", {}), ("DELETE", f"{DETAILS}/{key}", None),
                               ("POST", f"{DETAILS}/{key}/getHealthMetrics", {}),
                               ("GET", f"{DETAILS}/{key}/connectorName", None)]:
        assert error_of(tenant.ask(method, path, json=body, headers={"If-Match": first})) == \
            (412, "If-Match"), path
    told = tenant.ask("POST", f"{DETAILS}/{key}/getHealthMetrics", json={}, headers={"If-Match": second})
    assert told.status_code == 200, told.text
    gone = tenant.ask("DELETE", f"{DETAILS}/{key}", headers={"If-Match": second})
    assert gone.status_code == 204 and tenant.ids(NDES) == []


def test_an_action_that_answers_is_for_who_is_there(tenant):
    path = f"{DETAILS}/{uuid.uuid4()}/getHealthMetrics"
    assert tenant.ask("POST", path, json={}).status_code == 404
    assert error_of(tenant.ask("POST", path, json={}, headers={"If-Match": "*"})) == (412, "If-Match")


def test_a_tag_of_a_view_under_a_policy(tenant):
    """The connector's tag has the state in it, which changes by time. The view shows no state: its tag
    stays while nobody writes, and holds nothing else that happens to stand in the state's place."""
    tenant.policy(ndesConnectors={"on": True, "inactive": "5d", "remove": "30d"})
    key = tenant.make(machineName="any text")["id"]
    shown, connector = (tenant.get(f"{path}/{key}")["@odata.etag"] for path in (DETAILS, NDES))
    assert [each["@odata.etag"] for each in tenant.get(DETAILS)["value"]] == [shown]
    assert shown.count(".") == 1 and connector.startswith(shown[:-1] + ".")
    tenant.clock(advance="6d")
    assert tenant.get(f"{DETAILS}/{key}")["@odata.etag"] == shown
    assert tenant.get(f"{NDES}/{key}")["@odata.etag"] != connector
    reply = tenant.ask("PATCH", f"{DETAILS}/{key}", json={}, headers={"If-Match": shown})
    assert reply.status_code == 200, reply.text


def test_a_tag_of_what_is_built_in(tenant):
    """It has one like any other, and it never changes."""
    reply = tenant.ask("GET", f"{TAGS}/0")
    tag = reply.headers["etag"]
    assert tag == reply.json()["@odata.etag"] == tenant.get(TAGS)["value"][0]["@odata.etag"]
    assert tenant.ask("GET", f"{TAGS}/0", headers={"If-None-Match": tag}).status_code == 304
    for method in ("PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        assert error_of(tenant.ask(method, f"{TAGS}/0", json=body, headers={"If-Match": tag})) == (400, None)
        assert error_of(tenant.ask(method, f"{TAGS}/0", json=body, headers={"If-Match": '"other"'})) == \
            (412, "If-Match")
    made = tenant.make(TAGS, displayName="EMEA")
    assert made["@odata.etag"] != tag


def test_a_tag_in_gzip(tenant):
    """The tag names the state: it is the same in every form, and each form says what it depends on."""
    key = tenant.make(displayName=LARGE)["id"]
    plain, packed = (tenant.ask("GET", f"{NDES}/{key}", headers={"Accept-Encoding": coding})
                     for coding in ("identity", "gzip"))
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert plain.content == packed.content and plain.headers["etag"] == packed.headers["etag"]
    same = tenant.ask("GET", f"{NDES}/{key}", headers={"If-None-Match": plain.headers["etag"],
                                                       "Accept-Encoding": "gzip"})
    for reply in (plain, packed, same):
        assert reply.headers["vary"] == "Accept, Prefer, Accept-Encoding"
    assert same.status_code == 304 and "content-encoding" not in same.headers and same.content == b""
    page = tenant.ask("GET", DETAILS, headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip" and page.headers["vary"] == "Accept-Encoding"
    assert "etag" not in page.headers and page.json()["value"][0]["@odata.etag"] == plain.headers["etag"]


@pytest.mark.parametrize("made, written", [(NDES, DETAILS), (DETAILS, NDES), (DETAILS, DETAILS)])
def test_one_that_a_policy_took_is_made_anew(tenant, made, written):
    """By either side; what was known of the one that is gone holds no more."""
    tenant.policy(ndesConnectors={"on": True, "inactive": "5d", "remove": "30d"})
    key = tenant.make(made, machineName="old")["id"]
    tag = tenant.get(f"{DETAILS}/{key}")["@odata.etag"]
    tenant.clock(advance="31d")
    assert tenant.ids(NDES) == tenant.ids(DETAILS) == []
    for method, path in (("PATCH", f"{written}/{key}"), ("POST", f"{DETAILS}/{key}/getHealthMetrics")):
        reply = tenant.ask(method, path, json={}, headers={"If-Match": "*"})
        assert error_of(reply) == (412, "If-Match"), path
    reply = tenant.ask("PATCH", f"{written}/{key}", json={}, headers=CREATE)
    assert reply.status_code == 201 and reply.json()["machineName"] is None, reply.text
    assert tenant.get(f"{DETAILS}/{key}")["@odata.etag"] != tag


@pytest.mark.parametrize("order", ["now() sub lastCheckinDateTime", "now() sub lastCheckinDateTime desc"])
def test_pages_of_a_view_by_the_clock_under_a_policy(tenant, order):
    """All pages show the moment of the first one, so none is gone that was there."""
    tenant.policy(ndesConnectors={"on": True, "inactive": "5d", "remove": "30d"})
    tenant.clock(set="2024-03-01T00:00:00Z", freeze=True)
    keys = [tenant.make(DETAILS, lastCheckinDateTime=f"2024-02-{day}T00:00:00Z")["id"]
            for day in (26, 24, 28)]
    link, seen = f"{DETAILS}?$orderby={order}&$top=1", []
    while link:
        page = tenant.get(link)
        seen += [each["id"] for each in page["value"]]
        link = page.get("@odata.nextLink")
        tenant.clock(advance="1d")
    newest_first = [keys[2], keys[0], keys[1]]
    assert seen == (newest_first[::-1] if order.endswith("desc") else newest_first)


# --- options ----------------------------------------------------------------------------------------


def names(tenant, path, name, query):
    return [each[name] for each in tenant.get(f"{path}?{query}")["value"]]


@pytest.mark.parametrize("path, name", [(NDES, "displayName"), (DETAILS, "connectorName")])
@pytest.mark.parametrize("query, found", [
    ("$orderby={name} desc", ["Paris", "London", "Berlin"]),
    ("$orderby=length({name}),{name} desc", ["Paris", "London", "Berlin"]),
    ("$search=PAR OR lon&$orderby={name}", ["London", "Paris"]),
    ("$search=m2", ["London"]),
    ("$filter={name} ge 'c'&$orderby={name}&$skip=1", ["Paris"]),
    ("$filter=contains(machineName,'m')&$search=NOT berlin&$orderby=machineName desc", ["London", "Paris"]),
])
def test_queries_of_views(tenant, path, name, query, found):
    """The same rows by either side's names; the count is that of the filter and the search."""
    for at, (each, side) in enumerate([("Paris", NDES), ("London", DETAILS), ("Berlin", NDES)]):
        tenant.make(side, **{"displayName" if side == NDES else "connectorName": each,
                             "machineName": f"m{at + 1}"})
    query = query.format(name=name)
    assert names(tenant, path, name, query) == found
    counted = tenant.get(f"{path}?{query}&$count=true&$top=1")
    assert counted["@odata.count"] == len(found) + ("$skip" in query)
    assert [each[name] for each in counted["value"]] == found[:1]


@pytest.mark.parametrize("query, found", [
    ("$orderby=displayName", ["APAC", "Default", "EMEA"]),
    ("$orderby=isBuiltIn desc,displayName desc", ["Default", "EMEA", "APAC"]),
    ("$search=default", ["Default"]), ("$search=NOT default&$orderby=displayName", ["APAC", "EMEA"]),
    ("$filter=isBuiltIn", ["Default"]), ("$filter=id eq '0' or description eq 'north'", ["Default", "EMEA"]),
    ("$filter=description ne null", ["EMEA"]), ("$skip=1&$orderby=displayName", ["Default", "EMEA"]),
])
def test_queries_with_what_is_built_in(tenant, query, found):
    tenant.make(TAGS, displayName="EMEA", description="north")
    tenant.make(TAGS, displayName="APAC")
    assert names(tenant, TAGS, "displayName", query) == found
    counted = tenant.get(f"{TAGS}?{query}&$count=true")
    assert counted["@odata.count"] == len(found) + ("$skip" in query)
    if "$skip" not in query:
        number = tenant.ask("GET", f"{TAGS}/$count?{query}")
        assert number.text == str(len(found)), number.text
    link, seen = f"{TAGS}?{query}&$top=1", []
    while link and len(seen) < 5:
        page = tenant.get(link)
        seen += [each["displayName"] for each in page["value"]]
        link = page.get("@odata.nextLink")
    assert seen == found


@pytest.mark.parametrize("condition, count", [
    ("status eq 'connected'", 1), ("status ne 'connected'", 1), ("status eq 'unknownFutureValue'", 0),
    ("status in ('connected','none')", 2), ("status ge 'none'", 2)])
def test_members_to_come_in_a_filter(tenant, condition, count):
    """There are none yet, so a filter finds the same with and without, and says that it heeded it."""
    for status in ("connected", "none"):
        tenant.make(EXCHANGE, status=status)
    for headers in ({}, MEMBERS):
        reply = tenant.ask("GET", EXCHANGE, params={"$filter": condition, "$count": "true"}, headers=headers)
        assert reply.status_code == 200 and reply.json()["@odata.count"] == count, reply.text
        number = tenant.ask("GET", f"{EXCHANGE}/$count", params={"$filter": condition}, headers=headers)
        assert number.text == str(count)
        for each in (reply, number):
            assert each.headers.get("preference-applied") == headers.get("Prefer")


# --- batches ----------------------------------------------------------------------------------------


def batch(tenant, *parts):
    requests = [{"id": str(at + 1), "method": method, "url": path.removeprefix("/beta"),
                 **({"body": body} if body is not None else {}),
                 "headers": {"Content-Type": "application/json", **headers},
                 **({"dependsOn": [str(at)]} if at else {})}
                for at, (method, path, body, headers) in enumerate(parts)]
    reply = tenant.ask("POST", "/beta/$batch", json={"requests": requests})
    assert reply.status_code == 200, reply.text
    answers = {each["id"]: each for each in reply.json()["responses"]}
    return [answers[str(at + 1)] for at in range(len(parts))]


def test_a_batch_over_views_and_what_is_built_in(tenant):
    key = str(uuid.uuid4())
    made, twin, found, tag, status, metrics = batch(
        tenant,
        ("PATCH", f"{DETAILS}/{key}", {"connectorName": "b"}, {"Prefer": "create-if-missing, return=minimal"}),
        ("GET", f"{NDES}/{key}", None, {}),
        ("GET", f"{DETAILS}?$filter=connectorName eq 'b'&$count=true&$orderby=connectorName", None, {}),
        ("GET", f"{TAGS}?$search=default", None, {}),
        ("GET", "/beta/deviceManagement/connectorStatus", None, {}),
        ("POST", f"{DETAILS}/{key}/getHealthMetrics", {}, {"If-Match": "*"}))
    assert made["status"] == 204 and made["headers"]["OData-EntityId"].endswith(f"{DETAILS}('{key}')")
    assert twin["status"] == 200 and twin["body"]["displayName"] == "b"
    assert twin["body"]["@odata.etag"] == made["headers"]["ETag"] == twin["headers"]["ETag"]
    assert found["body"]["@odata.count"] == 1
    assert [each["id"] for each in tag["body"]["value"]] == ["0"]
    assert [each["connectorInstanceId"] for each in status["body"]["value"]] == [key]
    assert metrics["status"] == 200 and metrics["body"]["value"]


def test_conditions_inside_a_batch(tenant):
    key = tenant.make(DETAILS)["id"]
    tag = tenant.get(f"{NDES}/{key}")["@odata.etag"]
    same, = batch(tenant, ("GET", f"{DETAILS}/{key}", None, {"If-None-Match": tag}))
    built_in, = batch(tenant, ("PATCH", f"{TAGS}/0", {}, {"If-None-Match": "*"}))
    changed, = batch(tenant, ("PATCH", f"{DETAILS}/{key}", {}, {"If-Match": '"other"'}))
    assert same["status"] == 304 and same.get("body") is None
    for each, target in ((built_in, "If-None-Match"), (changed, "If-Match")):
        assert each["status"] == 412 and each["body"]["error"]["target"] == target


def test_a_batch_in_gzip(tenant):
    """As a whole, whatever its parts ask for."""
    tenant.make(displayName=LARGE)
    body = {"requests": [{"id": "1", "method": "GET", "url": path.removeprefix("/beta"),
                          "headers": {"Accept-Encoding": "gzip"}} for path in (DETAILS,)]}
    reply = tenant.ask("POST", "/beta/$batch", json=body, headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip" and reply.headers["vary"] == "Accept-Encoding"
    part, = reply.json()["responses"]
    assert part["body"]["value"][0]["connectorName"] == LARGE
    assert "Content-Encoding" not in part["headers"]


# --- other fields -----------------------------------------------------------------------------------


def test_a_method_inside_a_post_has_its_own_conditions(tenant):
    key = str(uuid.uuid4())
    headers = {"X-HTTP-Method": "PATCH"}
    assert tenant.ask("POST", f"{DETAILS}/{key}", json={}, headers=headers).status_code == 404
    made = tenant.ask("POST", f"{DETAILS}/{key}", json={}, headers={**headers, **CREATE})
    assert made.status_code == 201 and tenant.ids(NDES) == [key], made.text
    gone = tenant.ask("POST", f"{DETAILS}/{key}", headers={"X-HTTP-Method": "DELETE",
                                                           "If-Match": made.headers["etag"]})
    assert gone.status_code == 204 and tenant.ids(NDES) == []


def test_a_refused_create_by_update_makes_nothing(tenant):
    for path in (DETAILS, TAGS, DOMAIN_JOIN):
        key = str(uuid.uuid4())
        assert tenant.ask("PATCH", f"{path}/{key}", json={"nonsense": 1}, headers=CREATE).status_code == 400
        assert tenant.ask("GET", f"{path}/{key}").status_code == 404
