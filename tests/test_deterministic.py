"""--deterministic: one seed and the same requests give the same bytes, fields and all.

The bytes are read off a socket. Both runs listen on one port, one after the other, since a server
says its address in what it answers. What is secret is made by chance all the same: runs that are
to make the same tokens are given the same keys."""
import json
import re
import shutil

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from ports import free_port
from raw_http import Raw, request
from server_process import DEFAULT_TENANT, Server
from tenant import DOMAIN_JOIN, EXCHANGE, NDES, Tenant

JWT = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")
FLAKY = {"rules": [
    {"name": "some", "when": {"path": "*/ndesConnectors", "rate": 0.5},
     "answer": {"error": "429.intune"}},
    {"name": "slow", "when": {"method": "GET", "rate": 0.3}, "delay": {"min": "1ms", "max": "9ms"}}]}


class Conversation:
    """Requests one after another on one connection, and all that was answered."""

    def __init__(self, url):
        self.raw = Raw(url)
        self.answers = []
        self.token = None

    def ask(self, method, target, body=None, **fields):
        """`body` is sent as JSON unless it is bytes."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        fields = {"Authorization": self.token and f"Bearer {self.token}", **fields}
        self.raw.send(request(method, target, self.raw.authority, body, **fields))
        answer = self.raw.reply(method)
        lines = [f"{name}: {value}" for name, value in answer.fields.items()]
        self.answers.append("\n".join([f"{method} {target}", str(answer.status), *lines, ""]).encode()
                            + answer.body)
        return answer


def converse(url):
    """A bit of everything; the answers."""
    talk = Conversation(url)
    form = (f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"
            "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default").encode()
    talk.token = talk.ask("POST", f"/{DEFAULT_TENANT}/oauth2/v2.0/token", form,
                          Content_Type="application/x-www-form-urlencoded").json()["access_token"]
    made = [talk.ask("POST", NDES, {"displayName": f"NDES-{n}"}).json()["id"] for n in range(5)]
    talk.ask("POST", EXCHANGE, {"serverName": "mail"})
    page = talk.ask("GET", f"{NDES}?$top=2").json()
    while "@odata.nextLink" in page:
        page = talk.ask("GET", page["@odata.nextLink"].removeprefix(url)).json()
    talk.ask("PATCH", f"{NDES}/{made[1]}", {"state": "inactive"})
    talk.ask("GET", f"{NDES}/{made[1]}")
    talk.ask("GET", f"{NDES}/{made[1]}x")
    talk.ask("POST", NDES, {"state": "odd"})
    talk.ask("GET", NDES, Authorization=None)
    talk.ask("DELETE", f"{NDES}/{made[0]}")

    talk.ask("PUT", "/_connectord/faults", FLAKY)
    drawn = [talk.ask("GET", NDES).status for _ in range(40)]
    talk.ask("GET", "/_connectord/faults")
    talk.ask("DELETE", "/_connectord/faults")
    talk.ask("PUT", "/_connectord/policy", {"domainJoinConnectors": {"on": True}})
    talk.ask("POST", DOMAIN_JOIN, {"displayName": "ODJ"})
    talk.ask("PUT", "/_connectord/clock", {"advance": "2h"})
    talk.ask("GET", DOMAIN_JOIN)
    talk.ask("GET", "/_connectord/policy")
    talk.ask("GET", "/_connectord/export")
    box = talk.ask("POST", "/_connectord/sandbox", {"lifetime": "1h", "seed": "demo"}).json()
    talk.token = box["access_token"]
    talk.ask("GET", NDES)
    talk.ask("POST", NDES, {})
    talk.ask("GET", f"/_connectord/tenants/{box['tenant']}/export")
    talk.ask("POST", f"/_connectord/tenants/{box['tenant']}/reset")
    talk.ask("GET", NDES)
    assert {200, 429} <= set(drawn)
    return talk.answers


def run_once(seed, port, folder, *flags):
    listen = f"127.0.0.1:{port}"
    with Server(folder, "--listen", listen, "--deterministic", seed, *flags) as server:
        answers = converse(server.url())
        assert server.stop() == 0
    return answers


def differences(one, other):
    return [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]


@pytest.fixture(scope="module", name="keys")
def some_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    with Server(folder, "--memory") as server:
        server.token()  # made when they are first needed
        assert server.stop() == 0
    return folder / "keys"


def with_keys(keys, folder):
    shutil.copytree(keys, folder / "keys")
    return folder


@pytest.mark.parametrize("flags", [[], ["--memory"], ["--threads", "4"]], ids=str)
def test_the_same_bytes(keys, tmp_path, flags):
    port, answers = free_port(), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        folder = with_keys(keys, tmp_path / name)
        answers.append(run_once("tuesday", port, folder, *flags))
    assert differences(*answers) == []
    head = answers[0][0]
    assert b"Mon, 01 Jan 2024 00:00:00 GMT" in head


def test_without_keys_all_but_the_tokens(tmp_path):
    port = free_port()
    answers = [[JWT.sub(b"(token)", each) for each in run_once("tuesday", port, None)]
               for _ in range(2)]
    assert differences(*answers) == []


def entity_ids(answers):
    return {one for each in answers for one in re.findall(rb'"id":"([0-9a-f-]{36})"', each)
            if one[14:15] == b"7"}  # those that the server made


def statuses(answers):
    return [each.split(b"\n")[1] for each in answers]


def test_another_seed_differs(tmp_path):
    port = free_port()
    one, other = (run_once(seed, port, None) for seed in ("tuesday", "wednesday"))
    assert entity_ids(one) and not entity_ids(one) & entity_ids(other)
    assert statuses(one) != statuses(other), "forty draws"
    alike = [pair[0] for pair in zip(one, other, strict=True) if pair[0] == pair[1]]
    assert alike == [], "each answer has a request id"


def test_tokens_for_either_time(tmp_path):
    """The server's are made for its own time; what `connectord token` makes is for the machine's."""
    with Server(tmp_path, "--deterministic", "x") as server:
        talk = Conversation(server.url())
        talk.token = talk.ask("POST", "/_connectord/token", {}).json()["access_token"]
        assert talk.ask("GET", NDES).status == 200
        talk.token = server.token()
        assert talk.ask("GET", NDES).status == 200
        talk.token = server.token("--ttl", "-60")
        assert talk.ask("GET", NDES).status == 401
        assert server.stop() == 0


def test_its_time_stands_still(tmp_path):
    with Server(tmp_path, "--deterministic", "x") as server:
        with Tenant(server.url()) as tenant:
            start = "2024-01-01T00:00:00Z"
            assert tenant.clock()["now"] == start
            key = tenant.make(EXCHANGE)["id"]
            tenant.ask("POST", f"{EXCHANGE}/{key}/sync", json={"syncType": "fullSync"})
            assert tenant.get(f"{EXCHANGE}/{key}")["lastSyncDateTime"] == start
            assert tenant.clock(advance="1d")["now"] == "2024-01-02T00:00:00Z"
            assert tenant.control("POST", "/reset") == {"entities": 0}
            assert tenant.clock()["now"] == start
        assert server.stop() == 0
