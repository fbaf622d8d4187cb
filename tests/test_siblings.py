"""The siblings of the connectors where time, policies, faults, files and numbers come in: what the age
of a date says, views beside their connectors, the scope tag that every tenant has."""
import re
import uuid

import pytest

from server_process import Server
from tenant import EXCHANGE, NDES, sandbox

DETAILS = "/beta/deviceManagement/certificateConnectorDetails"
STATUS = "/beta/deviceManagement/connectorStatus"
TAGS = "/beta/deviceManagement/roleScopeTags"
NOON = "2024-06-10T12:00:00Z"


@pytest.fixture(scope="module", name="server")
def own_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url(), clock={"set": NOON, "freeze": True}) as made:
        yield made


def statuses(tenant):
    return {each["connectorInstanceId"]: each["status"] for each in tenant.get(STATUS)["value"]}


@pytest.mark.parametrize("date, status", [
    ("2024-06-10T12:00:00Z", "healthy"), ("2024-06-09T12:00:00.0000001Z", "healthy"),
    ("2024-06-09T12:00:00Z", "warning"), ("2024-06-09T14:00:00+02:00", "warning"),
    ("2024-06-07T12:00:00.0000001Z", "warning"), ("2024-06-07T12:00:00Z", "unhealthy"),
    ("1999-01-01T00:00:00Z", "unhealthy"), ("2031-01-01T00:00:00Z", "healthy"),
    ("0001-01-01T00:00:00Z", "unknown"), ("0001-01-01T00:00:00.0000001Z", "unhealthy"),
])
def test_what_an_age_says(tenant, date, status):
    ndes = tenant.make(NDES, lastConnectionDateTime=date)["id"]
    exchange = tenant.make(EXCHANGE, lastSyncDateTime=date)["id"]
    assert statuses(tenant) == {ndes: status, exchange: status}


def test_status_by_the_tenants_clock(tenant):
    key = tenant.make(NDES, lastConnectionDateTime=NOON)["id"]
    seen = []
    for _ in range(5):
        seen.append(statuses(tenant)[key])
        tenant.clock(advance="1d")
    assert seen == ["healthy", "warning", "warning", "unhealthy", "unhealthy"]


def test_status_of_many_is_one_answer(tenant):
    """More than a page of the store holds, of both sources."""
    seed = {"ndesConnectors": [{"id": f"n{i:05}", "lastConnectionDateTime": f"-{i}h"}
                               for i in range(2500)],
            "exchangeConnectors": [{"id": f"x{i:05}"} for i in range(1000)]}
    assert tenant.control("POST", "/seed", seed) == {"entities": 3500}
    answer = tenant.get(STATUS)
    assert set(answer) == {"@odata.context", "value"}
    keys = [each["connectorInstanceId"] for each in answer["value"]]
    assert keys == [f"n{i:05}" for i in range(2500)] + [f"x{i:05}" for i in range(1000)]
    found = [each["status"] for each in answer["value"][:2500]]
    assert found == ["healthy"] * 24 + ["warning"] * 48 + ["unhealthy"] * 2428
    chosen = tenant.get("/beta/deviceManagement?$select=connectorStatus")["connectorStatus"]
    assert chosen == answer["value"]


def test_status_that_is_too_long_is_refused(tmp_path):
    flags = ("--limit-entity-bytes", "1024", "--limit-page-bytes", "1024",
             "--limit-reply-bytes", "65536")
    with Server(tmp_path, *flags) as running, sandbox(running.url()) as tenant:
        tenant.control("POST", "/seed", {"ndesConnectors": [{"id": f"n{i}"} for i in range(200)]})
        assert len(tenant.get(STATUS)["value"]) == 200
        tenant.control("POST", "/seed", {"ndesConnectors": [{"id": f"m{i}"} for i in range(400)]})
        for target in (STATUS, "/beta/deviceManagement?$select=connectorStatus"):
            reply = tenant.ask("GET", target)
            assert reply.status_code == 413, reply.text


