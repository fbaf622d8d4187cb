"""Repeatable requests: a write with an id of its client's is executed once, however often it is sent."""
import datetime
import email.utils
import threading
import uuid

import httpx
import pytest

from conftest import log_in
from multipart import answers, change_set, part, together
from server_process import Server
from tenant import EXCHANGE, NDES, Tenant, sandbox

CLIENTS = 8
MARK = "x-connectord-beyond-graph"
ID, SENT, RESULT = "Repeatability-Request-ID", "Repeatability-First-Sent", "Repeatability-Result"
OWN = {"date", "request-id", "client-request-id"}  # what each reply has of its own


def date(seconds=0):
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds), usegmt=True)


def once(**more):
    return {ID: str(uuid.uuid4()), SENT: date(), **more}


def told(reply):
    """All that a repeat has to have in common with the first reply."""
    return (reply.status_code, reply.content,
            {name: value for name, value in reply.headers.items() if name not in OWN})


@pytest.fixture(scope="module", name="running", params=["file", "memory", "etags"])
def server(request, tmp_path_factory):
    flags = {"file": [], "memory": ["--memory"], "etags": ["--etags"]}[request.param]
    with Server(tmp_path_factory.mktemp("repeat"), "--threads", "4", *flags) as running:
        yield running
        assert running.stop() == 0
        assert not [e for e in running.events if e.get("status") == 500]


@pytest.fixture(name="tenant")
def own_tenant(running):
    with sandbox(running.url()) as made:
        yield made


# --- the same again --------------------------------------------------------------------------------


def test_a_create(tenant):
    headers = once()
    first = tenant.ask("POST", NDES, json={"displayName": "one"}, headers=headers)
    assert first.status_code == 201 and first.headers[RESULT] == "accepted"
    assert "repeatability" in first.headers[MARK]
    tenant.ask("PATCH", f"{NDES}/{first.json()['id']}", json={"displayName": "changed since"})
    for _ in range(3):
        again = tenant.ask("POST", NDES, json={"displayName": "one"}, headers=headers)
        assert told(again) == told(first)
        assert again.headers["location"] == first.headers["location"]
    assert tenant.ids(NDES) == [first.json()["id"]]
    assert tenant.get(f"{NDES}/{first.json()['id']}")["displayName"] == "changed since"


@pytest.mark.parametrize("method, target, body, headers", [
    ("POST", NDES, {"displayName": "x"}, {"Prefer": "return=minimal"}),
    ("POST", NDES, {"displayName": "x"}, {"Accept": "application/json;odata.metadata=full"}),
    ("PATCH", NDES + "/{key}", {"displayName": "x"}, {}),
    ("PATCH", NDES + "/{key}", {"displayName": "x"}, {"Prefer": "return=minimal"}),
    ("PATCH", NDES + "/{new}", {"displayName": "x"}, {"Prefer": "create-if-missing"}),
    ("PATCH", NDES + "/{new}", {"displayName": "x"}, {"If-None-Match": "*"}),
    ("PUT", NDES + "/{key}/displayName", {"value": "x"}, {}),
    ("PUT", NDES + "/{key}/displayName", {"value": "x"}, {"Prefer": "return=representation"}),
    ("DELETE", NDES + "/{key}/displayName", None, {}),
    ("DELETE", NDES + "/{key}", None, {}),
    ("DELETE", NDES + "/{key}", None, {"If-Match": "*"}),
    ("POST", EXCHANGE + "/{exchange}/sync", {"syncType": "fullSync"}, {}),
])
def test_any_write(tenant, method, target, body, headers):
    target = target.format(key=tenant.make()["id"], exchange=tenant.make(EXCHANGE)["id"], new=uuid.uuid4())
    options = {} if body is None else {"json": body}
    headers = once(**headers)
    first = tenant.ask(method, target, headers=headers, **options)
    assert first.status_code < 300, first.text
    seen = [tenant.get(NDES)["value"], tenant.get(EXCHANGE)["value"]]
    again = tenant.ask(method, target, headers=headers, **options)
    assert told(again) == told(first) and again.headers[RESULT] == "accepted"
    assert [tenant.get(NDES)["value"], tenant.get(EXCHANGE)["value"]] == seen


def test_text_of_a_property(tenant):
    target, headers = f"{NDES}/{tenant.make()['id']}/displayName/$value", once(**{"Content-Type": "text/plain"})
    first = tenant.ask("PUT", target, content="a", headers=headers)
    assert tenant.ask("PUT", target, content="b").status_code == 400  # no type
    assert told(tenant.ask("PUT", target, content="a", headers=headers)) == told(first)
    other = tenant.ask("PUT", target, content="b", headers=headers)
    assert (other.status_code, other.headers[RESULT]) == (400, "rejected")


