"""A test that passes on a server with `--profile live --strict` uses nothing that Graph does not have.

Of each row of docs/profiles.md's two tables of what goes beyond Graph there is a request here that makes
use of it: served as the server comes, with the row's name in the reply's field; refused in Graph's words or
passed over without effect where the server is strict, of either profile. A row without a request fails.

And what the reference pages show works there as it does without: the cases/reference_*.json, but for what
docs/profiles.md says of the live profile."""
import datetime
import email.utils
import re
import uuid
from typing import Callable, NamedTuple
from urllib.parse import urlsplit

import pytest

from multipart import answers, change_set, part, statuses, together
from server_process import DEFAULT_TENANT, Server
from tenant import DOMAIN_JOIN, NDES, sandbox
from test_api_coverage import beyond_ids
from test_cases import DIRECTORY, GUID, CaseFile, Stage, fill_in, run_step

MARK = "x-connectord-beyond-graph"
NOT_ALLOWED = "The query specified in the URI is not valid. Query option '{}' is not allowed."
SET = "/deviceManagement/ndesConnectors"  # as a batch names it
JSON = {"Content-Type": "application/json"}

# Rows that are offered where a flag says so: it has to change nothing where they are passed over.
FLAGS = ["--etags", "--odata-401"]
SERVERS = {
    "documented": FLAGS,
    "strict": [*FLAGS, "--strict"],
    "live": [*FLAGS, "--profile", "live"],
    "live strict": [*FLAGS, "--profile", "live", "--strict"],
}


# --- what each row is used by ----------------------------------------------------------------------


class Use(NamedTuple):
    """`ask` makes use of the row and gives (status, fields, body) of the reply that tells; `served` and
    `refused` look at it, and may ask more to see what came of it."""
    ask: Callable
    served: Callable
    refused: Callable


def whole(reply):
    is_json = reply.headers.get("content-type", "").startswith("application/json")
    return reply.status_code, reply.headers, reply.json() if is_json else reply.text


def ask_batch(tenant, *requests):
    return tenant.ask("POST", "/beta/$batch", json={"requests": requests})


def last_of_batch(tenant, *requests):
    """The reply of the batch's last part; of the batch where that is refused."""
    reply = ask_batch(tenant, *requests)
    if reply.status_code != 200:
        return whole(reply)
    *_, answer = reply.json()["responses"]
    fields = {name.lower(): value for name, value in answer["headers"].items()}
    if MARK in reply.headers:
        fields[MARK] = reply.headers[MARK]
    return answer["status"], fields, answer.get("body")


def part_of_batch(tenant, **members):
    return last_of_batch(tenant, {"id": "1", **members})


def creation(number, **members):
    return {"id": number, "method": "POST", "url": SET, "headers": JSON, "body": {}, **members}


def change_of_nobody(number, **members):
    return creation(number, **{"method": "PATCH", "url": f"{SET}/{uuid.uuid4()}", **members})


def is_error(status, target, words):
    def check(_, reply):
        assert reply[0] == status, reply
        assert reply[2]["error"].get("target") == target and words in reply[2]["error"]["message"], reply
    return check


def has_status(status):
    def check(_, reply):
        assert reply[0] == status, reply
    return check


def filtered(condition):
    return lambda tenant: whole(tenant.ask("GET", NDES, params={"$filter": condition}))


def is_json_text(_, reply):
    assert reply[0] == 200 and reply[2]["$Version"], reply[:2]


def is_xml(_, reply):
    assert reply[0] == 200 and reply[1]["content-type"] == "application/xml", reply[:2]


def make_minimal(tenant):
    return whole(tenant.ask("POST", NDES, json={"displayName": "one"}, headers={"Prefer": "return=minimal"}))


def is_minimal(tenant, reply):
    assert reply[0] == 204 and reply[2] == "" and tenant.get(reply[1]["location"])["displayName"] == "one"


def is_whole(_, reply):
    assert reply[0] == 201 and reply[2]["displayName"] == "one", reply
    assert "preference-applied" not in reply[1] and "odata-entityid" not in reply[1]


def change_what_exists_not(tenant):
    return whole(tenant.ask("PATCH", f"{NDES}/{uuid.uuid4()}", json={}, headers={"If-Match": "*"}))


def change_what_has_changed(tenant):
    key = tenant.make()["id"]
    return whole(tenant.ask("PATCH", f"{NDES}/{key}", json={"displayName": "late"},
                            headers={"If-Match": 'W/"of another time"'}))