def test_a_policy_removes_from_every_view(tenant):
    """The state is the connector's alone; who is gone is gone everywhere."""
    tenant.policy(ndesConnectors={"on": True, "remove": "10d"})
    gone = tenant.make(NDES, lastConnectionDateTime="2024-06-09T12:00:00Z")["id"]
    here = tenant.make(DETAILS, connectorName="x")  # made while silence counts: just heard of
    assert here["lastCheckinDateTime"] == NOON
    assert set(tenant.ids(DETAILS)) == {gone, here["id"]}
    tenant.clock(advance="9d")
    assert tenant.get(f"{NDES}/{here['id']}")["state"] == "inactive"
    assert tenant.ids(DETAILS) == tenant.ids(NDES) == [here["id"]]
    assert list(statuses(tenant)) == [here["id"]]
    assert tenant.ask("GET", f"{DETAILS}/{gone}").status_code == 404
    assert tenant.ask("PATCH", f"{DETAILS}/{gone}", json={}).status_code == 404
    assert tenant.ask("DELETE", f"{DETAILS}/{gone}").status_code == 404
    assert tenant.ask("POST", f"{DETAILS}/{gone}/getHealthMetrics", json={}).status_code == 404
    assert tenant.get(f"{DETAILS}?$count=true&$filter=connectorName eq 'x'")["@odata.count"] == 1
    assert tenant.get(f"{DETAILS}?$count=true&$top=1")["@odata.count"] == 1
    assert "ndesConnectors" in tenant.ask("GET", DETAILS).headers["x-connectord-policy"]
    removals = tenant.policy()["removals"]
    assert [each["id"] for each in removals] in ([], [gone])


@pytest.mark.parametrize("order", ["connectorName", "machineName", "lastCheckinDateTime",
                                   "now() desc,machineName"])
def test_an_ordered_view_leaves_out_who_is_gone(tenant, order):
    tenant.policy(ndesConnectors={"on": True, "remove": "10d"})
    gone = tenant.make(DETAILS, lastCheckinDateTime="2024-05-01T12:00:00Z", machineName="a")["id"]
    here = [tenant.make(DETAILS, machineName=name)["id"] for name in "bc"]
    assert gone not in tenant.ids(f"{DETAILS}?$orderby={order}")
    first = tenant.get(f"{DETAILS}?$orderby={order}&$top=1&$count=true")
    second = tenant.get(first["@odata.nextLink"])
    assert [each["id"] for page in (first, second) for each in page["value"]] == here
    assert (first["@odata.count"], "@odata.nextLink" in second) == (2, False)


def test_an_update_of_a_view_may_create(tenant):
    """Where silence counts, and what is under the key has gone by it."""
    insert = {"Prefer": "create-if-missing"}
    tenant.policy(ndesConnectors={"on": True, "remove": "10d"})
    gone = tenant.make(NDES, lastConnectionDateTime="2024-05-01T12:00:00Z")["id"]
    for key in (gone, str(uuid.uuid4())):
        reply = tenant.ask("PATCH", f"{DETAILS}/{key}", json={"connectorName": "x"}, headers=insert)
        assert (reply.status_code, reply.json()["connectorName"]) == (201, "x")
        assert tenant.get(f"{NDES}/{key}")["displayName"] == "x"


@pytest.mark.parametrize("silence", [None, {"on": True, "inactive": "5d", "remove": "30d"}])
def test_tags_of_a_view(silence):
    """Those of what is behind it, without a state, which a view does not show; in every reply."""
    with Server(None, "--etags") as running, sandbox(running.url()) as tenant:
        if silence:
            tenant.policy(ndesConnectors=silence)
        made = tenant.ask("POST", DETAILS, json={"machineName": "x" * 50})
        target, tag = f"{DETAILS}/{made.json()['id']}", made.headers["ETag"]
        behind = tenant.ask("GET", f"{NDES}/{made.json()['id']}").headers["ETag"]
        assert re.fullmatch(r'W/"\d+\.1"', tag) and behind.startswith(tag[:-1])
        assert tenant.ask("GET", target).headers["ETag"] == tag
        assert tenant.ask("GET", f"{target}/machineName").headers["ETag"] == tag
        assert [each["@odata.etag"] for each in tenant.get(DETAILS)["value"]] == [tag]
        assert tenant.ask("GET", target, headers={"If-None-Match": tag}).status_code == 304
        for status in (200, 412):
            assert tenant.ask("PATCH", target, json={"connectorName": "y"},
                              headers={"If-Match": tag}).status_code == status
        assert running.stop() == 0


