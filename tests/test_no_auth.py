"""--no-auth: whose requests need no token, and whose do.

A page in a browser can be led to a developer's server by a name of the attacker's (DNS rebinding);
the Host field then holds that name."""
import httpx
import pytest

from server_process import Server

SET = "/beta/deviceManagement/ndesConnectors"


@pytest.fixture(scope="module")
def url():
    with Server(None, "--no-auth", "--tls-name", "connectord.test") as server:
        yield server.url()


@pytest.mark.parametrize("host, status", [
    (None, 200),
    ("localhost", 200),
    ("localhost:9999", 200),          # a forwarded port
    ("127.0.0.1", 200),
    ("127.1.2.3:80", 200),
    ("[::1]:8080", 200),
    ("app.localhost", 200),
    ("evil.example", 401),
    ("127.0.0.1.evil.example", 401),
    ("localhost.evil.example", 401),
    ("127.0.0.1-evil.example:8080", 401),
    ("evillocalhost", 401),
    ("[::2]:8080", 401),
])
def test_host(url, host, status):
    headers = {"Host": host} if host else {}
    reply = httpx.get(url + SET, headers=headers, trust_env=False)
    assert reply.status_code == status
    reply = httpx.post(url + SET, json={}, headers=headers, trust_env=False)
    assert reply.status_code == (201 if status == 200 else 401)


def test_any_means_any():
    with Server(None, "--no-auth=any") as server:
        reply = httpx.get(server.url() + SET, headers={"Host": "evil.example"}, trust_env=False)
        assert reply.status_code == 200


def test_a_token_is_still_checked(url):
    reply = httpx.get(url + SET, headers={"Authorization": "Bearer x.y.z"}, trust_env=False)
    assert reply.status_code == 401