def is_refused_by_its_tag(tenant, reply):
    assert reply[0] == 412 and reply[2]["error"]["target"] == "If-Match", reply
    made = tenant.ask("POST", NDES, json={})
    assert made.headers["etag"] == made.json()["@odata.etag"] and MARK in made.headers


def is_changed(tenant, reply):
    assert reply[0] == 200 and reply[2]["displayName"] == "late", reply
    assert "etag" not in reply[1] and not any("etag" in name for name in reply[2])
    page = tenant.ask("GET", NDES, headers={"If-None-Match": "*"})
    assert page.status_code == 200 and "etag" not in page.text


def make_by_update(tenant):
    return whole(tenant.ask("PATCH", f"{NDES}/{uuid.uuid4()}", json={"displayName": "one"},
                            headers={"Prefer": "create-if-missing"}))


def is_made(tenant, reply):
    assert reply[0] == 201 and tenant.ids(NDES) == [reply[2]["id"]], reply


def is_not_made(tenant, reply):
    assert reply[0] == 404 and reply[2]["error"]["code"] in ("ResourceNotFound", "NotFound",
                                                             "UnknownError"), reply
    made = tenant.ask("PATCH", f"{NDES}/{uuid.uuid4()}", json={}, headers={"If-None-Match": "*"})
    assert made.status_code == 404 and tenant.ids(NDES) == []


def delete_a_domain_join_connector(tenant):
    return whole(tenant.ask("DELETE", f"{DOMAIN_JOIN}/{tenant.make(DOMAIN_JOIN)['id']}"))


def is_gone(tenant, reply):
    assert reply[0] == 204 and tenant.ids(DOMAIN_JOIN) == [], reply


def is_still_there(tenant, reply):
    assert reply[0] == 403 and reply[2]["error"]["code"] in ("Forbidden", "UnknownError"), reply
    assert len(tenant.ids(DOMAIN_JOIN)) == 1


def has_written(tenant, reply):
    assert reply[0] == 201 and reply[2]["displayName"] == "x?", reply


def has_written_nothing(tenant, reply):
    assert reply[0] == 400 and reply[2]["error"]["target"] == "headers", reply
    assert tenant.ids(NDES) == []


def ask_multipart(tenant, *parts):
    return tenant.ask("POST", "/beta/$batch", content=together("batch", parts),
                      headers={"Content-Type": "multipart/mixed; boundary=batch"})


def make_by_change_set(tenant):
    return whole(ask_multipart(tenant, change_set(part("POST", SET[1:], {}), part("POST", SET[1:], {}))))


def is_one_change_set(tenant, reply):
    assert reply[0] == 200 and statuses(answers(reply[1]["content-type"], reply[2].encode())) == [[201, 201]]
    failed = ask_multipart(tenant, change_set(part("POST", SET[1:], {}),
                                              part("PATCH", f"{SET[1:]}/{uuid.uuid4()}", {})))
    assert statuses(answers(failed.headers["content-type"], failed.content)) == [404]
    assert len(tenant.ids(NDES)) == 2


def is_no_batch(tenant, reply):
    is_error(400, None, "Unable to read JSON request payload.")(tenant, reply)
    assert tenant.ids(NDES) == []


def make_by_group(tenant):
    return whole(ask_batch(tenant, *(creation(number, atomicityGroup="g") for number in "12")))


def is_one_group(tenant, reply):
    assert reply[0] == 200 and [each["status"] for each in reply[2]["responses"]] == [201, 201], reply
    failed = ask_batch(tenant, creation("1", atomicityGroup="g"), change_of_nobody("2", atomicityGroup="g"))
    assert [each["status"] for each in failed.json()["responses"]] == [424, 404]
    assert len(tenant.ids(NDES)) == 2


def is_no_group(tenant, reply):
    is_error(400, "atomicityGroup", "is not supported")(tenant, reply)
    assert tenant.ids(NDES) == []


def refer_to_what_was_made(tenant):
    return last_of_batch(tenant, creation("1"),
                         {"id": "2", "dependsOn": ["1"], "method": "GET", "url": "/$1"})


def is_what_was_made(tenant, reply):
    assert reply[0] == 200 and tenant.ids(NDES) == [reply[2]["id"]], reply