def test_tags_that_an_action_of_the_set_shows_are_told():
    with Server(None, "--etags") as running, sandbox(running.url()) as tenant:
        reply = tenant.ask("POST", f"{TAGS}/getRoleScopeTagsById", json={"roleScopeTagIds": ["0"]})
        assert "@odata.etag" in reply.json()["value"][0]
        assert reply.headers["x-connectord-beyond-graph"] == "etags"


def test_conditions_of_an_action_that_answers():
    with Server(None, "--etags") as running, sandbox(running.url()) as tenant:
        made = tenant.make(DETAILS)
        for key, field, value, status in [
                (made["id"], "If-Match", made["@odata.etag"], 200),
                (made["id"], "If-Match", "*", 200), (made["id"], "If-Match", 'W/"1.1"', 412),
                (made["id"], "If-None-Match", made["@odata.etag"], 412),
                (uuid.uuid4(), "If-Match", "*", 412), (uuid.uuid4(), "If-None-Match", "*", 404)]:
            reply = tenant.ask("POST", f"{DETAILS}/{key}/getHealthMetrics", json={},
                               headers={field: value})
            assert reply.status_code == status, (field, value)


def test_metrics_by_the_tenants_clock(tenant):
    key = tenant.make(DETAILS, enrollmentDateTime="2024-06-09T12:00:00Z",
                      lastCheckinDateTime="2024-06-10T11:00:00Z")["id"]
    tenant.ask("PATCH", f"{NDES}/{key}", json={"displayName": "x"})

    def metrics():
        reply = tenant.ask("POST", f"{DETAILS}/{key}/getHealthMetrics", json={})
        return {each["name"]: each["value"] for each in reply.json()["value"]}

    assert metrics() == {"secondsSinceLastCheckin": 3600, "secondsSinceEnrollment": 86400,
                         "checkinsOnRecord": 1, "writes": 2}
    tenant.clock(advance="30s")
    assert metrics()["secondsSinceLastCheckin"] == 3630


@pytest.mark.parametrize("written, read", [(NDES, DETAILS), (DETAILS, NDES), (DETAILS, DETAILS)])
def test_stale_reads_of_either_side(tenant, written, read):
    key = tenant.make(NDES, displayName="before")["id"]
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "1m"})
    name, shown = ("displayName" if each == NDES else "connectorName" for each in (written, read))
    tenant.ask("PATCH", f"{written}/{key}", json={name: "after"})
    other = tenant.make(written)["id"]
    assert tenant.get(f"{read}/{key}")[shown] == "before"
    assert tenant.ids(read) == [key]
    tenant.ask("DELETE", f"{written}/{key}")
    assert tenant.ids(read) == [key]
    tenant.rules(rules=[])
    assert tenant.ids(read) == [other]


def test_a_seed_makes_nothing_built_in(server):
    with sandbox(server.url()) as tenant:
        tenant.control("POST", "/seed", {"roleScopeTags": [{"id": "7", "isBuiltIn": True}]})
        assert tenant.ask("GET", f"{TAGS}/7").json()["isBuiltIn"] is True
        assert tenant.ask("PATCH", f"{TAGS}/7", json={"displayName": "x"}).status_code == 200
        assert tenant.ask("DELETE", f"{TAGS}/7").status_code == 204


def test_exported_and_imported_once(server, tmp_path):
    with sandbox(server.url()) as tenant:
        key = tenant.make(DETAILS, connectorName="one")["id"]
        tag = tenant.make(TAGS, displayName="EMEA")["id"]
        seed = tenant.control("GET", "/export")
        assert "certificateConnectorDetails" not in seed
        assert [each["id"] for each in seed["ndesConnectors"]] == [key]
        assert [each["id"] for each in seed["roleScopeTags"]] == [tag]  # and not the one built in
        tenant.control("POST", "/reset", {})
        assert tenant.ids(DETAILS) == tenant.ids(NDES) == []
        assert tenant.ids(TAGS) == ["0"]
        assert tenant.control("POST", "/seed", seed) == {"entities": 2}
        assert tenant.ids(DETAILS) == tenant.ids(NDES) == [key]
        assert sorted(tenant.ids(TAGS)) == ["0", tag]
        for wrong, words in (({"certificateConnectorDetails": []}, "its own set"),
                             ({"roleScopeTags": [{"id": "0"}]}, "already exists")):
            reply = tenant.told("POST", "/seed", wrong)
            assert reply.status_code in (400, 409) and words in reply.text
