"""HTTP/1.1 as it arrives over the wire: framing, order, refusals, limits, deadlines, TLS.

What is asked of the sockets here no client library would send. Deadlines are set short by settings,
and tests wait for what the server does, never for a time to pass."""
import contextlib
import json
import random
import select
import signal
import socket
import ssl
import threading
import time
import uuid
import warnings

import pytest

from raw_http import Raw, chunked, context, request
from server_process import Server, run

SET = "/beta/deviceManagement/ndesConnectors"


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    """A server that answers without a token, so that requests stay readable."""
    data_dir = tmp_path_factory.mktemp("wire")
    with Server(data_dir, "--memory", "--no-auth", "--threads", "2", "--limit-body-bytes", 100_000,
                "--limit-head-bytes", 8192) as server:
        ca_file = data_dir / "ca-export.pem"
        ca_file.write_text(run("ca", "export", "--data-dir", data_dir).stdout)
        server.tls = context(ca_file)
        yield server
        assert server.stop() == 0
        assert_no_5xx(server)


def assert_no_5xx(server):
    """What clients cause, such as 505 for another version, is not logged as a failure."""
    assert not [e for e in server.events if e.get("event") == "request_failed"]


def hasty(*flags):
    """A server of one test, with limits of its own; its certificate is nobody's concern."""
    server = Server(None, "--no-auth", *flags)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.tls.check_hostname = False
    server.tls.verify_mode = ssl.CERT_NONE
    return server


def connect(server, scheme="http"):
    return Raw(server.url(scheme), server.tls if scheme == "https" else None)


@pytest.fixture(params=["http", "https"])
def raw(wire, request):
    with connect(wire, request.param) as made:
        yield made


def create(raw, **members):
    raw.send(request("POST", SET, raw.authority, json.dumps(members).encode()))
    reply = raw.reply()
    assert reply.status == 201, reply
    return reply.json()["id"]


# --- order ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("cut", ["whole", "pieces"])
def test_64_pipelined_requests_are_answered_in_order(raw, cut):
    ids = [str(uuid.uuid4()) for _ in range(64)]
    key = create(raw, displayName="order")
    targets = [f"{SET}/{key}", SET + "?$top=1", "/health", f"{SET}/nobody", "/v9/x",
               SET + "?$count=true&$top=1"]
    sent = b"".join(request("GET", targets[n % len(targets)], raw.authority, client_request_id=each)
                    for n, each in enumerate(ids))
    if cut == "whole":
        raw.send(sent)
    else:
        raw.send_in_pieces(sent, seed=len(sent))
    for n, each in enumerate(ids):
        reply = raw.reply()
        assert reply.fields["client-request-id"] == each
        assert reply.status == [200, 200, 200, 404, 404, 200][n % len(targets)], reply
    assert raw.buffer == b""


def test_pipelined_reads_and_writes_see_one_another(raw):
    """One connection is one order: a read behind a write sees it, a write behind a read does not
    reach back."""
    sent, expected = [], []

    def step(status, method, target, body=None, name=None):
        each = str(uuid.uuid4())
        sent.append(request(method, target, raw.authority, body and json.dumps(body).encode(),
                            client_request_id=each))
        expected.append((method, status, each, name))

    keys = [create(raw, displayName=f"before {n}") for n in range(6)]
    for n, key in enumerate(keys):
        step(200, "GET", f"{SET}/{key}", name=f"before {n}")
        step(200, "PATCH", f"{SET}/{key}", {"displayName": f"after {n}"}, f"after {n}")
        step(200, "GET", f"{SET}/{key}", name=f"after {n}")
        step(201, "POST", SET, {"displayName": f"other {n}"}, f"other {n}")
        step(204, "DELETE", f"{SET}/{key}")
        step(404, "GET", f"{SET}/{key}")
        step(404, "PATCH", f"{SET}/{key}", {"displayName": "never"})
        step(404, "DELETE", f"{SET}/{key}")
        step(200, "HEAD", "/health")
        step(400, "POST", SET, {"displayName": n})
    raw.send(b"".join(sent))
    for method, status, each, name in expected:
        reply = raw.reply(method)
        assert (reply.status, reply.fields["client-request-id"]) == (status, each), reply
        if name:
            assert reply.json()["displayName"] == name