def is_no_segment(tenant, reply):
    is_error(400, "$1", "Resource not found for the segment '$1'.")(tenant, reply)
    assert len(tenant.ids(NDES)) == 1


def begin_a_delta(tenant):
    return whole(tenant.ask("GET", f"{NDES}/delta"))


def tells_of_changes(tenant, reply):
    assert reply[0] == 200 and reply[2]["value"] == [], reply
    key = tenant.make()["id"]
    assert [each["id"] for each in tenant.get(reply[2]["@odata.deltaLink"])["value"]] == [key]


def is_an_unknown_key(tenant, reply):
    other = tenant.ask("GET", f"{NDES}/another")
    assert reply[0] == other.status_code == 404, reply
    assert reply[2]["error"]["code"] == other.json()["error"]["code"]


def write_a_property(tenant):
    key = tenant.make(displayName="early")["id"]
    return whole(tenant.ask("PUT", f"{NDES}/{key}/displayName", json={"value": "late"}))


def display_names(tenant):
    return [each["displayName"] for each in tenant.get(NDES)["value"]]


def is_written(tenant, reply):
    assert reply[0] == 204 and display_names(tenant) == ["late"], reply


def is_for_reading(tenant, reply):
    assert reply[0] == 405 and reply[1]["allow"] == "GET, HEAD" and display_names(tenant) == ["early"], reply
    value = tenant.ask("PUT", f"{NDES}/{tenant.ids(NDES)[0]}/displayName/$value", content="late",
                       headers={"Content-Type": "text/plain"})
    assert value.status_code == 405 and display_names(tenant) == ["early"]


def count_by_apply(tenant):
    tenant.make()
    return whole(tenant.ask("GET", NDES, params={"$apply": "aggregate($count as n)"}))


def is_one_row(_, reply):
    assert reply[0] == 200 and [row["n"] for row in reply[2]["value"]] == [1], reply


def compute_letters(tenant):
    tenant.make(displayName="early")
    return whole(tenant.ask("GET", NDES, params={"$compute": "length(displayName) as n", "$select": "n"}))


def has_letters(_, reply):
    assert reply[0] == 200 and [row["n"] for row in reply[2]["value"]] == [5], reply


def get_by_alias(tenant):
    key = tenant.make(displayName="one")["id"]
    return whole(tenant.ask("GET", f"{NDES}(@k)?@k='{key}'"))


def count_items(tenant):
    key = tenant.make(roleScopeTagIds=["0", "1"])["id"]
    return whole(tenant.ask("GET", f"{NDES}/{key}/roleScopeTagIds/$count"))


def is_text(words):
    def check(_, reply):
        assert reply[0] == 200 and reply[2] == words, reply
    return check


def ask_in_a_body(tenant):
    tenant.make(displayName="one")
    return whole(tenant.ask("POST", f"{NDES}/$query", content="$select=displayName",
                            headers={"Content-Type": "text/plain"}))


def is_what_was_asked_for(_, reply):
    assert reply[0] == 200 and [each["displayName"] for each in reply[2]["value"]] == ["one"], reply


def filter_in_the_path(tenant):
    tenant.make(displayName="one")
    tenant.make(displayName="two")
    return whole(tenant.ask("GET", f"{NDES}/$filter(displayName%20eq%20'one')"))


def admit_401(tenant):
    return whole(tenant.ask("GET", f"{NDES}?$count=true", headers={"OData-MaxVersion": "4.01"}))


def is_in_401(_, reply):
    assert reply[0] == 200 and reply[1]["odata-version"] == "4.01", reply
    assert reply[2]["@count"] == 0 and "@odata.count" not in reply[2]


def is_in_40(_, reply):
    assert reply[0] == 200 and reply[1]["odata-version"] == "4.0", reply
    assert reply[2]["@odata.count"] == 0 and "@count" not in reply[2]


def make_twice(tenant):
    """The same request again; the second reply."""
    sent = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc), usegmt=True)
    headers = {"Repeatability-Request-ID": str(uuid.uuid4()), "Repeatability-First-Sent": sent}
    return [whole(tenant.ask("POST", NDES, json={}, headers=headers)) for _ in range(2)][1]


def is_made_once(tenant, reply):
    assert reply[0] == 201 and reply[1]["repeatability-result"] == "accepted", reply
    assert tenant.ids(NDES) == [reply[2]["id"]]


