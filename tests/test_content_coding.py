"""Content codings: replies that are compressed for who asks for it, bodies that come compressed."""
import gzip
import json
import shutil
import subprocess
import zlib

import httpx
import pytest

from raw_http import Raw, request
from server_process import DEFAULT_TENANT, OTHER_TENANT, Server
from tenant import EXCHANGE, NDES, Tenant

FROM = 2048
PLAIN = {"Accept-Encoding": "identity"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", params=["documented", "live"])
def tenant(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), "--profile", request.param) as server:
        with Tenant(server.url()) as made:
            made.server = server
            for number in range(40):
                made.make(displayName=f"connector {number}")
            yield made
        assert server.stop() == 0
        assert not [e for e in server.events if e.get("event") == "request_failed"]


def raw(tenant, target, method="GET", coding="gzip", **fields):
    """The reply byte for byte: httpx would inflate it."""
    with Raw(tenant.url) as made:
        if coding is not None:
            fields["Accept-Encoding"] = coding
        made.send(request(method, target, made.authority,
                          Authorization=f"Bearer {tenant.token}", **fields))
        return made.reply(method)


# --- replies ------------------------------------------------------------------------------------

def test_a_page(tenant):
    plain, coded = raw(tenant, NDES, coding=None), raw(tenant, NDES)
    assert coded.fields["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.fields
    for reply in (plain, coded):
        assert reply.status == 200
        assert reply.fields["vary"] == "Accept-Encoding"
        assert int(reply.fields["content-length"]) == len(reply.body)
    assert gzip.decompress(coded.body) == plain.body
    assert len(coded.body) < len(plain.body) / 3


@pytest.mark.parametrize("coding, coded", [
    ("gzip", True), ("x-gzip", True), ("*", True), ("gzip, deflate, br, zstd", True),
    ("br;q=1, gzip;q=0.2", True), ("gzip;q=0", False), ("*;q=0", False), ("br", False), ("", False),
    ("identity, gzip", False), ("identity;q=0.5, gzip;q=0.6", True), ("gzip;q=x", False)])
def test_what_is_accepted(tenant, coding, coded):
    reply = raw(tenant, NDES, coding=coding)
    assert ("content-encoding" in reply.fields) == coded
    assert reply.fields["vary"] == "Accept-Encoding"


def test_head_says_what_get_would(tenant):
    for coding in ("gzip", None):
        get, head = raw(tenant, NDES, coding=coding), raw(tenant, NDES, "HEAD", coding)
        for name in ("content-length", "content-encoding", "vary", "content-type"):
            assert get.fields.get(name) == head.fields.get(name), name


def test_what_is_small_stays_as_it_is(tenant):
    for target in (f"{NDES}?$top=1", f"{NDES}/$count", f"{NDES}/nobody"):
        reply = raw(tenant, target)
        assert len(reply.body) < FROM
        assert not {"vary", "content-encoding"} & set(reply.fields)


def test_what_has_no_body(tenant):
    made = tenant.make(EXCHANGE, exchangeAlias="a")
    reply = raw(tenant, f"{EXCHANGE}/{made['id']}", "DELETE")
    assert reply.status == 204 and not {"vary", "content-encoding"} & set(reply.fields)


def test_documents_and_the_control_api(tenant):
    for target in ("/beta/$metadata", "/_connectord/export", "/_connectord/openapi.json"):
        plain, coded = raw(tenant, target, coding=None), raw(tenant, target)
        assert (plain.status, coded.status) == (200, 200), target
        assert coded.fields["content-encoding"] == "gzip", target
        assert gzip.decompress(coded.body) == plain.body, target


def test_a_large_error(tenant):
    """A fault's own body."""
    body = {"error": {"code": "TooMuch", "message": "x" * 4000}}
    tenant.control("PUT", "/faults", {"rules": [
        {"name": "large", "answer": {"status": 503, "body": body}}]})
    try:
        reply = raw(tenant, NDES)
        assert reply.status == 503 and reply.fields["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(reply.body)) == body
    finally:
        tenant.control("DELETE", "/faults")


def test_a_truncated_reply(tenant):
    """Half of what was announced, which is the compressed body."""
    tenant.control("PUT", "/faults", {"rules": [{"name": "cut", "connection": "truncate"}]})
    try:
        with Raw(tenant.url) as made:
            made.send(request("GET", NDES, made.authority, Authorization=f"Bearer {tenant.token}",
                              **{"Accept-Encoding": "gzip"}))
            while made.more():
                pass
            head, body = made.buffer.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert b"\r\nContent-Encoding: gzip\r\n" in head
        assert len(body) == length // 2 and body[:2] == b"\x1f\x8b"
        assert zlib.decompressobj(wbits=31).decompress(body).startswith(b'{"@odata.context"')
        entry = tenant.control("GET", "/requests")["requests"][-1]
        assert (entry["status"], entry["outcome"]) == (200, "truncated")
    finally:
        tenant.control("DELETE", "/faults")


def test_vary_holds_both(tmp_path):
    with Server(tmp_path, "--no-auth", "--seed", "demo") as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as http:
            reply = http.get("/beta/$metadata", headers={"Origin": "http://localhost:5173"})
            assert reply.headers["vary"] == "Origin, Accept-Encoding"
            assert reply.headers["content-encoding"] == "gzip"


def test_off(tmp_path):
    with Server(tmp_path, "--gzip", "off") as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as http:
            reply = http.get("/beta/$metadata")
            assert not {"vary", "content-encoding"} & set(reply.headers)
        with Tenant(server.url()) as tenant:
            reply = tenant.ask("POST", NDES, content=gzip.compress(b"{}"),
                               headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
            assert reply.status_code == 415 and reply.headers["accept-encoding"] == "identity"
            assert reply.json()["error"]["message"].endswith("Send the body without one.")


def test_from_where_on(tmp_path):
    with Server(tmp_path, "--limit-gzip-from-bytes", "256") as server:
        with Tenant(server.url()) as tenant:
            made = tenant.make(displayName="a" * 200)
            reply = raw(tenant, f"{NDES}/{made['id']}")
            assert json.loads(gzip.decompress(reply.body))["displayName"] == "a" * 200


def test_the_largest_page(tmp_path):
    """More than is compressed on a loop."""
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        for _ in range(12):
            tenant.make(displayName="long " * 12_000)
        replies = [raw(tenant, NDES, coding=coding) for coding in (None, "gzip")]
        assert len(replies[0].body) > 600_000
        assert replies[1].fields["content-encoding"] == "gzip"
        assert gzip.decompress(replies[1].body) == replies[0].body
        head = raw(tenant, NDES, "HEAD")
        assert int(head.fields["content-length"]) == len(replies[1].body)
        for _ in range(20):  # on one connection, and by a client that goes away meanwhile
            assert len(tenant.get(NDES)["value"]) == 12
            with Raw(tenant.url) as made:
                made.send(request("GET", NDES, made.authority, Authorization=f"Bearer {tenant.token}",
                                  **{"Accept-Encoding": "gzip"}))
        assert server.stop() == 0


@pytest.mark.skipif(not shutil.which("curl"), reason="the client is curl")
def test_curl(tenant):
    def curl(*arguments):
        return subprocess.run(["curl", "-sS", *arguments, "-H", f"Authorization: Bearer {tenant.token}",
                               tenant.url + NDES], capture_output=True, check=True).stdout

    assert curl("--compressed") == curl()
    assert json.loads(curl("--compressed"))["value"]


# --- bodies -------------------------------------------------------------------------------------

def sent(tenant, content, coding="gzip", method="POST", target=NDES, **fields):
    return tenant.ask(method, target, content=content,
                      headers={"Content-Type": "application/json", "Content-Encoding": coding, **fields})


def refusal(reply):
    return reply.status_code, reply.json()["error"]["message"]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_a_compressed_body(tenant, coding):
    made = sent(tenant, gzip.compress(b'{"displayName":"small"}'), coding)
    assert made.status_code == 201 and made.json()["displayName"] == "small"
    address = f"{NDES}/{made.json()['id']}"
    changed = sent(tenant, gzip.compress(json.dumps({"machineName": "m" * 50_000}).encode()), coding,
                   "PATCH", address)
    assert changed.status_code == 200 and changed.json()["machineName"] == "m" * 50_000
    assert tenant.ask("DELETE", address).status_code == 204


def test_an_action(tenant):
    made = tenant.make(EXCHANGE, exchangeAlias="a")
    reply = sent(tenant, gzip.compress(b'{"syncType":"fullSync"}'), target=f"{EXCHANGE}/{made['id']}/sync")
    assert reply.status_code == 204


def test_the_control_api(tenant):
    reply = tenant.told("PUT", "/faults", content=gzip.compress(b'{"rules":[]}'),
                        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    assert reply.status_code in (200, 204)
    reply = tenant.told("PUT", "/faults", content=b"{}",
                        headers={"Content-Type": "application/json", "Content-Encoding": "br"})
    assert reply.status_code == 415


def test_the_token_endpoint(tenant):
    def asked(content, coding):
        return httpx.post(f"{tenant.url}/{DEFAULT_TENANT}/oauth2/v2.0/token", content=content,
                          headers={"Content-Type": FORM, "Content-Encoding": coding}, trust_env=False)

    form = (b"grant_type=client_credentials&client_secret=connectord"
            b"&client_id=00000000-0000-4000-8000-0000000000c1"
            b"&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default")
    assert asked(gzip.compress(form), "gzip").json()["token_type"] == "Bearer"
    assert asked(form, "br").status_code == 415
    reply = asked(gzip.compress(form)[:-3], "gzip")
    assert reply.status_code == 400 and reply.json()["error"] == "invalid_request"
    assert asked(gzip.compress(form + b"&x=" + b"x" * 70_000), "gzip").status_code == 413


def test_a_bomb(tenant):
    bomb = gzip.compress(b'{"a":"' + b"x" * (32 << 20) + b'"}')
    assert len(bomb) < 40_000
    reply = sent(tenant, bomb)
    assert refusal(reply) == (413, "The request's body is larger than 4194304 bytes when it is inflated.")
    assert reply.json()["error"]["code"] == "RequestEntityTooLarge"


def test_a_bomb_of_a_stranger_is_not_looked_at(tenant):
    bomb = gzip.compress(b"x" * (32 << 20))
    reply = httpx.post(tenant.url + NDES, content=bomb, trust_env=False,
                       headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    assert reply.status_code == 401


def test_what_is_no_gzip(tenant):
    whole = gzip.compress(b'{"displayName":"whole"}')
    damaged = whole[:12] + bytes([whole[12] ^ 0x55]) + whole[13:]
    for content, why in [
            (b"{}", "no gzip data"), (b"{" + b" " * 40 + b"}", "no gzip data"),
            (whole[:-1], "are"), (damaged, "are"), (whole + whole, "go on behind"),
            (whole + b"x", "are"), (zlib.compress(b"{}" * 20), "no gzip data")]:
        status, message = refusal(sent(tenant, content))
        assert status == 400 and "gzip data of the request's body" in message and why in message, content


def test_no_body_at_all(tenant):
    assert refusal(sent(tenant, b"")) == (400, "Empty Payload. JSON content expected.")
    assert refusal(sent(tenant, gzip.compress(b""))) == (400, "Empty Payload. JSON content expected.")


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "compress"])
def test_other_codings(tenant, coding):
    """Exactly 415: kiota's clients then send it again plain."""
    reply = sent(tenant, gzip.compress(b"{}"), coding)
    assert reply.status_code == 415 and reply.headers["accept-encoding"] == "gzip"
    assert sent(tenant, b'{"displayName":"plain"}', "identity").status_code == 201


def test_the_order_of_checks(tenant):
    """Corrupt data are found behind what comes first, and before the JSON that is in them."""
    assert sent(tenant, b"no gzip", target="/beta/foo").json()["error"]["message"].startswith("Resource")
    reply = sent(tenant, gzip.compress(b"{}"), method="PATCH", target=f"{NDES}/{OTHER_TENANT}")
    assert reply.status_code == 404
    reply = sent(tenant, b"no gzip", method="PATCH", target=f"{NDES}/{OTHER_TENANT}")
    assert reply.status_code == 400
