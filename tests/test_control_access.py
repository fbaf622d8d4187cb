"""Who may use the control API: this machine by its own names, unless it was opened to everybody."""
import json
import os
import shutil
import subprocess
import uuid

import httpx
import pytest

from raw_http import Raw, request
from server_process import DEFAULT_TENANT, Server, clean_environment, run
from tenant import NDES
from test_dist import CLIENT_ADDRESS, SERVER_ADDRESS, network  # noqa: F401, a fixture

CONTROL = "/_connectord/clock"
ADDRESSES = [
    ("GET", ""), ("GET", "/"), ("GET", "/clock"), ("PUT", "/clock"), ("GET", "/faults"),
    ("PUT", "/faults"), ("DELETE", "/faults"), ("GET", "/faults/personas"), ("GET", "/requests"),
    ("DELETE", "/requests"), ("POST", "/requests/verify"), ("GET", "/policy"), ("PUT", "/policy"),
    ("POST", "/reset"), ("POST", "/seed"), ("GET", "/export"), ("POST", "/token"),
    ("POST", "/sandbox"), ("GET", "/openapi.json"), ("DELETE", f"/tenants/{uuid.uuid4()}"),
    ("GET", f"/tenants/{DEFAULT_TENANT}/clock"),
]

takes_root = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("ip", "curl"))) or
    subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL,
                   check=False).returncode != 0,
    reason="namespaces take root, iproute2 and a kernel that lets us; the client is curl")


@pytest.mark.parametrize("flags", [["--control", "off"], ["--builtin-issuer", "off"]], ids=str)
def test_not_there(tmp_path, flags):
    """As any version that does not exist, to the byte but for the name and what is each request's."""
    with Server(tmp_path, *flags) as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as http:
            def told(method, target):
                reply = http.request(method, target, json={})
                error = reply.json()["error"]
                return reply.status_code, error["code"], error["message"].replace("_connectord", "x")

            for method, path in ADDRESSES:
                assert told(method, f"/_connectord{path}") == told(method, f"/x{path}"), path
                assert told(method, f"/_connectord{path}")[0] == 404
        assert server.stop() == 0


def ask(server, **fields):
    with Raw(server.url()) as raw:
        raw.send(request("GET", CONTROL, raw.authority, **fields))
        return raw.reply()


def test_web_pages_are_refused(server):
    own = server.url()
    port = own.rsplit(":", 1)[1]
    for origin in (own, f"http://localhost:{port}", server.url("https")):
        assert ask(server, Origin=origin).status == 200, origin
    for origin in ("https://evil.test", "null", own + ".evil.test", f"http://127.0.0.1:{port}0",
                   "http://localhost", ""):
        refused = ask(server, Origin=origin)
        assert refused.status == 403, origin
        assert "access-control-allow-origin" not in refused.fields
    # A name that somebody made point here asks for that name.
    port = own.rsplit(":", 1)[1]
    for host in ("evil.test", f"evil.test:{port}", f"localhost.evil.test:{port}", "10.0.0.1"):
        assert ask(server, Host=host).status == 403, host
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost:9"):
        assert ask(server, Host=host).status == 200, host


@pytest.mark.parametrize("field", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host",
                                   "X-Forwarded-Proto", "X-Real-IP"])
def test_what_a_proxy_brings_is_refused(server, field):
    """It asks from this machine, for whoever asked it."""
    assert ask(server).status == 200
    assert ask(server, **{field.replace("-", "_"): "203.0.113.9"}).status == 403


def test_any_is_not_any_name(tmp_path):
    """A page whose name was pointed at this server is of the same origin, to a browser."""
    with Server(tmp_path, "--control", "any", "--tls-name", "tests.example") as server:
        port = server.url().rsplit(":", 1)[1]
        for host in (f"evil.test:{port}", "evil.test", f"tests.example.evil.test:{port}"):
            assert ask(server, Host=host).status == 403, host
        for host in (f"tests.example:{port}", "tests.example", f"192.0.2.7:{port}", f"[::1]:{port}",
                     "localhost:9"):
            assert ask(server, Host=host).status == 200, host
        assert ask(server, X_Forwarded_For="203.0.113.9").status == 200
        assert server.stop() == 0


@pytest.mark.parametrize("method, content_type", [
    ("POST", "text/plain"), ("POST", "application/x-www-form-urlencoded"),
    ("POST", "multipart/form-data; boundary=x"), ("POST", None)])
def test_what_a_form_could_send_is_refused(server, method, content_type):
    """Those that a browser sends without asking first."""
    export = server.url() + "/_connectord/export"
    httpx.post(server.url() + "/_connectord/seed", trust_env=False,
               json={"ndesConnectors": [{"displayName": "survives"}]}).raise_for_status()
    before = httpx.get(export, trust_env=False).text
    with Raw(server.url()) as raw:
        raw.send(request(method, "/_connectord/reset", raw.authority, b"{}",
                         Content_Type=content_type))
        assert raw.reply().status in (400, 415)
    assert "survives" in before
    assert httpx.get(export, trust_env=False).text == before


# --- another machine -----------------------------------------------------------------------------

