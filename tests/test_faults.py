"""Failures on demand, as a client meets them on a real socket."""
import errno
import http.client
import json
import os
import socket
import struct
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from raw_http import Raw, context, request
from tenant import DOMAIN_JOIN, EXCHANGE, NDES, Tenant, sandbox


@pytest.fixture(name="tenant", params=["http", "https"])
def own_tenant(server, request):
    verify = str(server.ca_file) if request.param == "https" else True
    with sandbox(server.url(request.param), verify=verify) as made:
        made.tls = context(server.ca_file) if request.param == "https" else None
        yield made


class Plain(http.client.HTTPConnection):
    """One connection of the standard library, which hides nothing that happens to it."""

    def __init__(self, tenant):
        parts = urlsplit(tenant.url)
        super().__init__(parts.hostname, parts.port, timeout=30)
        self.tenant = tenant

    def connect(self):
        super().connect()
        if self.tenant.tls:
            self.sock = self.tenant.tls.wrap_socket(self.sock, server_hostname=self.host)

    def ask(self, method, target, body=None):
        headers = {"Authorization": f"Bearer {self.tenant.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.request(method, target, body, headers)
        return self.getresponse()


# --- connections ---------------------------------------------------------------------------------

def read_to_the_end(raw):
    """Past any TLS library: what reading the socket itself ends with, "end" or an error's number.
    (OpenSSL takes a reset behind a session ticket for an end.)"""
    os.set_blocking(raw.socket.fileno(), True)
    try:
        while os.read(raw.socket.fileno(), 65536):
            pass
    except OSError as error:
        return error.errno
    return "end"


def test_a_reset_is_a_reset(tenant):
    tenant.rules({"name": "cut", "when": {"method": "POST"}, "connection": "reset"})
    with Raw(tenant.url, tenant.tls) as raw:
        raw.send(request("POST", NDES, raw.authority, b"{}",
                         Authorization=f"Bearer {tenant.token}"))
        assert read_to_the_end(raw) == errno.ECONNRESET
    assert tenant.ids(NDES) == []  # it was never executed
    entry, = tenant.journal(method="POST")["requests"]
    assert (entry["status"], entry["outcome"], entry["executed"], entry["fault"]) == \
        (0, "reset", False, "cut")


def test_a_reset_behind_an_execution(tenant):
    tenant.rules({"name": "cut", "when": {"method": "POST"}, "connection": "reset",
                  "executes": True})
    with pytest.raises(ConnectionResetError):  # of which RemoteDisconnected is one
        Plain(tenant).ask("POST", NDES, {})
    assert len(tenant.ids(NDES)) == 1
    entry, = tenant.journal(method="POST")["requests"]
    assert (entry["status"], entry["outcome"], entry["executed"]) == (0, "reset", True)


def test_a_truncated_answer(tenant):
    for n in range(5):
        tenant.make(NDES, displayName=f"NDES {n}")
    tenant.rules({"name": "half", "when": {"method": "GET", "path": NDES}, "connection": "truncate"})
    answer = Plain(tenant).ask("GET", NDES)
    assert answer.status == 200
    length = int(answer.headers["content-length"])
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    assert len(caught.value.partial) == length // 2
    assert caught.value.partial.startswith(b'{"@odata.context"')
    entry, = tenant.journal(method="GET")["requests"]
    assert (entry["status"], entry["outcome"], entry["executed"]) == (200, "truncated", True)


def test_a_truncated_answer_to_a_write(tenant):
    tenant.rules({"name": "half", "when": {"method": "POST"}, "connection": "truncate"})
    answer = Plain(tenant).ask("POST", NDES, {})
    assert answer.status == 201
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert len(tenant.ids(NDES)) == 1


def test_what_has_no_half(tenant):
    """An answer without a body comes whole; its connection ends all the same."""
    key = tenant.make(NDES)["id"]
    tenant.rules({"name": "half", "connection": "truncate"})
    for method, target, status in (("HEAD", NDES, 200), ("DELETE", f"{NDES}/{key}", 204)):
        with Raw(tenant.url, tenant.tls) as raw:
            raw.send(request(method, target, raw.authority,
                             Authorization=f"Bearer {tenant.token}"))
            assert raw.reply(method).status == status
            assert raw.ends()
    tenant.told("DELETE", "/faults")
    assert tenant.ids(NDES) == []


def test_httpx_says_so_too(tenant):
    tenant.rules({"name": "cut", "when": {"method": "POST"}, "connection": "reset"},
                 {"name": "half", "when": {"method": "GET"}, "connection": "truncate"})
    # Over TLS it depends on what the library has read of the session's tickets: see read_to_the_end.
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError) if tenant.tls else httpx.ReadError):
        tenant.ask("POST", NDES, json={})
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.ask("GET", NDES)


