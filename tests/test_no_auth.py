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


@pytest.fixture(scope="module")
def any_url():
    with Server(None, "--no-auth=any") as server:
        yield server.url()


def test_any_means_any(any_url):
    reply = httpx.get(any_url + SET, headers={"Host": "evil.example"}, trust_env=False)
    assert reply.status_code == 200


def test_a_token_is_still_checked(url):
    reply = httpx.get(url + SET, headers={"Authorization": "Bearer x.y.z"}, trust_env=False)
    assert reply.status_code == 401


PAGES = [
    ("http://localhost:5173", True),
    ("https://app.localhost", True),
    ("http://127.0.0.1:3000", True),
    ("http://[::1]:3000", True),
    ("https://evil.example", False),
    ("https://localhost.evil.example", False),
    ("http://127.0.0.1.evil.example", False),
    ("ftp://localhost", False),
    ("null", False),
]


@pytest.mark.parametrize("origin, allowed", PAGES)
@pytest.mark.parametrize("flag", ["--no-auth", "--no-auth=any"])
def test_pages(flag, origin, allowed, url, any_url):
    """Whoever may ask without a token, any page of the world could otherwise ask from his browser."""
    where = any_url if flag.endswith("any") else url
    asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    for reply in (httpx.options(where + SET, headers=asked, trust_env=False),
                  httpx.get(where + SET, headers={"Origin": origin}, trust_env=False)):
        assert reply.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert reply.headers["vary"].split(", ")[0] == "Origin"
        if reply.request.method == "OPTIONS":
            assert reply.status_code == (204 if allowed else 403)


def test_two_origins(url):
    headers = [("Origin", "http://localhost:1"), ("Origin", "https://evil.example")]
    reply = httpx.get(url + SET, headers=headers, trust_env=False)
    assert "access-control-allow-origin" not in reply.headers


def test_its_own_pages(url):
    port = url.rsplit(":", 1)[1]
    for origin, allowed in ((f"http://connectord.test:{port}", True),
                            ("http://connectord.test:1", False)):
        reply = httpx.get(url + SET, headers={"Origin": origin}, trust_env=False)
        assert reply.headers.get("access-control-allow-origin") == (origin if allowed else None)
