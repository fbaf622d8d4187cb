"""Proxies: what a trusted one says counts, what anybody else says does not; and a real nginx."""
import os
import shutil
import signal
import socket
import subprocess
import time

import httpx
import pytest

from conftest import log_in
from ports import free_port
from server_process import DEFAULT_TENANT, Server, run
from tenant import NDES

PUBLIC = "https://graph.example"
OPENID = f"/{DEFAULT_TENANT}/v2.0/.well-known/openid-configuration"
FLAGS = ["--public-url", PUBLIC, "--allow-default-client"]


def started(folder, *flags):
    return Server(folder, *FLAGS, *flags)


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    with started(tmp_path_factory.mktemp("data"), "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy",
                 "127.0.0.1", "--control", "loopback") as server:
        server.bearer = server.token()
        yield server
        assert server.stop() == 0


def ask(server, target, fields, token=True, scheme="http"):
    headers = dict(fields)
    if token:
        headers["Authorization"] = f"Bearer {server.bearer}"
    return httpx.get(server.url(scheme) + target, headers=headers, trust_env=False,
                     verify=scheme != "https")  # whose certificate it is has its own tests


def context(server, fields, scheme="http"):
    """What addresses begin with."""
    reply = ask(server, NDES, fields, scheme=scheme)
    assert reply.status_code == 200, reply.text
    start, rest = reply.json()["@odata.context"].split("/beta/$metadata")
    assert rest == "#deviceManagement/ndesConnectors"
    return start


@pytest.mark.parametrize("fields, start", [
    ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.example"}, PUBLIC),
    ({"X-Forwarded-Proto": "https", "Host": "graph.example"}, PUBLIC),
    ({"X-Forwarded-Host": "graph.example"}, PUBLIC),  # the only origin of that name
    ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "other.example"}, "https://other.example"),
    ({"X-Forwarded-Proto": "http", "X-Forwarded-Host": "other.example", "X-Forwarded-Port": "81"},
     "http://other.example:81"),
    ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.example", "X-Forwarded-Prefix": "/graph"},
     f"{PUBLIC}/graph"),
    ({"Forwarded": 'for=192.0.2.1;proto=https;host="other.example:8443"'}, "https://other.example:8443"),
    ({"Forwarded": "proto=https;host=graph.example", "X-Forwarded-Host": "evil.example"}, PUBLIC),
    ({"Forwarded": "for=1.2.3.4;host=evil.example;proto=http, for=5.6.7.8;host=graph.example;proto=https"},
     PUBLIC),
    ({"Forwarded": "for=5.6.7.8;host=graph.example;proto=https, for=10.1.2.3;host=inner.example;proto=http"},
     PUBLIC),
], ids=str)
def test_what_a_trusted_proxy_says(trusting, fields, start):
    assert context(trusting, fields) == start
    reply = ask(trusting, f"{NDES}?$top=1&$count=true", fields)
    assert reply.status_code == 200


@pytest.mark.parametrize("fields", [
    {"X-Forwarded-Host": "evil.example/path"}, {"X-Forwarded-Proto": "gopher"},
    {"Forwarded": "host=a.example;host=b.example"}, {"X-Forwarded-Prefix": "//evil.example"},
    {"Forwarded": "?", "X-Forwarded-Host": "evil.example"}, {}], ids=str)
def test_what_cannot_be_read_counts_as_not_said(trusting, fields):
    assert context(trusting, fields) == trusting.url("http")


def test_https_that_came_in_as_http(trusting):
    assert context(trusting, {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "a.example"}, "https") == \
        "http://a.example"


def test_location_and_the_next_page(trusting):
    fields = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.example", "X-Forwarded-Prefix": "/g",
              "Authorization": f"Bearer {trusting.bearer}"}
    with httpx.Client(base_url=trusting.url(), headers=fields, trust_env=False) as http:
        made = [http.post(NDES, json={}) for _ in range(2)]
        for reply in made:
            assert reply.headers["location"] == f"{PUBLIC}/g{NDES}('{reply.json()['id']}')"
        link = http.get(f"{NDES}?$top=1").json()["@odata.nextLink"]
        assert link.startswith(f"{PUBLIC}/g{NDES}?")
        assert http.get(link.removeprefix(f"{PUBLIC}/g")).status_code == 200