def test_a_reset_takes_the_pipeline_with_it(tenant):
    """What was sent behind it on the same connection is not answered, and harms nobody."""
    tenant.rules({"name": "cut", "when": {"method": "GET", "path": f"{NDES}/*"},
                  "connection": "reset"})
    with Raw(tenant.url, tenant.tls) as raw:
        fields = {"Authorization": f"Bearer {tenant.token}"}
        one = request("GET", f"{NDES}/x", raw.authority, **fields)
        raw.send(one + request("GET", NDES, raw.authority, **fields))
        assert raw.everything() == b""
    assert tenant.ids(NDES) == []
    assert tenant.count(method="GET") == 2


def test_clients_that_leave_while_they_wait(tenant):
    """An answer that is held back for a connection that is gone."""
    tenant.rules({"name": "slow", "when": {"method": "POST"}, "delay": "300ms"})
    for turn, hard in enumerate((False, True)):
        with Raw(tenant.url, tenant.tls) as raw:
            raw.send(request("POST", NDES, raw.authority, b"{}",
                             Authorization=f"Bearer {tenant.token}"))
            tenant.until_matched(turn + 1)
            if hard:
                raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)
    assert tenant.ask("GET", NDES).status_code == 200


# --- delays --------------------------------------------------------------------------------------

@pytest.mark.parametrize("delay, least", [
    ("300ms", 0.3), ({"min": "200ms", "max": "250ms"}, 0.2), ({"median": "250ms", "p99": "300ms"},
                                                             0.15)])
def test_a_delay(tenant, delay, least):
    tenant.rules({"name": "slow", "when": {"method": "GET"}, "delay": delay})
    with Raw(tenant.url, tenant.tls) as raw:
        begun = time.monotonic()
        raw.send(request("GET", NDES, raw.authority, Authorization=f"Bearer {tenant.token}"))
        assert raw.reply().status == 200
        assert time.monotonic() - begun >= least
    assert tenant.journal(faulted="true")["requests"][0]["durationMicroseconds"] >= least * 1e6


def test_others_are_answered_meanwhile(server, tenant):
    tenant.rules({"name": "slow", "when": {"method": "GET"}, "delay": "2s"})
    with Raw(tenant.url, tenant.tls) as raw, sandbox(server.url()) as other:
        for _ in range(5):  # once the machine must be quick enough to tell
            begun = time.monotonic()
            raw.send(request("GET", NDES, raw.authority, Authorization=f"Bearer {tenant.token}"))
            answered = [other.ask("GET", NDES).status_code]
            overtaken = time.monotonic() - begun < 2
            answered += [other.ask("GET", NDES).status_code for _ in range(49)]
            assert answered == [200] * 50
            assert raw.reply().status == 200
            assert time.monotonic() - begun >= 2
            if overtaken:
                break
        assert overtaken


def test_a_delayed_write_is_held_back_and_made(tenant):
    tenant.rules({"name": "slow", "when": {"method": "POST"}, "delay": "300ms"})
    begun = time.monotonic()
    tenant.make(NDES)
    assert time.monotonic() - begun >= 0.3
    assert len(tenant.ids(NDES)) == 1


# --- answers -------------------------------------------------------------------------------------