def test_method_in_a_field(tenant):
    key, headers = tenant.make()["id"], once(**{"X-HTTP-Method-Override": "PATCH"})
    first = tenant.ask("POST", f"{NDES}/{key}", json={"displayName": "x"}, headers=headers)
    del headers["X-HTTP-Method-Override"]
    assert told(tenant.ask("PATCH", f"{NDES}/{key}", json={"displayName": "x"}, headers=headers)) == told(first)


def test_all_at_once(tenant):
    replies, start, headers = [None] * CLIENTS, threading.Barrier(CLIENTS), once()

    def run(index):
        with Tenant(tenant.url, tenant.tenant, tenant.token) as client:
            client.get(f"{NDES}?$top=1")
            start.wait()
            replies[index] = client.ask("POST", NDES, json={"displayName": "of all"}, headers=headers)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(told(reply) == told(replies[0]) for reply in replies)
    assert tenant.ids(NDES) == [replies[0].json()["id"]]


# --- not the same ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method, target, body", [
    ("POST", NDES, {"displayName": "two"}),
    ("POST", NDES + "?$select=id", {"displayName": "one"}),
    ("POST", EXCHANGE, {}),
    ("PATCH", NDES + "/{key}", {"displayName": "one"}),
    ("DELETE", NDES + "/{key}", None),
])
def test_another_request_with_the_id(tenant, method, target, body):
    headers = once()
    key = tenant.ask("POST", NDES, json={"displayName": "one"}, headers=headers).json()["id"]
    options = {} if body is None else {"json": body}
    reply = tenant.ask(method, target.format(key=key), headers=headers, **options)
    assert (reply.status_code, reply.headers[RESULT]) == (400, "rejected"), reply.text
    assert reply.json()["error"]["target"] == ID
    assert tenant.ids(NDES) == [key] and tenant.ids(EXCHANGE) == []
    assert tenant.get(f"{NDES}/{key}")["displayName"] == "one"


def test_an_id_is_of_its_tenant(running, tenant):
    headers = once()
    with sandbox(running.url()) as other:
        ours = tenant.ask("POST", NDES, json={}, headers=headers)
        theirs = other.ask("POST", NDES, json={"displayName": "another"}, headers=headers)
        assert (ours.status_code, theirs.status_code) == (201, 201)


def test_an_id_is_of_its_caller(tenant):
    headers = once()
    other = tenant.control("POST", "/token", {"app": str(uuid.uuid4())})["access_token"]
    first = tenant.ask("POST", NDES, json={}, headers=headers)
    reply = tenant.send("POST", NDES, json={}, headers={**headers, "Authorization": f"Bearer {other}"})
    assert (first.status_code, reply.status_code) == (201, 201)
    assert sorted([first.json()["id"], reply.json()["id"]]) == sorted(tenant.ids(NDES))


@pytest.mark.parametrize("headers, status, target", [
    ({ID: "a"}, 400, SENT),
    ({SENT: "now"}, 400, ID),
    ({ID: "", SENT: "now"}, 400, ID),
    ({ID: "a b", SENT: "now"}, 400, ID),
    ({ID: "x" * 129, SENT: "now"}, 400, ID),
    ({ID: "a", SENT: "yesterday"}, 400, SENT),
    ({ID: "a", SENT: ""}, 400, SENT),
    ({ID: "a", SENT: "2024-01-01T00:00:00Z"}, 400, SENT),
    ({ID: "a", SENT: "Sunday, 06-Nov-94 08:49:37 GMT"}, 400, SENT),
    ({ID: "a", SENT: "+400"}, 412, SENT),
    ({ID: "a", SENT: "-86500"}, 412, SENT),
])
def test_fields_that_say_nothing(tenant, headers, status, target):
    relative = {"now": 0, "+400": 400, "-86500": -86500}
    headers = {name: date(relative[value]) if value in relative else value
               for name, value in headers.items()}
    reply = tenant.ask("POST", NDES, json={}, headers=headers)
    assert (reply.status_code, reply.headers[RESULT]) == (status, "rejected"), reply.text
    assert reply.json()["error"]["target"] == target
    assert tenant.ids(NDES) == []