def test_tokens_for_known_origins_alone(trusting):
    known = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.example", "X-Forwarded-Prefix": "/g"}
    document = ask(trusting, OPENID, known, token=False).json()
    assert document["issuer"] == f"{PUBLIC}/{DEFAULT_TENANT}/v2.0"
    assert document["token_endpoint"] == f"{PUBLIC}/g/{DEFAULT_TENANT}/oauth2/v2.0/token"
    with httpx.Client(base_url=trusting.url(), headers=known, trust_env=False) as http:
        token = log_in(http).json()["access_token"]
        assert http.get(NDES, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    unknown = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert ask(trusting, OPENID, unknown, token=False).status_code == 400
    with httpx.Client(base_url=trusting.url(), headers=unknown, trust_env=False) as http:
        assert log_in(http).status_code == 400


def test_hsts_is_for_what_the_client_sees(trusting):
    secure = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "graph.example"}
    assert "strict-transport-security" in ask(trusting, NDES, secure).headers
    for fields in ({}, {**secure, "X-Forwarded-Host": "localhost"}, {**secure, "X-Forwarded-Proto": "http"}):
        assert "strict-transport-security" not in ask(trusting, NDES, fields).headers, fields


@pytest.mark.parametrize("name, value", [
    ("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"), ("X-Forwarded-Host", "localhost"),
    ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "80"), ("X-Forwarded-Prefix", "/a")])
def test_the_control_api_stays_at_home(trusting, name, value):
    assert ask(trusting, "/_connectord/clock", {}).status_code == 200
    assert ask(trusting, "/_connectord/clock", {name: value}).status_code == 403


@pytest.mark.parametrize("flags", [[], ["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1"]], ids=str)
def test_what_a_stranger_says(tmp_path, flags):
    with started(tmp_path, *flags) as server:
        server.bearer = server.token()
        for fields in ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
                        "X-Forwarded-Port": "1", "X-Forwarded-Prefix": "/evil"},
                       {"Forwarded": "for=10.0.0.1;host=evil.example;proto=https"}):
            reply = ask(server, NDES, fields)
            assert reply.json()["@odata.context"].startswith(server.url() + "/beta/")
            assert "strict-transport-security" not in reply.headers
            document = ask(server, OPENID, fields, token=False).json()
            assert document["token_endpoint"].startswith(server.url() + "/")


@pytest.mark.parametrize("value", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "*", "10.0.0.1:80", "[::1]"])
def test_a_proxy_that_is_none(value):
    ended = run("config", "check", "--trusted-proxy", value, check=False)
    assert ended.returncode in (2, 78)
    assert f"found '{value}'" in ended.stderr


# --- nginx ---------------------------------------------------------------------------------------

CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream connectord {{ server {upstream}; keepalive 8; }}
    map $uri $prefix {{ ~^/graph/ /graph; default ""; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header Forwarded "";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Port "";
    proxy_set_header X-Forwarded-Prefix $prefix;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://connectord; }}
        location /graph/ {{ proxy_pass http://connectord/; }}
    }}
}}
"""


@pytest.fixture
def nginx(tmp_path):
    """connectord behind it, which answers for nginx's address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Server(tmp_path / "data", "--public-url", url, "--trusted-proxy", "127.0.0.1") as server:
        (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(
            folder=tmp_path, port=port, upstream=server.url().removeprefix("http://")))
        process = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"),
                                    "-e", str(tmp_path / "error.log"), "-g", "daemon off; master_process off;"])
        try:
            for _ in range(200):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
                http.url = url
                yield http
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=20)
        assert server.stop() == 0


@pytest.mark.skipif(not shutil.which("nginx"), reason="the proxy is nginx")
@pytest.mark.parametrize("prefix", ["", "/graph"])
def test_nginx(nginx, prefix):
    nginx.headers["X-Forwarded-Host"] = "evil.example"  # nginx writes its own over it
    nginx.headers["Forwarded"] = "host=evil.example"
    token = nginx.post(f"{prefix}/{DEFAULT_TENANT}/oauth2/v2.0/token", data={
        "grant_type": "client_credentials", "client_id": "00000000-0000-4000-8000-0000000000c1",
        "client_secret": "connectord", "scope": f"{nginx.url}/.default"}).json()["access_token"]
    nginx.headers["Authorization"] = f"Bearer {token}"
    made = [nginx.post(prefix + NDES, json={"displayName": "x" * 100}).json()["id"] for _ in range(12)]
    seen, link = [], f"{nginx.url}{prefix}{NDES}?$top=5"
    while link:
        assert link.startswith(f"{nginx.url}{prefix}/beta/")
        page = nginx.get(link).json()
        seen += [each["id"] for each in page["value"]]
        link = page.get("@odata.nextLink")
    assert seen == made
    whole = nginx.get(prefix + NDES)
    assert whole.headers["content-encoding"] == "gzip" and len(whole.json()["value"]) == 12
    assert nginx.get(prefix + "/_connectord/clock").status_code == 403