def test_an_answer_that_is_lost(tenant):
    """The write that a client must not simply repeat."""
    tenant.rules({"name": "lost", "when": {"method": "POST", "next": 1}, "executes": True,
                  "answer": {"status": 503, "body": {"error": {"code": "lost"}}}})
    reply = tenant.ask("POST", NDES, json={"displayName": "made all the same"})
    assert (reply.status_code, reply.json()) == (503, {"error": {"code": "lost"}})
    assert reply.headers["retry-after"] == "10"
    assert "location" not in reply.headers
    made, = tenant.get(NDES)["value"]
    assert made["displayName"] == "made all the same"
    entry, = tenant.journal(method="POST")["requests"]
    assert (entry["status"], entry["executed"], entry["fault"]) == (503, True, "lost")


@pytest.mark.parametrize("method, left", [("PATCH", "after"), ("DELETE", None)])
def test_other_writes_whose_answer_is_lost(tenant, method, left):
    key = tenant.make(NDES, displayName="before")["id"]
    tenant.rules({"name": "lost", "when": {"method": method}, "executes": True,
                  "answer": {"error": "500.intune"}})
    body = {"json": {"displayName": "after"}} if method == "PATCH" else {}
    assert tenant.ask(method, f"{NDES}/{key}", **body).status_code == 500
    reply = tenant.ask("GET", f"{NDES}/{key}")
    assert reply.json().get("displayName") == left


def test_an_answer_keeps_the_request_from_being_executed(tenant):
    key = tenant.make(NDES, displayName="before")["id"]
    tenant.rules({"name": "no", "when": {"method": ["POST", "PATCH", "DELETE"]},
                  "answer": {"status": 500}})
    for method, target, options in (("POST", NDES, {"json": {}}), ("DELETE", f"{NDES}/{key}", {}),
                                    ("PATCH", f"{NDES}/{key}", {"json": {"displayName": "x"}}),
                                    ("POST", NDES, {"json": {"state": "odd"}})):
        assert tenant.ask(method, target, **options).status_code == 500
    entity, = tenant.get(NDES)["value"]
    assert entity["displayName"] == "before"
    assert tenant.count(faulted=True) == 4


def test_every_error_by_its_name(tenant):
    """Each has Graph's shape, this request's ids, and this tenant's date."""
    tenant.clock(set="2024-01-21T15:57:55Z", freeze=True)
    errors = tenant.control("GET", "/faults/personas")["errors"]
    assert {"429.intune", "429.graph", "500.intune", "403.domainJoinConnector-delete"} <= \
        {each["name"] for each in errors}
    for each in errors:
        tenant.rules({"name": "it", "answer": {"error": each["name"]}})
        mine = str(uuid.uuid4())
        reply = tenant.ask("GET", NDES, headers={"client-request-id": mine})
        assert reply.status_code == int(each["name"][:3]), each
        assert reply.headers["client-request-id"] == mine
        error = reply.json()["error"]
        assert error["code"] and error["message"]
        inner = error["innerError"]
        assert inner["date"] == "2024-01-21T15:57:55"
        assert inner["request-id"] == reply.headers["request-id"]
        assert inner.get("client-request-id", mine) == mine  # the reference's 429 has none
        assert "${" not in reply.text
        assert reply.headers.get("retry-after") == ("10" if reply.status_code in (429, 503) else None)


@pytest.mark.parametrize("given, sent", [
    (1, "1"), (2.128, "2.128"), (0, "0"), (None, None)])
def test_retry_after(tenant, given, sent):
    tenant.rules({"name": "it", "answer": {"error": "429.intune", "retryAfter": given}})
    assert tenant.ask("GET", NDES).headers.get("retry-after") == sent


def test_the_rest_of_a_window(tenant):
    tenant.rules({"name": "it", "when": {"limit": {"requests": 3, "per": "20s", "each": "app"}},
                  "answer": {"error": "429.intune", "retryAfter": "window"}})
    replies = [tenant.ask("GET", NDES) for _ in range(5)]
    assert [each.status_code for each in replies] == [200, 200, 200, 429, 429]
    assert 0 < float(replies[4].headers["retry-after"]) <= 20


