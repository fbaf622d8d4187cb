"""Batches as a client meets them: what runs side by side, what waits, what is throttled, and what
becomes of a batch whose client has gone."""
import json
import re
import select
import shutil
import socket
import struct
import subprocess
import time
import uuid

import httpx
import pytest

from raw_http import Raw, request
from server_process import Server
from tenant import NDES, Tenant, sandbox

BATCH = "/beta/$batch"
RELATIVE = NDES.removeprefix("/beta")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def create(key, name, **more):
    return {"id": key, "method": "POST", "url": RELATIVE, "headers": JSON,
            "body": {"displayName": name}, **more}


def read(key, url=RELATIVE, **more):
    return {"id": key, "method": "GET", "url": url, **more}


def send(tenant, *requests):
    reply = tenant.ask("POST", BATCH, json={"requests": list(requests)})
    assert reply.status_code == 200, reply.text
    responses = reply.json()["responses"]
    assert [each["id"] for each in responses] == [each["id"] for each in requests]
    return responses


def statuses(responses):
    return [each["status"] for each in responses]


def test_a_chain_of_twenty(tenant):
    """Creates and pages in turn: each page has what was created before it, and no more."""
    chain = [create("0", "c0")]
    for i in range(1, 20):
        made = create(str(i), f"c{i}") if i % 2 == 0 else read(str(i))
        chain.append({**made, "dependsOn": [str(i - 1)]})
    responses = send(tenant, *chain)
    assert statuses(responses) == [201, 200] * 10
    for i, response in enumerate(responses[1::2]):
        assert [each["displayName"] for each in response["body"]["value"]] == \
            [f"c{2 * j}" for j in range(i + 1)]


def test_costly_reads(tenant):
    for i in range(5):
        tenant.make(displayName=f"n{i}")
    reads = [read(str(i), f"{RELATIVE}?$filter=displayName eq 'n{i % 5}'&$count=true")
             for i in range(20)]
    responses = send(tenant, *reads)
    assert statuses(responses) == [200] * 20
    for i, response in enumerate(responses):
        assert response["body"]["@odata.count"] == 1
        assert response["body"]["value"][0]["displayName"] == f"n{i % 5}"


def test_tenants_stay_apart(server, tenant):
    made = tenant.make(displayName="mine")
    with sandbox(server.url()) as other:
        responses = send(other, read("1"), read("2", f"{RELATIVE}/{made['id']}"),
                         {"id": "3", "method": "DELETE", "url": f"{RELATIVE}/{made['id']}"})
    assert statuses(responses) == [200, 404, 404]
    assert responses[0]["body"]["value"] == []
    assert tenant.ids(NDES) == [made["id"]]


def test_a_deterministic_server_repeats_itself(tmp_path):
    """Reads on other threads, writes and chains: one after another, so that ids come in an order."""
    requests = [create("1", "a"), read("2", f"{RELATIVE}?$count=true"), create("3", "b"),
                read("4", f"{RELATIVE}/none"), create("5", "c", dependsOn=["2"]),
                read("6", f"{RELATIVE}/none", dependsOn=["3"])]
    told = set()
    for i in range(3):
        with Server(tmp_path / str(i), "--no-auth", "--memory", "--deterministic", "s") as server:
            reply = httpx.post(server.url() + BATCH, json={"requests": requests}, trust_env=False)
            assert statuses(reply.json()["responses"]) == [201, 200, 201, 404, 201, 404]
            told.add(reply.text.replace(server.url(), ""))
    assert len(told) == 1


# --- faults and the journal ----------------------------------------------------------------------

def test_throttled_one_by_one(tenant):
    """The way of SDKs: wait for the longest Retry-After, send again what was throttled."""
    tenant.rules({"name": "busy", "when": {"method": "POST", "path": NDES, "pattern": "x."},
                  "answer": {"error": "429.intune", "retryAfter": 3}})
    requests = [create(str(i), f"c{i}") for i in range(6)]
    responses = send(tenant, *requests)
    assert statuses(responses) == [429, 201] * 3
    assert [each["headers"].get("Retry-After") for each in responses] == ["3", None] * 3
    assert responses[0]["headers"]["x-connectord-fault"] == "busy"
    assert len({each["body"]["error"]["innerError"]["request-id"]
                for each in responses if each["status"] == 429}) == 3
    tenant.control("DELETE", "/faults")
    throttled = [each for each, done in zip(requests, responses) if done["status"] == 429]
    assert statuses(send(tenant, *throttled)) == [201] * 3
    assert sorted(each["displayName"] for each in tenant.get(NDES)["value"]) == \
        [f"c{i}" for i in range(6)]


def test_each_is_in_the_journal(tenant):
    mark = str(uuid.uuid4())
    reply = tenant.ask("POST", BATCH, headers={"client-request-id": mark}, json={"requests": [
        create("1", "a"), read("2", "/deviceManagement/ndesConnectors/none"),
        create("3", "b", dependsOn=["2"]), read("4", headers={"client-request-id": "own"})]})
    assert statuses(reply.json()["responses"]) == [201, 404, 424, 200]
    entries = tenant.journal(clientRequestId=mark)["requests"]
    assert sorted((each["method"], each["path"], each["status"]) for each in entries) == [
        ("GET", f"{NDES}/none", 404), ("POST", BATCH, 200), ("POST", NDES, 201)]
    assert entries[-1]["path"] == BATCH and entries[-1]["requestId"] == reply.headers["request-id"]
    assert tenant.count(clientRequestId="own") == 1


