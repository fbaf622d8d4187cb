"""What was asked: the journal's entries, its questions and its end."""
import re
import uuid

import httpx
import pytest

from conftest import log_in
from server_process import Server
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

MEMBERS = ["sequence", "at", "method", "path", "query", "status", "durationMicroseconds", "app",
           "requestId", "clientRequestId", "fault", "executed", "executedStatus",
           "outcome"]


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def test_an_entry_is_the_request(tenant):
    tenant.clock(set="2024-06-01T12:00:00Z", freeze=True)
    mine = str(uuid.uuid4())
    reply = tenant.ask("GET", f"{NDES}?$top=2&$select=id%20", headers={"client-request-id": mine})
    entry, = tenant.journal()["requests"]
    assert [name for name in entry if name in MEMBERS] == [n for n in MEMBERS if n in entry]
    assert {name: entry[name] for name in entry if name not in ("durationMicroseconds", "app")} == {
        "sequence": 1, "at": "2024-06-01T12:00:00Z", "method": "GET", "path": NDES,
        "query": "$top=2&$select=id%20", "status": reply.status_code,
        "requestId": reply.headers["request-id"], "clientRequestId": mine,
        "executed": True, "executedStatus": 200, "outcome": "answered", **({"fault": None} if "fault" in entry else {})}
    assert re.fullmatch(r"[0-9a-f-]{36}", entry["app"])
    assert 0 <= entry["durationMicroseconds"] < 60_000_000


def test_nothing_is_missing(tenant):
    """Reads, writes, refusals and failures, in the order in which they were answered."""
    key = tenant.make(NDES)["id"]
    tenant.ask("PATCH", f"{NDES}/{key}", json={"state": "active"})
    tenant.ask("PATCH", f"{NDES}/{key}", json={"state": "odd"})
    tenant.ask("GET", f"{NDES}/{key}x")
    tenant.ask("HEAD", f"{NDES}/{key}")
    tenant.ask("PUT", NDES, json={})
    tenant.ask("GET", "/beta/deviceManagement/nothing")
    tenant.ask("GET", f"{NDES}?$count=true")
    tenant.rules({"name": "no", "when": {"method": "DELETE"}, "answer": {"status": 500}})
    tenant.ask("DELETE", f"{NDES}/{key}")
    told = tenant.journal()
    assert [(each["method"], each["status"]) for each in told["requests"]] == [
        ("POST", 201), ("PATCH", 200), ("PATCH", 400), ("GET", 404), ("HEAD", 200), ("PUT", 405),
        ("GET", 400), ("GET", 200), ("DELETE", 500)]
    assert [each["sequence"] for each in told["requests"]] == list(range(1, 10))
    assert (told["last"], told["lost"]) == (9, 0)
    assert [each["executed"] for each in told["requests"]] == [
        True, True, False, False, True, False, False, True, False]


def test_questions(tenant):
    for n in range(3):
        tenant.make(NDES, displayName=str(n))
    tenant.ids(NDES)
    tenant.ids(DOMAIN_JOIN)
    tenant.ask("POST", DOMAIN_JOIN, json={"state": "odd"})
    tenant.rules({"name": "it", "when": {"method": "GET"}, "answer": {"status": 503}})
    tenant.ask("GET", NDES)
    for filters, sequences in (
            ({}, [1, 2, 3, 4, 5, 6, 7]), ({"method": "POST"}, [1, 2, 3, 6]),
            ({"method": "post", "status": 201}, [1, 2, 3]), ({"status": "4xx"}, [6]),
            ({"status": 503}, [7]), ({"path": "*/domainjoinconnectors"}, [5, 6]),
            ({"path": NDES, "method": "GET"}, [4, 7]), ({"faulted": "true"}, [7]),
            ({"faulted": "false"}, [1, 2, 3, 4, 5, 6]), ({"since": 4}, [5, 6, 7]), ({"top": 2}, [6, 7]),
            ({"method": "DELETE"}, []), ({"executed": "false"}, [6, 7]), ({"executedStatus": "2xx"}, [1, 2, 3, 4, 5]),
            ({"status": 0}, []), ({"outcome": "answered"}, [1, 2, 3, 4, 5, 6, 7]), ({"app": str(uuid.uuid4())}, [])):
        told = tenant.journal(**filters)
        assert [each["sequence"] for each in told["requests"]] == sequences, filters
        assert told["last"] == 7
        if "top" in filters:
            continue
        for compare, count, holds in (("exactly", len(sequences), True),
                                      ("exactly", len(sequences) + 1, False),
                                      ("atLeast", len(sequences), True),
                                      ("atLeast", len(sequences) + 1, False),
                                      ("atMost", len(sequences), True),
                                      ("atMost", len(sequences) - 1, False)):
            if count < 0:
                continue
            asked = {**filters, compare: count}
            for name in {"faulted", "executed"} & set(asked):
                asked[name] = asked[name] == "true"
            assert tenant.control("POST", "/requests/verify", asked) == {
                "verified": holds, "count": len(sequences)}, asked


