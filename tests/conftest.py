"""Servers that many tests share: one with its store in a file, one with its store in memory."""
import httpx
import pytest

from server_process import Server, run

CLIENT_ID = "00000000-0000-4000-8000-0000000000c1"
CLIENT_SECRET = "connectord"


@pytest.fixture(scope="session", params=["file", "memory"])
def server(request, tmp_path_factory):
    """A server per kind of store; tests on it make entities of their own and rely on no others."""
    data_dir = tmp_path_factory.mktemp("data")
    flags = [] if request.param == "file" else ["--memory"]
    with Server(data_dir, *flags) as running:
        running.store = request.param
        (data_dir / "ca-export.pem").write_text(run("ca", "export", "--data-dir", data_dir).stdout)
        running.ca_file = data_dir / "ca-export.pem"
        yield running
        assert running.stop() == 0
        failures = [e for e in running.events if e.get("event") == "request_failed"
                    and e.get("status") == 500]
        assert not failures, "a 500 is a bug of the server"


@pytest.fixture(params=["http", "https"])
def client(server, request):
    """A plain HTTP client without a token, over each transport."""
    verify = str(server.ca_file) if request.param == "https" else True
    with httpx.Client(base_url=server.url(request.param), verify=verify, timeout=30,
                      trust_env=False) as made:
        made.scheme = request.param
        yield made


def log_in(client, tenant="00000000-0000-4000-8000-000000000001", client_id=CLIENT_ID,
           secret=CLIENT_SECRET, scope="https://graph.microsoft.com/.default"):
    """The whole reply of the token endpoint."""
    return client.post(f"/{tenant}/oauth2/v2.0/token",
                       data={"grant_type": "client_credentials", "client_id": client_id,
                             "client_secret": secret, "scope": scope})