def test_no_answer_crosses_to_another_connection(wire):
    """Eight connections at once, each with 64 creates in flight: every answer is one's own."""
    wrong = []

    def talk(number):
        scheme = ["http", "https"][number % 2]
        with connect(wire, scheme) as raw:
            names = [f"{scheme}-{number}-{n}" for n in range(64)]
            for name in names:
                raw.send(request("POST", SET, raw.authority,
                                 json.dumps({"displayName": name}).encode(),
                                 client_request_id=name))
            for name in names:
                reply = raw.reply()
                if (reply.status, reply.fields["client-request-id"],
                        reply.json().get("displayName")) != (201, name, name):
                    wrong.append((name, reply))

    threads = [threading.Thread(target=talk, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


# --- heads and bodies ----------------------------------------------------------------------------

def test_head_byte_by_byte(raw):
    for byte in request("GET", "/health", raw.authority):
        raw.send(bytes([byte]))
    assert raw.reply().status == 200


def test_empty_lines_before_a_request(raw):
    raw.send(b"\r\n\r\n" + request("GET", "/health", raw.authority))
    assert raw.reply().status == 200


@pytest.mark.parametrize("sizes", [[1], [7, 1, 300], [100_000]])
@pytest.mark.parametrize("extra", ["none", "extension and trailer"])
def test_chunked_body(raw, sizes, extra):
    name = "ä€𝄞 " + "x" * 1200
    body = json.dumps({"displayName": name}, ensure_ascii=False).encode()
    parts = ("", "") if extra == "none" else (";a=\"b\"", "X-Sum: 1\r\nContent-Length: 5\r\n")
    head = request("POST", SET, raw.authority, Content_Type="application/json",
                   Transfer_Encoding="chunked")
    message = head + chunked(body, sizes, *parts)
    behind = request("GET", "/health", raw.authority, client_request_id="behind")
    raw.send_in_pieces(message + behind, seed=sizes[0], most=900)
    reply = raw.reply()
    assert reply.status == 201 and reply.json()["displayName"] == name
    reply = raw.reply()
    assert (reply.status, reply.fields["client-request-id"]) == (200, "behind")


def test_body_in_pieces(raw):
    name = "y" * 50_000
    body = json.dumps({"displayName": name}).encode()
    raw.send_in_pieces(request("POST", SET, raw.authority, body), seed=1, most=5000)
    assert raw.reply().json()["displayName"] == name


def test_body_of_a_get_is_read_and_ignored(raw):
    raw.send(request("GET", "/health", raw.authority, b"GET /smuggled HTTP/1.1\r\n\r\n")
             + request("GET", "/health", raw.authority, client_request_id="second"))
    assert raw.reply().status == 200
    assert raw.reply().fields["client-request-id"] == "second"
    raw.send(request("GET", "/health", raw.authority, Connection="close"))
    assert raw.reply().status == 200 and raw.ends()


def test_expect_100_continue(raw):
    body = b'{"displayName":"asked first"}'
    head = request("POST", SET, raw.authority, Content_Type="application/json",
                   Content_Length=str(len(body)), Expect="100-continue")
    raw.send(head)
    assert raw.reply().status == 100
    raw.send(body)
    assert raw.reply().status == 201
    raw.send(head + body)  # it did not wait: no 100 is needed, one is allowed
    reply = raw.reply()
    assert (raw.reply() if reply.status == 100 else reply).status == 201


def test_expect_100_continue_of_what_is_refused(raw):
    raw.send(request("POST", SET, raw.authority, Content_Length="100001", Expect="100-continue"))
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (413, "close")
    assert raw.ends()


def test_expect_something_else(raw):
    raw.send(request("POST", SET, raw.authority, b"{}", Expect="magic"))
    assert raw.reply().status == 417 and raw.ends()


def test_head_has_the_length_and_not_the_bytes(raw):
    key = create(raw, displayName="head")
    for target in ("/health", f"{SET}/{key}", SET + "?$top=1", f"{SET}/nobody"):
        raw.send(request("GET", target, raw.authority) + request("HEAD", target, raw.authority)
                 + request("GET", "/health", raw.authority))
        get, head = raw.reply(), raw.reply("HEAD")
        assert head.status == get.status
        assert head.fields["content-length"] == get.fields["content-length"]
        assert head.fields.keys() == get.fields.keys()
        assert raw.reply().status == 200


def test_absolute_target(raw, wire):
    port = raw.authority.rsplit(":", 1)[1]
    scheme = "https" if isinstance(raw.socket, ssl.SSLSocket) else "http"
    raw.send(request("GET", f"{scheme}://LocalHost:{port}{SET}?$top=0", "127.0.0.1:1"))
    reply = raw.reply()  # RFC 9112 3.2.2: the target's host counts and not the field's
    assert reply.json()["@odata.context"].startswith(f"{scheme}://localhost:{port}/beta/$metadata#")
    raw.send(request("GET", f"http://{raw.authority}", raw.authority))
    assert raw.reply().status == 404
    raw.send(request("GET", "ftp://x/", raw.authority))
    assert raw.reply().status == 400 and raw.ends()


def test_http_1_0(raw):
    raw.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (200, "keep-alive")
    raw.send(b"GET /health HTTP/1.0\r\n\r\n")
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (200, "close") and raw.ends()


def test_connection_close(raw):
    raw.send(request("GET", "/health", raw.authority, Connection="x, Close")
             + request("GET", "/health", raw.authority))
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (200, "close") and raw.ends()


def test_half_close(wire):
    """A client that has ended its side still gets what it asked for."""
    with connect(wire) as raw:
        raw.send(b"".join(request("POST", SET, raw.authority, b'{"displayName":"half"}',
                                  client_request_id=str(n)) for n in range(16)))
        raw.end_writing()
        for n in range(16):
            reply = raw.reply()
            assert (reply.status, reply.fields["client-request-id"]) == (201, str(n))
        assert raw.ends()


def test_options_star_and_unknown_methods(raw):
    for line, status in ((b"OPTIONS * HTTP/1.1", 404), (b"BREW /health HTTP/1.1", 405),
                         (b"PUT /health HTTP/1.1", 405)):
        raw.send(line + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert raw.reply().status == status, line


# --- what is refused -----------------------------------------------------------------------------

def post(*fields, body=b""):
    return b"\r\n".join((b"POST " + SET.encode() + b" HTTP/1.1", b"Host: x",
                         b"Content-Type: application/json", *fields)) + b"\r\n\r\n" + body


def get(*fields):
    return b"\r\n".join((b"GET /health HTTP/1.1", *fields)) + b"\r\n\r\n"


CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"

# Each is followed by a whole request, which must not be answered.
SMUGGLING = {
    "two lengths": post(b"Content-Length: 2", b"Content-Length: 3", body=b"{}"),
    "two equal lengths": post(b"Content-Length: 2", b"Content-Length: 2", body=b"{}"),
    "a list of lengths": post(b"Content-Length: 2, 2", body=b"{}"),
    "length with a plus": post(b"Content-Length: +2", body=b"{}"),
    "length with a minus": post(b"Content-Length: -2", body=b"{}"),
    "length with a blank": post(b"Content-Length: 1 0", body=b"{}"),
    "length in hexadecimal": post(b"Content-Length: 0x2", body=b"{}"),
    "length with a fraction": post(b"Content-Length: 2.0", body=b"{}"),
    "empty length": post(b"Content-Length:", body=b"{}"),
    "length past 64 bits": post(b"Content-Length: 18446744073709551618", body=b"{}"),
    "length and chunks": post(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=CHUNKS),
    "chunks and length": post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=CHUNKS),
    "chunked twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKS),
    "chunked, chunked": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "identity": post(b"Transfer-Encoding: identity", body=b"{}"),
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "xchunked": post(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "chunked with a parameter": post(b"Transfer-Encoding: chunked;a=b", body=CHUNKS),
    "empty coding": post(b"Transfer-Encoding:", body=CHUNKS),
    "coding behind a vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "coding in HTTP/1.0": post(b"Transfer-Encoding: chunked", body=CHUNKS).replace(b"1.1", b"1.0", 1),
    "blank before the colon": post(b"Content-Length : 2", body=b"{}"),
    "tab before the colon": post(b"Transfer-Encoding\t: chunked", body=CHUNKS),
    "a folded field": post(b"X: y", b" Transfer-Encoding: chunked", body=CHUNKS),
    "a field without a colon": post(b"Content-Length", body=b""),
    "a field without a name": post(b": x", body=b""),
    "a first line that is folded": get(b" Host: x", b"Host: x"),
    "bare LF behind a field": post(b"X: y\nContent-Length: 2", body=b"{}"),
    "bare LF for everything": get(b"Host: x").replace(b"\r\n", b"\n"),
    "bare CR in a value": post(b"X: y\rContent-Length: 2", body=b"{}"),
    "NUL in a value": post(b"X: y\0z", body=b""),
    "NUL in a name": post(b"X\0Y: z", body=b""),
    "NUL in the target": b"GET /heal\0th HTTP/1.1\r\nHost: x\r\n\r\n",
    "control in a value": post(b"X: y\x01z", body=b""),
    "DEL in a value": post(b"X: y\x7fz", body=b""),
    "no host": get(b"X: y"),
    "two hosts": get(b"Host: x", b"Host: x"),
    "host with a path": get(b"Host: x/y"),
    "host with credentials": get(b"Host: a@b"),
    "host with a blank": get(b"Host: a b"),
    "host with a comma": get(b"Host: a,b"),
    "empty host": get(b"Host:"),
    "blank in the target": b"GET /health /x HTTP/1.1\r\nHost: x\r\n\r\n",
    "two blanks behind the method": b"GET  /health HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab behind the method": b"GET\t/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bare byte past ASCII in the target": b"GET /h\xe4lth HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /health\r\nHost: x\r\n\r\n",
    "version in small letters": b"GET /health http/1.1\r\nHost: x\r\n\r\n",
    "version of many digits": b"GET /health HTTP/1.10\r\nHost: x\r\n\r\n",
    "blank behind the version": b"GET /health HTTP/1.1 \r\nHost: x\r\n\r\n",
    "CONNECT": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunk size with a sign": post(b"Transfer-Encoding: chunked", body=b"+2\r\n{}\r\n0\r\n\r\n"),
    "chunk size with a prefix": post(b"Transfer-Encoding: chunked", body=b"0x2\r\n{}\r\n0\r\n\r\n"),
    "chunk size and a blank": post(b"Transfer-Encoding: chunked", body=b"2 \r\n{}\r\n0\r\n\r\n"),
    "no chunk size": post(b"Transfer-Encoding: chunked", body=b"\r\n{}\r\n0\r\n\r\n"),
    "chunk size past 64 bits": post(b"Transfer-Encoding: chunked",
                                    body=b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "chunk size with a bare LF": post(b"Transfer-Encoding: chunked", body=b"2\n{}\r\n0\r\n\r\n"),
    "chunk longer than its size": post(b"Transfer-Encoding: chunked", body=b"1\r\n{}\r\n0\r\n\r\n"),
    "chunk shorter than its size": post(b"Transfer-Encoding: chunked",
                                        body=b"3\r\n{}\r\n0\r\n\r\n"),
    "bare LF behind a chunk": post(b"Transfer-Encoding: chunked", body=b"2\r\n{}\n0\r\n\r\n"),
    "extension with a bare LF": post(b"Transfer-Encoding: chunked", body=b"2;a\n{}\r\n0\r\n\r\n"),
    "a request for a trailer": post(b"Transfer-Encoding: chunked",
                                    body=b"2\r\n{}\r\n0\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"),
    "trailer with a bare LF": post(b"Transfer-Encoding: chunked",
                                   body=b"2\r\n{}\r\n0\r\nX: y\n\r\n"),
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_smuggling_is_refused(raw, name):
    raw.send(SMUGGLING[name] + request("GET", "/health", raw.authority, client_request_id="second"))
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (400, "close"), reply
    assert reply.json()["error"]["code"] == "BadRequest"
    assert raw.ends(), raw.buffer


LIMITS = {
    "other version": (b"GET /health HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    "long target": (b"GET /" + b"a" * 9000, 414),
    "long head": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000, 431),
    "many fields": (get(b"Host: x", *[b"X: y"] * 64), 431),
    "long body": (post(b"Content-Length: 100001"), 413),
    "long chunk": (post(b"Transfer-Encoding: chunked", body=b"186a1\r\n"), 413),
    "many chunks": (post(b"Transfer-Encoding: chunked",
                         body=b"c350\r\n" + b"a" * 50_000 + b"\r\nc351\r\n"), 413),
    "long extensions": (post(b"Transfer-Encoding: chunked",
                             body=(b"1;" + b"e" * 1000 + b"\r\na\r\n") * 20), 400),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(raw, name):
    sent, status = LIMITS[name]
    raw.send(sent)
    reply = raw.reply()
    assert (reply.status, reply.fields["connection"]) == (status, "close"), reply
    assert raw.ends()


def test_a_body_that_is_refused_does_not_reset_the_answer(wire):
    """More is on its way than the kernel would drop in silence; the answer still arrives."""
    with connect(wire) as raw:
        raw.send(post(b"Content-Length: 4000000"))
        try:
            raw.send(b"a" * 4_000_000)
        except ConnectionError:
            pass
        assert raw.reply().status == 413


# --- garbage -------------------------------------------------------------------------------------

def garbage(draw):
    """Bytes that are noise, or a request with some of it changed."""
    kind = draw.randrange(4)
    if kind == 0:
        return draw.randbytes(draw.randrange(1, 600))
    if kind == 1:
        return b" ".join(draw.choice([b"GET", b"POST", b"/", b"/beta", b"HTTP/1.1", b"\r\n", b":",
                                      b"Host", b"0", b"chunked", b"Transfer-Encoding:", b"\r\n\r\n",
                                      b"\x16\x03\x01", b"PRI * HTTP/2.0"])
                         for _ in range(draw.randrange(1, 60)))
    valid = draw.choice([
        request("GET", SET + "?$top=3&$select=id", "x", Authorization="Bearer e30.e30."),
        request("PATCH", SET + "/('a')", "x", b'{"displayName":"b"}'),
        request("POST", SET, "x", Content_Type="application/json", Transfer_Encoding="chunked")
        + chunked(b'{"displayName":"fuzz","roleScopeTagIds":["1"]}', [3, 9]),
        request("POST", "/common/oauth2/v2.0/token", "x", b"grant_type=%41&scope=b"),
        request("DELETE", SET + "/x", "x"), get(b"Host: x", b"Connection: close")])
    changed = bytearray(valid * draw.randrange(1, 4))
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        at = draw.randrange(len(changed))
        what = draw.randrange(4)
        if what == 0:
            changed[at] = draw.randrange(256)
        elif what == 1:
            del changed[at:at + draw.randrange(1, 20)]
        elif what == 2:
            changed[at:at] = draw.choice([b"\r\n", b"\0", b" ", b"\n", b"%", b"'", b"\xff", b"9" * 30])
        else:
            del changed[at:]
        if not changed:
            break
    return bytes(changed)


def test_garbage_neither_kills_nor_confuses(wire):
    """2,000 connections; the seed of the one that failed is in the message."""
    for seed in range(2000):
        with Raw(wire.url()) as raw:
            try:
                raw.send(garbage(random.Random(seed)))
                raw.end_writing()
            except OSError:  # refused before all of it was sent
                pass
            while raw.buffer or raw.more():
                reply = raw.reply()
                # As above, 505 for another version; nothing else here may be our fault.
                assert 200 <= reply.status < 500 or reply.status == 505, (seed, reply)
    assert wire.process.poll() is None
    with connect(wire, "https") as raw:
        raw.send(request("GET", "/health", raw.authority))
        assert raw.reply().status == 200


def test_garbage_instead_of_tls(wire):
    for seed in range(100):
        with Raw(wire.url("https")) as raw:
            try:
                raw.send(random.Random(seed).randbytes(300))
                raw.end_writing()
            except OSError:
                pass
            assert not raw.everything().startswith(b"HTTP")
    with connect(wire, "https") as raw:
        raw.send(request("GET", "/health", raw.authority))
        assert raw.reply().status == 200


# --- TLS -----------------------------------------------------------------------------------------

def tls_of(wire, version=None, alpn=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(wire.tls.get_ca_certs(True)[0]))
    if version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = made.maximum_version = version
        made.set_ciphers("ALL:@SECLEVEL=0")  # else the client itself would refuse old versions
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions_accepted(wire, version):
    with Raw(wire.url("https"), tls_of(wire, version)) as raw:
        raw.send(request("GET", "/health", raw.authority))
        assert raw.reply().status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_versions_refused(wire, version):
    with pytest.raises(ssl.SSLError) as refusal:
        Raw(wire.url("https"), tls_of(wire, version))
    assert "ALERT_PROTOCOL_VERSION" in str(refusal.value)  # the server's word, not the client's


@pytest.mark.parametrize("offered,chosen", [(["foo"], None), (["http/1.1", "foo"], "http/1.1"),
                                            (["http/1.1", "h2"], "h2"), (["http/1.0"], None),
                                            (None, None)])
def test_alpn(wire, offered, chosen):
    with Raw(wire.url("https"), tls_of(wire, alpn=offered)) as raw:
        assert raw.socket.selected_alpn_protocol() == chosen
        if chosen == "h2":
            return  # tests/test_http2.py
        raw.send(request("GET", "/health", raw.authority))
        assert raw.reply().status == 200


def test_certificate_is_good_for_all_names_of_this_machine(wire):
    port = wire.url("https").rsplit(":", 1)[1]
    for name in ("localhost", "127.0.0.1", "::1"):
        plain = socket.create_connection(("127.0.0.1", int(port)), 30)
        with wire.tls.wrap_socket(plain, server_hostname=name) as tls:
            assert tls.version() == "TLSv1.3"
    plain = socket.create_connection(("127.0.0.1", int(port)), 30)
    with pytest.raises(ssl.SSLCertVerificationError):
        wire.tls.wrap_socket(plain, server_hostname="example.com")


# --- caps, deadlines, the end --------------------------------------------------------------------

def is_welcome(server, scheme):
    try:
        with connect(server, scheme) as raw:
            raw.send(request("GET", "/health", raw.authority))
            return raw.reply().status == 200
    except (OSError, AssertionError):
        return False


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("cap", ["connections", "connections-per-address"])
def test_one_connection_too_many_is_told_so(cap, scheme):
    with hasty(f"--limit-{cap}", 16) as server:
        held = [connect(server, scheme) for _ in range(16)]
        for raw in held:  # each has been accepted when it was answered
            raw.send(request("GET", "/health", raw.authority))
            assert raw.reply().status == 200
        with connect(server, scheme) as surplus:
            reply = surplus.reply()
            assert (reply.status, reply.fields["connection"]) == (503, "close")
            assert int(reply.fields["retry-after"]) > 0
            assert reply.json()["error"]["code"] == "ServiceUnavailable"
            assert surplus.ends()
        for raw in held[:2]:  # who was inside stays; who leaves makes room
            raw.send(request("GET", "/health", raw.authority, Connection="close"))
            assert raw.reply().status == 200 and raw.ends()
        while not is_welcome(server, scheme):
            time.sleep(0.01)  # what was turned away may still be on its way out
        for raw in held:
            raw.socket.close()
        assert server.stop() == 0


def trickle(raw, data, stop):
    """Sends byte by byte until told to stop, without ever looking idle."""
    try:
        for byte in data:
            raw.send(bytes([byte]))
            if stop.wait(0.05):
                break
    except OSError:
        pass


@pytest.mark.parametrize("what", ["head", "body"])
def test_a_trickle_is_cut_off(what):
    """Deadlines are absolute: bytes do not renew them."""
    with hasty("--limit-head-s", 1, "--limit-body-grace-s", 1, "--limit-body-bytes-per-s",
               1000) as server, Raw(server.url()) as raw:
        data = get(b"X: " + b"y" * 5000)
        if what == "body":
            raw.send(post(b"Content-Length: 5000"))
            data = b"z" * 5000
        stop = threading.Event()
        thread = threading.Thread(target=trickle, args=(raw, data, stop))
        thread.start()
        reply = raw.reply()
        stop.set()
        thread.join()
        assert (reply.status, reply.fields["connection"]) == (408, "close")
        assert reply.json()["error"]["code"] == "RequestTimeout"
        assert raw.ends()


def test_silence_is_cut_off():
    with hasty("--limit-head-s", 1, "--limit-idle-s", 1) as server:
        with Raw(server.url()) as raw:
            raw.send(request("GET", "/health", raw.authority))
            assert raw.reply().status == 200 and raw.ends()
        # Over TLS a client that says nothing must not even get to its first request.
        with Raw(server.url("https")) as raw:
            assert raw.ends()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_that_does_not_read_is_dropped(scheme):
    with hasty("--limit-reply-s", 1, "--limit-page-bytes", 4194304, "--limit-reply-bytes",
               50_000_000, "--limit-request-bytes", 100_000_000) as server:
        with Raw(server.url()) as raw:
            for _ in range(40):
                create(raw, displayName="z" * 100_000)
        with connect(server, scheme) as raw:
            raw.send(request("GET", SET, raw.authority) * 20)  # 80 MB; no socket holds that
            poll = select.poll()
            poll.register(raw.socket, select.POLLRDHUP)
            assert poll.poll(30_000), "the server still waits for somebody to read"
            assert len(raw.everything()) < 80_000_000
        assert server.stop() == 0


def wait_until_refused(server):
    """Until the listener is closed; each attempt that still succeeds is one more to try."""
    while True:
        try:
            Raw(server.url()).socket.close()
        except OSError:
            return


def test_sigterm_finishes_what_is_in_flight():
    # One thread: what is answered here has been read behind what was sent there.
    with hasty("--threads", 1) as server, Raw(server.url()) as busy, Raw(server.url()) as idle:
        idle.send(request("GET", "/health", idle.authority))
        assert idle.reply().status == 200
        body = b'{"displayName":"in flight"}'
        busy.send(request("POST", SET, busy.authority, body)[:-5])
        idle.send(request("GET", "/health", idle.authority))
        assert idle.reply().status == 200
        server.process.send_signal(signal.SIGTERM)
        wait_until_refused(server)
        assert idle.ends()
        busy.send(body[-5:])
        reply = busy.reply()
        assert (reply.status, reply.fields["connection"]) == (201, "close")
        assert busy.ends()
        assert server.process.wait(60) == 0


def test_sigterm_does_not_wait_for_ever():
    with hasty("--limit-drain-s", 1, "--limit-head-s", 600) as server, Raw(server.url()) as raw:
        raw.send(b"GET /health HTTP/1.1\r\nHo")
        assert server.stop() == 0
        assert raw.ends()


# --- the memory of all ---------------------------------------------------------------------------

MEBIBYTE = 1 << 20


def resident_bytes(server):
    """What it takes of the machine; 0 under a sanitizer, which keeps what was freed."""
    program = server.binary.read_bytes()
    if b"__asan_init" in program or b"__tsan_init" in program:
        return 0
    for line in open(f"/proc/{server.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


class Bystander(threading.Thread):
    """A client that asks for little things all the time, and keeps every status but 2xx."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over, self.count, self.others = server, threading.Event(), 0, []

    def run(self):
        body = json.dumps({"displayName": "small"}).encode()
        while not self.over.is_set():
            with connect(self.server) as raw:
                for sent in (request("GET", "/health", raw.authority),
                             request("POST", SET, raw.authority, body),
                             request("GET", SET + "?$top=5", raw.authority)):
                    raw.send(sent)
                    reply = raw.reply()
                    self.count += 1
                    if not 200 <= reply.status < 300:
                        self.others.append(reply)

    def end(self):
        self.over.set()
        self.join(timeout=30)
        assert not self.others, self.others[:3]
        assert self.count > 50


def test_300_bodies_without_an_end_cost_no_more_than_the_limit():
    """Without a token, each a byte short of the largest body: most are told 503, in order; what
    else is small is answered all the while, and afterwards large bodies are taken again."""
    limit = 64 * MEBIBYTE
    body = b"[" + b" " * (4 * MEBIBYTE - 1)
    with hasty("--threads", "2", "--limit-memory-bytes", limit) as server:
        before = resident_bytes(server)
        bystander = Bystander(server)
        bystander.start()
        held, most = [], 0
        for _ in range(300):
            raw = connect(server)
            head = request("POST", SET, raw.authority, Content_Type="application/json",
                           Content_Length=len(body))
            held.append(raw)
            with contextlib.suppress(OSError):  # refused, and not waited for until all was sent
                raw.send(head + body[:-1])
            most = max(most, resident_bytes(server) - before)
        bystander.end()
        refused, deadline = [], time.monotonic() + 20
        while len(refused) <= 280 and time.monotonic() < deadline:
            time.sleep(0.1)
            refused = [raw for raw in held if select.select([raw.socket], [], [], 0)[0]]
        assert 280 < len(refused) < 299
        for raw in refused:
            reply = raw.reply()
            assert (reply.status, reply.fields["retry-after"]) == (503, "1"), reply
            assert reply.json()["error"]["code"] == "ServiceUnavailable"
        assert most < limit, most
        server.wait_for_event("memory_short")
        for raw in held:
            raw.socket.close()
        deadline = time.monotonic() + 20
        status = 503
        while status == 503 and time.monotonic() < deadline:
            with connect(server) as raw:
                raw.send(request("POST", SET, raw.authority, body))
                status = raw.reply().status
        assert status == 400
        assert server.stop() == 0
        assert_no_5xx(server)


def test_answers_that_nobody_reads_cost_no_more_than_the_limit():
    limit = 64 * MEBIBYTE
    with hasty("--threads", "2", "--limit-memory-bytes", limit) as server:
        with connect(server) as raw:
            for _ in range(12):
                create(raw, displayName="x" * 100_000)
        before = resident_bytes(server)
        bystander = Bystander(server)
        held = []
        for n in range(100):
            raw = Raw.__new__(Raw)
            raw.socket = socket.socket()
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            host, port = server.url().removeprefix("http://").split(":")
            raw.socket.connect((host, int(port)))
            raw.socket.sendall(request("GET", SET, f"{host}:{port}"))
            held.append(raw)
            if n == 0:
                bystander.start()
        time.sleep(2)
        most = resident_bytes(server) - before
        bystander.over.set()
        bystander.join(timeout=30)
        assert most < 1.5 * limit
        assert {reply.status for reply in bystander.others} <= {503}
        for raw in held:
            raw.socket.close()
        assert server.stop() == 0


# --- HTTP/1.0 ------------------------------------------------------------------------------------

def test_http_1_0_without_host_is_asked_for_by_its_address(wire):
    with connect(wire) as raw:
        create(raw, displayName="old")
        raw.send(f"GET {SET}?$top=1 HTTP/1.0\r\n\r\n".encode())
        reply = raw.reply()
        assert reply.status == 200
        assert reply.json()["@odata.context"].startswith(f"http://{raw.authority}/beta/")


def test_a_host_longer_than_any_name_is_refused(wire):
    with connect(wire) as raw:
        raw.send(request("GET", "/health", "a" * 256))
        assert raw.reply().status == 400


# --- Strict-Transport-Security -------------------------------------------------------------------

@pytest.mark.parametrize("choice, host, told", [
    ("on", None, True), ("auto", "connectord.example", True), ("auto", None, False),
    ("off", "connectord.example", False)])
def test_hsts(tmp_path, choice, host, told):
    """Over TLS alone, and unasked not for names of this machine, where it would lock out all else."""
    with Server(tmp_path, "--hsts", choice) as server:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        for scheme, tls in (("https", trusting), ("http", None)):
            with Raw(server.url(scheme), tls) as raw:
                raw.send(request("GET", "/beta/deviceManagement", host or raw.authority))
                field = raw.reply().fields.get("strict-transport-security")
                assert field == ("max-age=31536000" if told and scheme == "https" else None)