def test_each_field_once(tenant):
    headers = [("Authorization", f"Bearer {tenant.token}"), (ID, "a"), (ID, "a"), (SENT, date())]
    reply = tenant.send("POST", NDES, json={}, headers=headers)
    assert (reply.status_code, reply.headers[RESULT]) == (400, "rejected")


@pytest.mark.parametrize("headers", [{ID: "x" * 128, SENT: 250}, {ID: "!", SENT: -86000}])
def test_what_is_just_taken(tenant, headers):
    reply = tenant.ask("POST", NDES, json={}, headers={**headers, SENT: date(headers[SENT])})
    assert (reply.status_code, reply.headers[RESULT]) == (201, "accepted")


def test_a_refusal_is_not_kept(tenant):
    key, headers = uuid.uuid4(), once()
    reply = tenant.ask("PATCH", f"{NDES}/{key}", json={}, headers=headers)
    assert (reply.status_code, reply.headers[RESULT]) == (404, "accepted")
    tenant.ask("PATCH", f"{NDES}/{key}", json={}, headers={"Prefer": "create-if-missing"})
    assert tenant.ask("PATCH", f"{NDES}/{key}", json={}, headers=headers).status_code == 200


def test_who_may_not_is_told_that_first(tenant):
    reader = tenant.control("POST", "/token", {"roles": ["DeviceManagementConfiguration.Read.All"]})
    headers = once()
    tenant.ask("POST", NDES, json={}, headers=headers)
    reply = tenant.send("POST", NDES, json={}, headers={
        **headers, "Authorization": f"Bearer {reader['access_token']}"})
    assert reply.status_code == 403 and RESULT not in reply.headers


@pytest.mark.parametrize("headers", [{ID: "a"}, {ID: "a", SENT: "nonsense"}, {ID: "a", SENT: date()}])
def test_reads_pass_over_them(tenant, headers):
    for target in (NDES, "/beta/deviceManagement"):
        reply = tenant.ask("GET", target, headers=headers)
        assert reply.status_code == 200 and RESULT not in reply.headers and \
            "repeatability" not in reply.headers.get(MARK, "")


def test_an_action_that_only_answers(tenant):
    target = tenant.make()["id"]
    reply = tenant.ask("POST", f"/beta/deviceManagement/certificateConnectorDetails/{target}/getHealthMetrics",
                       json={"metricNames": []}, headers={ID: "a"})
    assert RESULT not in reply.headers and "repeatability" not in reply.headers.get(MARK, "")


# --- time ------------------------------------------------------------------------------------------


def test_after_the_retention(tenant):
    headers = once()
    first = tenant.ask("POST", NDES, json={}, headers=headers)
    tenant.clock(advance="23h")
    assert told(tenant.ask("POST", NDES, json={}, headers=headers)) == told(first)
    tenant.clock(advance="2h")
    reply = tenant.ask("POST", NDES, json={}, headers=headers)
    assert (reply.status_code, reply.headers[RESULT]) == (412, "rejected"), reply.text
    assert tenant.ids(NDES) == [first.json()["id"]]
    # A client's clock does not go with the tenant's.
    assert tenant.ask("POST", NDES, json={}, headers=once()).status_code == 201


def test_a_retention_of_ones_own(tmp_path):
    with Server(tmp_path, "--limit-repeatability-hours", "1") as server, sandbox(server.url()) as tenant:
        for seconds, status in ((-3500, 201), (-3700, 412)):
            reply = tenant.ask("POST", NDES, json={}, headers=once(**{SENT: date(seconds)}))
            assert reply.status_code == status, reply.text
        assert server.stop() == 0


def test_where_the_clock_stands_still(tmp_path):
    """A client's clock does not; what it says is read and not compared."""
    with Server(tmp_path, "--deterministic", "seed") as server:
        with Tenant(server.url()) as tenant:
            headers = once()
            first = tenant.ask("POST", NDES, json={}, headers=headers)
            assert (first.status_code, first.headers[RESULT]) == (201, "accepted"), first.text
            assert told(tenant.ask("POST", NDES, json={}, headers=headers)) == told(first)
        assert server.stop() == 0


# --- what goes with its tenant ---------------------------------------------------------------------


def test_a_reset_forgets(tenant):
    headers = once()
    first = tenant.ask("POST", NDES, json={}, headers=headers).json()["id"]
    tenant.control("POST", "/reset", {})
    reply = tenant.ask("POST", NDES, json={}, headers=headers)
    assert reply.status_code == 201 and reply.json()["id"] != first
    assert tenant.ids(NDES) == [reply.json()["id"]]