def test_delete_403(tenant):
    key = tenant.make(DOMAIN_JOIN)["id"]
    ndes = tenant.make(NDES)["id"]
    tenant.rules(persona="delete-403")
    reply = tenant.ask("DELETE", f"{DOMAIN_JOIN}/{key}")
    assert reply.status_code == 403
    assert '\\"' in reply.text  # a body in a body
    assert tenant.ids(DOMAIN_JOIN) == [key]
    assert tenant.ask("DELETE", f"{NDES}/{ndes}").status_code == 204


# --- which requests ------------------------------------------------------------------------------

@pytest.mark.parametrize("when, failed", [
    ({"skip": 2, "next": 3}, "..xxx..."), ({"nth": 3}, "..x....."), ({"next": 2}, "xx......"),
    ({"pattern": "xx."}, "xx.xx.xx"), ({"pattern": ".x", "skip": 1}, "..x.x.x."),
    ({"rate": 1}, "xxxxxxxx"), ({"rate": 0}, "........"), ({"method": "POST"}, "........"),
    ({"method": ["get"]}, "xxxxxxxx"), ({"path": "/BETA/*/ndesConnectors"}, "xxxxxxxx"),
    ({"path": "/beta"}, "........"), ({"limit": {"requests": 5, "per": "1m"}}, ".....xxx"),
    ({"app": "99999999-0000-4000-8000-000000000000"}, "........"),
])
def test_when(tenant, when, failed):
    tenant.rules({"name": "it", "when": when, "answer": {"status": 502}})
    statuses = [tenant.ask("GET", NDES).status_code for _ in range(8)]
    assert "".join({200: ".", 502: "x"}[each] for each in statuses) == failed
    rule, = tenant.control("GET", "/faults")["rules"]
    assert rule["fired"] == failed.count("x")


def test_the_first_that_fires_counts(tenant):
    tenant.rules({"name": "first", "when": {"next": 1}, "answer": {"status": 500}},
                 {"name": "second", "when": {"next": 1}, "answer": {"status": 502}})
    assert [tenant.ask("GET", NDES).status_code for _ in range(3)] == [500, 502, 200]
    tenant.told("DELETE", "/faults")
    assert tenant.control("GET", "/faults")["rules"] == []


def test_rules_that_are_shown_may_be_put_again(tenant):
    tenant.rules({"name": "mine", "when": {"method": ["GET"], "rate": 0.5}, "delay": "1ms"},
                 persona="flaky", retryAfter=2.5)
    shown = tenant.control("GET", "/faults")
    assert tenant.control("PUT", "/faults", shown) == shown
    assert [each["name"] for each in shown["rules"]][0] == "mine"


def test_who_meets_no_rule(tenant):
    """The control API, the token endpoint, and whoever has no good token."""
    tenant.rules({"name": "all", "answer": {"status": 500}})
    assert tenant.told("GET", "/clock").status_code == 200
    refused = tenant.http.get(NDES, headers={"Authorization": f"Bearer {tenant.token}x"})
    assert refused.status_code == 401
    assert tenant.ask("GET", "/beta/deviceManagement/nothing").status_code == 500
    assert tenant.http.get("/health").status_code == 200
    assert tenant.told("DELETE", "/faults").status_code == 204
    assert tenant.ask("GET", NDES).status_code == 200


# --- reads that are not what was written ---------------------------------------------------------

def test_a_page_that_comes_twice(tenant):
    made = [tenant.make(NDES, displayName=str(n))["id"] for n in range(6)]
    tenant.rules({"name": "twice", "when": {"method": "GET", "nth": 2}, "read": "duplicatePage"})
    pages, target = [], f"{NDES}?$top=2"
    while target:
        page = tenant.get(target)
        pages.append([each["id"] for each in page["value"]])
        target = page.get("@odata.nextLink")
        assert len(pages) < 6
    assert pages == [made[:2], made[2:4], made[2:4], made[4:]]


def test_a_next_link_that_leads_nowhere(tenant):
    for _ in range(3):
        tenant.make(NDES)
    tenant.rules({"name": "broken", "when": {"method": "GET", "next": 1}, "read": "brokenNextLink"})
    page = tenant.get(f"{NDES}?$top=2")
    assert len(page["value"]) == 2
    reply = tenant.ask("GET", page["@odata.nextLink"])
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "BadRequest")
    assert len(tenant.get(tenant.get(f"{NDES}?$top=2")["@odata.nextLink"])["value"]) == 1