def is_made_twice(tenant, reply):
    assert reply[0] == 201 and "repeatability-result" not in reply[1], reply
    assert len(tenant.ids(NDES)) == 2


USES = {
    "search": Use(lambda tenant: whole(tenant.ask("GET", f"{NDES}?$search=paris")),
                  has_status(200), is_error(400, "$search", NOT_ALLOWED.format("Search"))),
    "batch-absolute-url": Use(
        lambda tenant: part_of_batch(tenant, method="GET", url="/beta/deviceManagement"),
        has_status(200), is_error(400, "url", "relative to the version")),
    "batch-base64": Use(
        lambda tenant: part_of_batch(tenant, method="POST", url=SET,
                                     body="eyJkaXNwbGF5TmFtZSI6Ing/In0="),
        has_written, has_written_nothing),
    "multipart-batch": Use(make_by_change_set, is_one_change_set, is_no_batch),
    "atomicity-group": Use(make_by_group, is_one_group, is_no_group),
    "batch-reference": Use(refer_to_what_was_made, is_what_was_made, is_no_segment),
    "csdl-json": Use(lambda tenant: whole(tenant.ask("GET", "/beta/$metadata?$format=json")),
                     is_json_text, is_xml),
    "openapi": Use(lambda tenant: whole(tenant.ask("GET", "/beta/openapi.json")),
                   has_status(200), is_error(400, "openapi.json", "Resource not found for the segment")),
    "matchespattern": Use(filtered("matchesPattern(displayName,'^a')"), has_status(200),
                          is_error(400, "$filter", "unknown function with name 'matchesPattern'")),
    "quoted-values": Use(filtered("lastConnectionDateTime lt '2024-01-01'"), has_status(200),
                         is_error(400, "$filter", "incompatible types")),
    "collection-compare": Use(filtered('roleScopeTagIds eq ["0"]'), has_status(200),
                              is_error(400, "$filter", "incompatible types")),
    "select-options": Use(lambda tenant: whole(tenant.ask("GET", NDES, params={
        "$select": "roleScopeTagIds($top=1)"})), has_status(200), is_error(400, "$select", "not valid")),
    "return-minimal": Use(make_minimal, is_minimal, is_whole),
    "conditions": Use(change_what_exists_not, is_error(412, "If-Match", "does not exist"),
                      has_status(404)),
    "etags": Use(change_what_has_changed, is_refused_by_its_tag, is_changed),
    "upsert": Use(make_by_update, is_made, is_not_made),
    "delta": Use(begin_a_delta, tells_of_changes, is_an_unknown_key),
    "property-writes": Use(write_a_property, is_written, is_for_reading),
    "apply": Use(count_by_apply, is_one_row, is_error(400, "$apply", NOT_ALLOWED.format("Apply"))),
    "compute": Use(compute_letters, has_letters,
                   is_error(400, "$compute", NOT_ALLOWED.format("Compute"))),
    "odata-401": Use(admit_401, is_in_401, is_in_40),
    "repeatability": Use(make_twice, is_made_once, is_made_twice),
    "key-alias": Use(get_by_alias, has_status(200),
                     is_error(400, "ndesConnectors(@k)", "is not a string in single quotes")),
    "collection-count": Use(count_items, is_text("2"),
                            is_error(400, "$count", "Resource not found for the segment '$count'.")),
    "query-in-body": Use(ask_in_a_body, is_what_was_asked_for,
                         is_error(400, "$query", "Resource not found for the segment '$query'.")),
    "filter-segment": Use(filter_in_the_path, is_what_was_asked_for,
                          is_error(400, "$filter(displayName eq 'one')", "Resource not found for the segment")),
    "domainJoinConnectors-delete": Use(delete_a_domain_join_connector, is_gone, is_still_there),
}


# --- the rows --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SERVERS)
def swept(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("sweep"), *SERVERS[request.param]) as running:
        running.kind = request.param
        yield running
        assert running.stop() == 0
        assert not [event for event in running.events if event.get("status") == 500]


def test_each_row_has_a_request():
    assert beyond_ids() and sorted(USES) == sorted(beyond_ids()), \
        "the rows of docs/profiles.md, '## Beyond Graph', and the requests of this file are not the same"