def test_a_batch_is_a_request_too(tenant):
    tenant.rules({"name": "shut", "when": {"path": BATCH},
                  "answer": {"error": "429.graph", "retryAfter": 1}})
    reply = tenant.ask("POST", BATCH, json={"requests": [create("1", "a")]})
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    assert tenant.ids(NDES) == []


def test_what_is_held_back_holds_nobody_else(tenant):
    tenant.rules({"name": "slow", "when": {"method": "GET", "path": NDES}, "delay": "300ms"})
    took = []
    while not took or took[-1] >= 3 and len(took) < 5:  # one behind the other they take six, always
        began = time.monotonic()
        assert statuses(send(tenant, *[read(str(i)) for i in range(20)])) == [200] * 20
        took.append(time.monotonic() - began)
        assert took[-1] >= 0.3
    assert took[-1] < 3, took  # side by side


def test_a_reset_resets_the_batch(tenant):
    tenant.rules({"name": "cut", "when": {"method": "POST", "path": NDES, "nth": 2},
                  "connection": "reset", "executes": True})
    with pytest.raises(httpx.TransportError):
        tenant.ask("POST", BATCH, json={"requests": [create(str(i), f"c{i}") for i in range(3)]})
    assert len(tenant.ids(NDES)) == 3
    assert [each["outcome"] for each in tenant.journal(method="POST")["requests"]].count("reset") \
        == 2  # the part, and the batch


def test_others_have_their_turn(tmp_path):
    """Twenty full pages take a while, and whoever shares the loop with them does not wait for it.

    They may be done before the other has asked: then it is asked again. A server whose batches
    kept the loop to themselves would never answer the other first.
    """
    with Server(tmp_path / "data", "--no-auth", "--threads", 1, "--memory") as server:
        with httpx.Client(base_url=server.url(), timeout=30, trust_env=False) as http:
            for _ in range(50):
                http.post(BATCH, json={"requests": [create(str(i), "x" * 500) for i in range(20)]})
        heavy = {"requests": [read(str(i), f"{RELATIVE}?$top=1000") for i in range(20)]}
        overtaken = 0
        for _ in range(20):
            with Raw(server.url()) as raw, Raw(server.url()) as other:
                raw.send(request("POST", BATCH, raw.authority, json.dumps(heavy).encode()))
                other.send(request("GET", "/health", other.authority))
                assert other.socket.recv(65536).startswith(b"HTTP/1.1 200 ")
                overtaken += not select.select([raw.socket], [], [], 0)[0]  # still at it
                assert select.select([raw.socket], [], [], 30)[0]
        assert overtaken > 2


# --- clients that go -----------------------------------------------------------------------------

def test_the_client_goes_in_the_middle(server, tenant):
    """What was begun runs to its end, chain and all, and the server goes on."""
    tenant.rules({"name": "slow", "when": {"method": "POST", "path": NDES}, "delay": "150ms"})
    chain = [create("0", "c0")] + [create(str(i), f"c{i}", dependsOn=[str(i - 1)])
                                   for i in range(1, 4)]
    body = json.dumps({"requests": chain}).encode()
    for turn, reset in enumerate((True, False)):
        before = len(tenant.ids(NDES))
        with Raw(server.url()) as raw:
            raw.send(request("POST", BATCH, raw.authority, body,
                             Authorization=f"Bearer {tenant.token}"))
            tenant.until_matched(4 * turn + 1)
            if reset:
                raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
        deadline = time.monotonic() + 60
        while len(tenant.ids(NDES)) < before + 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(tenant.ids(NDES)) == before + 4


def test_the_server_ends_in_the_middle(tmp_path):
    """A batch that is under way is answered before the server ends."""
    with Server(tmp_path / "data", "--no-auth") as server:
        body = json.dumps({"requests": [create("1", "a"), create("2", "b", dependsOn=["1"])]})
        with Raw(server.url()) as raw:
            with Tenant(server.url()) as tenant:
                tenant.rules({"when": {"method": "POST", "path": NDES}, "delay": "300ms"})
                raw.send(request("POST", BATCH, raw.authority, body.encode()))
                tenant.until_matched()
            assert server.stop() == 0
            assert statuses(raw.reply().json()["responses"]) == [201, 201]


# --- one commit ----------------------------------------------------------------------------------

def may_trace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_trace(), reason="strace is not there, or may not trace")
def test_creates_share_a_commit(tmp_path):
    """Twenty creates: the writer takes what is there when it wakes, and the rest after that."""
    output = tmp_path / "trace"
    strace = ["strace", "-f", "-y", "-o", str(output), "-e", "signal=none", "-e",
              "trace=fdatasync,fsync,sendmsg"]
    with Server(tmp_path / "data", "--no-auth", prefix=strace) as server:
        with httpx.Client(base_url=server.url(), timeout=60, trust_env=False) as http:
            http.get(NDES).raise_for_status()
            reply = http.post(BATCH, json={"requests": [create(str(i), "x") for i in range(20)]})
            assert statuses(reply.json()["responses"]) == [201] * 20
        assert server.stop() == 0
    lines = output.read_text(errors="replace").splitlines()
    answers = [i for i, line in enumerate(lines) if "sendmsg(" in line]
    syncs = [line for line in lines[answers[0]:answers[1]]
             if re.search(r"f(data)?sync\(\d+<[^>]*-wal>", line)]
    assert 1 <= len(syncs) <= 4