def test_a_lost_answer(tenant):
    """What the fields are for."""
    headers = once()
    tenant.rules({"name": "lost", "when": {"method": "POST", "nth": 1}, "connection": "reset",
                  "executes": True})
    with pytest.raises(httpx.TransportError):
        tenant.ask("POST", NDES, json={"displayName": "one"}, headers=headers)
    made = tenant.ids(NDES)
    assert len(made) == 1
    reply = tenant.ask("POST", NDES, json={"displayName": "one"}, headers=headers)
    assert reply.status_code == 201 and [reply.json()["id"]] == made == tenant.ids(NDES)
    entries = [each for each in tenant.journal()["requests"] if each["method"] == "POST"]
    assert [each["executed"] for each in entries] == [True, False], "a repeat executes nothing"


# --- batches ---------------------------------------------------------------------------------------


def ask_batch(tenant, *requests, headers=None):
    reply = tenant.ask("POST", "/beta/$batch", json={"requests": list(requests)}, headers=headers or {})
    assert reply.status_code == 200, reply.text
    return {each["id"]: each for each in reply.json()["responses"]}


def create(number, fields, name="one", **members):
    return {"id": number, "method": "POST", "url": "/deviceManagement/ndesConnectors",
            "headers": {"Content-Type": "application/json", **fields}, "body": {"displayName": name},
            **members}


def test_requests_of_a_batch(tenant):
    one, two = once(), once()
    first = ask_batch(tenant, create("1", one), create("2", two), create("3", {}))
    again = ask_batch(tenant, create("1", one), create("2", two), create("3", {}))
    assert [first[i]["status"] for i in "123"] == [201] * 3
    assert again["1"] == first["1"] and again["2"] == first["2"] and again["3"] != first["3"]
    assert first["1"]["headers"][RESULT] == "accepted"
    assert len(tenant.ids(NDES)) == 4
    # It is the same request outside of the batch, as long as the text of its body is.
    alone = tenant.ask("POST", NDES, json={"displayName": "one"}, headers=one)
    assert (alone.status_code, alone.json()) == (201, first["1"]["body"])
    alone = tenant.ask("POST", NDES, content=b'{"displayName" : "one"}',
                       headers={**one, "Content-Type": "application/json"})
    assert alone.status_code == 400, alone.text


def test_twice_in_one_batch(tenant):
    headers = once()
    replies = ask_batch(tenant, create("1", headers), create("2", headers, dependsOn=["1"]),
                        create("3", headers, name="other", dependsOn=["2"]))
    assert replies["1"]["body"] == replies["2"]["body"] and len(tenant.ids(NDES)) == 1
    assert (replies["3"]["status"], replies["3"]["headers"][RESULT]) == (400, "rejected")


def test_groups(tenant):
    one, two = once(), once()
    group = [create("1", one, atomicityGroup="g"), create("2", two, name="two", atomicityGroup="g")]
    first, again = ask_batch(tenant, *group), ask_batch(tenant, *group)
    assert first == again and first["1"]["status"] == 201
    assert len(tenant.ids(NDES)) == 2
    # One that is not the same fails its group, and nothing of it is left.
    refused = ask_batch(tenant, create("1", once(), atomicityGroup="g"),
                        create("2", two, name="not two", atomicityGroup="g"))
    assert [refused[i]["status"] for i in "12"] == [424, 400]
    assert refused["2"]["headers"][RESULT] == "rejected"
    assert len(tenant.ids(NDES)) == 2


def test_a_group_that_failed_is_not_kept(tenant):
    headers = once()
    missing = {"id": "2", "method": "DELETE", "atomicityGroup": "g",
               "url": f"/deviceManagement/ndesConnectors/{uuid.uuid4()}"}
    failed = ask_batch(tenant, create("1", headers, atomicityGroup="g"), missing)
    assert [failed[i]["status"] for i in "12"] == [424, 404] and tenant.ids(NDES) == []
    assert ask_batch(tenant, create("1", headers))["1"]["status"] == 201


def ask_multipart(tenant, *parts):
    reply = tenant.ask("POST", "/beta/$batch", content=together("b", parts),
                       headers={"Content-Type": "multipart/mixed; boundary=b"})
    assert reply.status_code == 200, reply.text
    return answers(reply.headers["content-type"], reply.content)