def test_reads_behind_the_writes(tenant):
    old = tenant.make(NDES, displayName="old")["id"]
    doomed = tenant.make(NDES, displayName="doomed")["id"]
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "1s"})
    begun = time.monotonic()
    new = tenant.make(NDES, displayName="new")["id"]
    tenant.ask("PATCH", f"{NDES}/{old}", json={"displayName": "changed"})
    tenant.ask("DELETE", f"{NDES}/{doomed}")
    before = tenant.get(f"{NDES}/{old}")["displayName"]
    missing = tenant.ask("GET", f"{NDES}/{new}").status_code
    deleted = tenant.ask("GET", f"{NDES}/{doomed}").status_code
    listed = {each["id"]: each["displayName"] for each in tenant.get(NDES)["value"]}
    if time.monotonic() - begun < 0.9:  # else the machine was too slow to be told stale answers
        assert (before, missing, deleted) == ("old", 404, 200)
        assert listed == {old: "old", doomed: "doomed"}
    deadline = time.monotonic() + 30
    while tenant.get(f"{NDES}/{old}")["displayName"] != "changed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert time.monotonic() - begun >= 1
    while tenant.ask("GET", f"{NDES}/{doomed}").status_code != 404:  # it was deleted a little later
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert tenant.ids(NDES) == [old, new]


def test_stale_until_the_rule_is_taken_back(tenant):
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "1m"})
    key = tenant.make(EXCHANGE, serverName="new")["id"]
    assert tenant.ids(EXCHANGE) == []
    assert tenant.ask("GET", f"{EXCHANGE}/{key}").status_code == 404
    assert tenant.control("GET", "/export")["exchangeConnectors"] != []
    tenant.told("DELETE", "/faults")
    assert tenant.ids(EXCHANGE) == [key]


def test_the_personas(tenant):
    found = {each["name"]: each for each in tenant.control("GET", "/faults/personas")["personas"]}
    assert set(found) == {"intune-throttled", "delete-403", "eventual", "flaky"}
    for name in found:
        shown = tenant.rules(persona=name)
        assert shown["rules"] and all("matched" in rule for rule in shown["rules"])
    tenant.rules({"name": "mine", "answer": {"status": 500}}, persona="flaky")
    assert tenant.control("GET", "/faults")["rules"][0]["name"] == "mine"


def test_eventual(tenant):
    old = tenant.make(NDES)["id"]
    tenant.rules(persona="eventual")
    assert "x-connectord-fault" not in tenant.ask("GET", f"{NDES}/{old}").headers
    rule, = tenant.control("GET", "/faults")["rules"]
    assert (rule["matched"], rule["fired"]) == (1, 0)
    assert tenant.journal(faulted="true")["requests"] == []
    begun = time.monotonic()
    key = tenant.make(NDES)["id"]
    while tenant.ask("GET", f"{NDES}/{key}").status_code == 404:
        assert time.monotonic() - begun < 20
        time.sleep(0.05)
    assert time.monotonic() - begun >= 2


def test_flaky_ends_no_client_for_good(server, tenant):
    """Clients that repeat what failed get through; the server stays well."""
    tenant.rules(persona="flaky")
    verify = str(server.ca_file) if tenant.tls else True

    def ask_often(_):
        with Tenant(tenant.url, tenant.tenant, tenant.token, verify) as own:
            for _ in range(25):
                try:
                    yield own.ask("GET", NDES).status_code
                except (httpx.ReadError, httpx.RemoteProtocolError):
                    yield "cut"

    with ThreadPoolExecutor(6) as pool:
        seen = set().union(*pool.map(lambda each: set(ask_often(each)), range(6)))
    assert 200 in seen and seen <= {200, 500, 503, 504, "cut"}
    tenant.told("DELETE", "/faults")
    assert tenant.ask("GET", NDES).status_code == 200
    assert tenant.http.get("/health").status_code == 200