@pytest.mark.parametrize("query", ["status=abc", "status=6xx", "faulted=maybe", "since=-1", "top=x",
                                   "nothing=1", "method=GET&method=POST",
                                   "method=GET,POST", "path=beta", "app=x", "executed=1",
                                   "executedStatus=0", "outcome=odd"])
def test_wrong_questions(tenant, query):
    reply = tenant.told("GET", f"/requests?{query}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("body", [
    {}, {"exactly": 1, "atLeast": 1}, {"exactly": -1}, {"exactly": "1"}, {"exactly": 1, "odd": 1},
    {"exactly": 1, "status": "x"}, [], {"exactly": 0, "method": "POST,GET"}, {"exactly": 0, "path": "x"},
    {"exactly": 0, "app": "x"}, {"exactly": 0, "executed": "true"}, {"exactly": 0, "outcome": "x"}])
def test_wrong_verifications(tenant, body):
    reply = tenant.told("POST", "/requests/verify", body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "BadRequest")


def test_forgetting(tenant):
    tenant.ids(NDES)
    assert tenant.told("DELETE", "/requests").status_code == 204
    assert tenant.journal()["requests"] == []
    tenant.ids(NDES)
    assert [each["sequence"] for each in tenant.journal()["requests"]] == [2]


def test_a_journal_has_an_end(tmp_path):
    with Server(tmp_path, "--memory", "--limit-journal", "3") as server:
        with Tenant(server.url()) as tenant:
            for _ in range(10):
                tenant.ids(NDES)
            told = tenant.journal()
            assert [each["sequence"] for each in told["requests"]] == [8, 9, 10]
            assert (told["last"], told["lost"]) == (10, 7)
        assert server.stop() == 0


def test_what_was_lost_is_not_denied(tmp_path):
    with Server(tmp_path, "--memory", "--limit-journal", "3") as server:
        with Tenant(server.url()) as tenant:
            tenant.make(NDES)
            for _ in range(3):
                tenant.ids(NDES)
            verdict = tenant.control("POST", "/requests/verify", {"method": "POST", "exactly": 0})
            assert "limit-journal" in verdict.pop("reason")
            assert verdict == {"verified": False, "count": 0, "lost": 1}
            for asked in ({"method": "GET", "atLeast": 3},
                          {"method": "POST", "exactly": 0, "since": 1}):
                assert tenant.control("POST", "/requests/verify", asked)["verified"] is True, asked
            tenant.told("DELETE", "/requests")
            assert tenant.control("POST", "/requests/verify", {"exactly": 0}) == {
                "verified": True, "count": 0}
        assert server.stop() == 0


def test_other_tenants_do_not_take_the_journal(tmp_path):
    """More than a thousand of them come by, each with a journal of its own."""
    with Server(tmp_path, "--memory") as server:
        with sandbox(server.url()) as tenant:
            tenant.make(NDES)
            for _ in range(1030):
                token = log_in(tenant.http, tenant=str(uuid.uuid4())).json()["access_token"]
                other = {"Authorization": f"Bearer {token}"}
                assert tenant.http.get(NDES, headers=other).status_code == 200
            told = tenant.journal()
            assert (len(told["requests"]), told["last"], told["lost"]) == (1, 1, 0)
        assert server.stop() == 0


def test_requests_of_nobody_stand_in_the_default_tenants(tmp_path):
    with Server(tmp_path, "--memory") as server:
        with Tenant(server.url()) as default, sandbox(server.url()) as other:
            default.http.get(NDES)
            default.http.get(NDES, headers={"Authorization": "Bearer odd"})
            other.ids(NDES)
            assert [each["status"] for each in default.journal()["requests"]] == [401, 401]
            assert all(not each.get("app") for each in default.journal()["requests"])
            assert [each["status"] for each in other.journal()["requests"]] == [200]
        assert server.stop() == 0


def test_what_is_no_request_of_graphs_is_not_in_it(tmp_path):
    with Server(tmp_path, "--memory") as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as http:
            http.get("/health")
            log_in(http)
            http.get("/_connectord/clock")
            assert http.get("/_connectord/requests").json() == {
                "requests": [], "last": 0, "lost": 0}
        assert server.stop() == 0