def test_a_change_set_that_refers_to_what_it_made(tenant):
    maker, changer = once(), once()
    parts = [change_set(
        part("POST", "deviceManagement/ndesConnectors", {"displayName": "made"}, content_id="1", **maker),
        part("PATCH", "$1", {"displayName": "changed"}, content_id="2", **changer))]
    first, again = ask_multipart(tenant, *parts), ask_multipart(tenant, *parts)
    assert [each.status for each in first[0]] == [201, 200]
    assert [(each.status, each.body, each.fields[RESULT]) for each in again[0]] == \
        [(each.status, each.body, "accepted") for each in first[0]]
    assert [each["displayName"] for each in tenant.get(NDES)["value"]] == ["changed"]
    # What was made once is found by who refers to it anew.
    parts = [change_set(
        part("POST", "deviceManagement/ndesConnectors", {"displayName": "made"}, content_id="1", **maker),
        part("PATCH", "$1", {"displayName": "changed again"}, content_id="2"))]
    assert [each.status for each in ask_multipart(tenant, *parts)[0]] == [201, 200]
    assert [each["displayName"] for each in tenant.get(NDES)["value"]] == ["changed again"]


def test_of_another_entity_it_is_another_request(tenant):
    """In a set nobody knows what $1 is until it is made: made anew it is another one."""
    changer = once()
    parts = [change_set(
        part("POST", "deviceManagement/ndesConnectors", {"displayName": "made"}, content_id="1"),
        part("PATCH", "$1", {"displayName": "changed"}, content_id="2", **changer))]
    assert [each.status for each in ask_multipart(tenant, *parts)[0]] == [201, 200]
    refused = ask_multipart(tenant, *parts)[0]
    assert (refused.status, refused.fields[RESULT]) == (400, "rejected")
    assert [each["displayName"] for each in tenant.get(NDES)["value"]] == ["changed"]
    group = [create("1", {}, atomicityGroup="g"),
             {"id": "2", "method": "PATCH", "url": "$1/displayName", "atomicityGroup": "g", "dependsOn": ["1"],
              "headers": {"Content-Type": "application/json", **once()}, "body": {"value": "changed"}}]
    first, again = ask_batch(tenant, *group), ask_batch(tenant, *group)
    assert [first[i]["status"] for i in "12"] == [201, 204]
    assert [(again[i]["status"], again[i]["headers"].get(RESULT)) for i in "12"] == [(424, None), (400, "rejected")]
    assert [each["displayName"] for each in tenant.get(NDES)["value"]] == ["changed"] * 2


def test_not_a_batch_as_a_whole(tenant):
    reply = tenant.ask("POST", "/beta/$batch", json={"requests": [create("1", {})]}, headers=once())
    assert (reply.status_code, reply.headers[RESULT]) == (501, "rejected")
    assert tenant.ids(NDES) == []


# --- over restarts ---------------------------------------------------------------------------------


def test_kill_9(tmp_path):
    headers, replies = [once() for _ in range(20)], []
    with Server(tmp_path) as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as client:
            token = {"Authorization": f"Bearer {log_in(client).json()['access_token']}"}
            for each in headers:
                replies.append(client.post(NDES, json={"displayName": "x"}, headers={**token, **each}))
        server.kill()
    assert {reply.status_code for reply in replies} == {201}
    with Server(tmp_path) as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as client:
            token = {"Authorization": f"Bearer {log_in(client).json()['access_token']}"}
            for each, first in zip(headers, replies):
                again = client.post(NDES, json={"displayName": "x"}, headers={**token, **each})
                # The server is another one now, on another port, and says what the first one said.
                assert (again.status_code, again.content) == (201, first.content), again.text
            ids = {each["id"] for each in client.get(NDES, headers=token).json()["value"]}
            assert ids == {reply.json()["id"] for reply in replies}
        assert server.stop() == 0


# --- where it is not offered -----------------------------------------------------------------------


@pytest.mark.parametrize("flags", [["--strict"], ["--profile", "live"], ["--profile", "live", "--strict"]])
def test_where_graph_is_kept_to(tmp_path, flags):
    with Server(tmp_path, *flags) as server, sandbox(server.url()) as tenant:
        for headers in (once(), {ID: "a"}, {ID: "a", SENT: "nonsense"}):
            replies = [tenant.ask("POST", NDES, json={}, headers=headers) for _ in range(2)]
            assert [reply.status_code for reply in replies] == [201, 201]
            assert not [1 for reply in replies if RESULT in reply.headers or MARK in reply.headers]
        assert len(tenant.ids(NDES)) == 6
        reply = tenant.ask("POST", "/beta/$batch", json={"requests": [create("1", once())]}, headers=once())
        assert reply.status_code == 200 and RESULT not in reply.headers
        assert server.stop() == 0