class Exposed:
    """A server in one namespace, reached from itself and from another."""

    def __init__(self, spaces, folder, *flags):
        self.here, self.there = spaces
        self.server = Server(folder, "--listen", f"{SERVER_ADDRESS}:8080", "--listen",
                             "127.0.0.1:8080", "--builtin-issuer", "on", "--allow-default-client",
                             *flags, prefix=["ip", "netns", "exec", self.here])

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()

    def curl(self, space, url, *words):
        done = subprocess.run(
            ["ip", "netns", "exec", space, "curl", "-s", "-w", "\n%{http_code}", *words, url],
            text=True, capture_output=True, timeout=60, env=clean_environment())
        assert done.returncode == 0, done
        body, status = done.stdout.rsplit("\n", 1)
        return int(status), json.loads(body)

    def remote(self, *words, name=SERVER_ADDRESS):
        return self.curl(self.there, f"http://{SERVER_ADDRESS}:8080{CONTROL}", "-H",
                         f"Host: {name}:8080", *words)

    def local(self, *words):
        return self.curl(self.here, f"http://127.0.0.1:8080{CONTROL}", *words)


@takes_root
def test_another_machine_is_refused(network, tmp_path):  # noqa: F811
    with Exposed(network, tmp_path, "--control", "loopback") as exposed:
        for name in (SERVER_ADDRESS, "localhost", "127.0.0.1"):
            status, body = exposed.remote(name=name)
            assert (status, list(body)) == (403, ["error"]), name
        status, _ = exposed.remote("-H", "X-Forwarded-For: 127.0.0.1", "-H",
                                   "Forwarded: for=127.0.0.1")
        assert status == 403
        assert exposed.local()[0] == 200
        # Its own address is no loopback address either.
        status, _ = exposed.curl(exposed.here, f"http://{SERVER_ADDRESS}:8080{CONTROL}")
        assert status == 403


@takes_root
def test_by_itself_it_is_off_where_others_reach_it(network, tmp_path):  # noqa: F811
    with Exposed(network, tmp_path) as exposed:
        assert exposed.remote()[0] == 404
        assert exposed.local()[0] == 404


@takes_root
def test_opened_to_everybody(network, tmp_path):  # noqa: F811
    with Exposed(network, tmp_path, "--control", "any") as exposed:
        status, clock = exposed.remote("-X", "PUT", "-H", "Content-Type: application/json", "-d",
                                       '{"set":"2030-01-01T00:00:00Z","freeze":true}')
        assert (status, clock["now"]) == (200, "2030-01-01T00:00:00Z")
        assert {**exposed.local()[1], "removed": 0} == clock
        assert exposed.remote("-H", "Origin: https://evil.test")[0] == 403
        assert exposed.remote("-H", f"Origin: http://{CLIENT_ADDRESS}:8080")[0] == 403


# --- what it says of itself ----------------------------------------------------------------------

def test_what_there_is(server):
    with httpx.Client(base_url=server.url(), trust_env=False) as http:
        about = http.get("/_connectord/").json()
        assert DEFAULT_TENANT in json.dumps(about)
        described = http.get("/_connectord/openapi.json").json()
        assert described["openapi"].startswith("3.1")
        paths = {path.removeprefix("/_connectord") for path in described["paths"]}
        for _, path in ADDRESSES:
            if path not in ("", "/", "/openapi.json") and not path.startswith("/tenants"):
                assert any(each == path or each.endswith(path) for each in paths), path
        unknown = f"/_connectord/tenants/{uuid.uuid4()}"
        for method, path in (("GET", "/clock"), ("PUT", "/clock"), ("GET", "/export"),
                             ("GET", "/requests"), ("POST", "/reset"), ("GET", "/policy")):
            assert http.request(method, unknown + path, json={}).status_code == 404, path
        assert http.get("/_connectord/nothing").status_code == 404
        assert http.request("PATCH", "/_connectord/clock", json={}).status_code == 405


def test_a_token_as_it_was_asked_for(server):
    with httpx.Client(base_url=server.url(), trust_env=False) as http:
        app = str(uuid.uuid4())
        made = http.post("/_connectord/token", json={
            "app": app, "roles": ["DeviceManagementConfiguration.Read.All"],
            "lifetime": "30m"}).json()
        assert (made["token_type"], made["expires_in"]) == ("Bearer", 1800)
        headers = {"Authorization": f"Bearer {made['access_token']}"}
        assert http.get(NDES, headers=headers).status_code == 200
        assert http.post(NDES, headers=headers, json={}).status_code == 403
        seen = http.get("/_connectord/requests", params={"app": app}).json()["requests"]
        assert [(each["method"], each["status"]) for each in seen] == [("GET", 200), ("POST", 403)]


def test_a_tenant_that_the_shell_made_is_there_at_once(tmp_path):
    with Server(tmp_path) as server:
        tenant = run("tenant", "add", "--data-dir", tmp_path).stdout.strip()
        reply = httpx.get(f"{server.url()}/_connectord/tenants/{tenant}/clock", trust_env=False)
        assert reply.status_code == 200
        assert server.stop() == 0