@pytest.mark.parametrize("row", beyond_ids())
def test_rows_beyond_graph(swept, row):
    assert row in USES, f"no request here makes use of `{row}`"
    use = USES[row]
    with sandbox(swept.url()) as tenant:
        reply = use.ask(tenant)
        marks = re.split(", *", reply[1].get(MARK, ""))
        if swept.kind == "documented":
            use.served(tenant, reply)
            assert row in marks, reply[:2]
        else:
            use.refused(tenant, reply)
            # A refusal by the row's words may name the row, but for the live profile.
            assert marks == [""] or (swept.kind == "strict" and marks == [row]
                                     and reply[0] >= 400), reply[:2]


def test_nothing_else_is_marked(swept):
    """What these servers do alike is Graph's, and nothing is said about it; tags but for."""
    with sandbox(swept.url()) as tenant:
        key = tenant.make(displayName="a")["id"]
        for method, target, body in [
                ("GET", f"{NDES}/{key}", None), ("PATCH", f"{NDES}/{key}", {}),
                ("GET", f"{NDES}?$filter=state eq 'none'&$orderby=displayName&$count=true&$top=1&$skip=0"
                        "&$select=id", None),
                ("GET", f"{NDES}/$count", None), ("GET", f"{NDES}/{key}/displayName/$value", None),
                ("GET", "/beta/deviceManagement", None), ("DELETE", f"{NDES}/{key}", None)]:
            reply = tenant.ask(method, target, json=body)
            assert reply.status_code < 300, reply.text
            assert reply.headers.get(MARK, "etags") == "etags"
            assert swept.kind == "documented" or MARK not in reply.headers


# --- the reference pages ---------------------------------------------------------------------------

REFERENCE = [(file, case) for file in map(CaseFile, sorted(DIRECTORY.glob("reference_*.json")))
             for case in file.cases]
WITH_OFFSET = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d:\d\d)")


def in_utc(date):
    """The fraction stays as it is: it has more digits than datetime takes."""
    found = WITH_OFFSET.fullmatch(date)
    moment = datetime.datetime.fromisoformat(found[1] + found[3]).astimezone(datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{found[2] or ''}Z"


def as_live(value):
    """What the rows `dates-utc` and `type-at-minimal` make of a reply."""
    if isinstance(value, dict):
        return {name: as_live(each) for name, each in value.items() if name != "@odata.type"}
    if isinstance(value, list):
        return [as_live(each) for each in value]
    return in_utc(value) if isinstance(value, str) and WITH_OFFSET.fullmatch(value) else value


def with_tips(reply):
    """The row `tips`: behind the context, before all else."""
    (context, address), *rest = reply.items()
    assert context == "@odata.context"
    return {context: address, "@microsoft.graph.tips": r"/Use \$select to choose only .*/", **dict(rest)}


def steps_as_live(case, names):
    """One by one: `names` has what the steps before saved."""
    refused = False
    for step in case.get("steps", [case]):
        step = {key: value for key, value in step.items() if key not in ("columns", "rows")}
        method, target = fill_in(step["request"], names).split(" ", 1)
        if "reply" in step:
            step["reply"] = as_live(fill_in(step["reply"], names))
            if method == "GET" and step["status"] == 200 and "$select" not in target:
                step["reply"] = with_tips(step["reply"])
        if method == "DELETE" and "/domainJoinConnectors/" in target:
            step.update(status=403, fields={MARK: None})  # the row `beyond-graph`
            refused = True
        elif refused:
            assert (method, step["status"]) == ("GET", 404)
            step["status"] = 200
        yield step


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    made = Stage(tmp_path_factory.mktemp("reference"), "memory", "http", ("--profile", "live", "--strict"))
    yield made
    made.close()


@pytest.mark.parametrize("file, case", REFERENCE, ids=[f"{file.name}: {case['name']}"
                                                       for file, case in REFERENCE])
def test_the_reference_pages(stage, file, case):
    names = {"ORIGIN": stage.origin, "HOST": urlsplit(stage.origin).netloc, "TENANT": DEFAULT_TENANT,
             "GUID": GUID, **file.values, "NEW_TENANT": str(uuid.uuid4()), **case["names"]}
    for step in steps_as_live(case, names):
        run_step(stage, file, step, names)


def test_the_reference_pages_are_all_there():
    """Each set's five operations at least."""
    told = {file.name: {case["name"].split(",")[0] for case in file.cases} for file, _ in REFERENCE}
    assert len(told) == 4
    for name, operations in told.items():
        assert {"list", "get", "create", "update", "delete"} <= operations, name
