"""Policies: by the control API, by the command line beside a running server, and without either."""
import contextlib
import json
import sqlite3
import time

import pytest

from server_process import Server, run
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def test_off_by_default_and_documented(tenant):
    told = tenant.policy()
    assert set(told) == {"domainJoinConnectors", "ndesConnectors", "exchangeConnectors", "removals"}
    policy = told["domainJoinConnectors"]
    source = policy.pop("source")
    assert policy == {"on": False, "healthy": "active", "error": "1h", "inactive": "5d",
                      "remove": "30d", "basis": "documented"}
    assert source.strip()
    policy = told["ndesConnectors"]
    assert (policy["on"], policy["healthy"], policy["inactive"], policy["remove"], policy["basis"]) \
        == (False, "active", "1d", None, "chosen")
    assert told["removals"] == []
    key = tenant.make(DOMAIN_JOIN, lastConnectionDateTime=LONG_AGO, state="active")["id"]
    assert tenant.get(f"{DOMAIN_JOIN}/{key}")["state"] == "active"


def test_what_is_not_named_stays(tenant):
    tenant.policy(domainJoinConnectors={"error": "2h", "remove": None})
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.policy(ndesConnectors={"on": True})
    told = tenant.policy()
    policy = told["domainJoinConnectors"]
    assert (policy["on"], policy["error"], policy["inactive"], policy["remove"]) == \
        (True, "2h", "5d", None)
    assert told["ndesConnectors"]["on"]
    assert not told["exchangeConnectors"]["on"]


def test_what_is_shown_may_be_put_again(tenant):
    tenant.policy(domainJoinConnectors={"on": True, "error": "90m", "inactive": None})
    shown = tenant.policy()
    answer = tenant.policy(**shown)
    assert answer == shown | {"removed": 0}
    assert tenant.policy(**answer) == answer


@pytest.mark.parametrize("body", [
    {"domainJoinConnectors": {"on": 1}}, {"domainJoinConnectors": True}, {"odd": {"on": True}},
    {"domainJoinConnectors": {"odd": "1h"}}, {"domainJoinConnectors": {"error": "soon"}},
    {"domainJoinConnectors": {"error": "-1h"}}, {"domainJoinConnectors": {"error": "0s"}},
    {"domainJoinConnectors": {"error": 3600}}, {"domainJoinConnectors": {"error": "10d"}},
    {"domainJoinConnectors": {"remove": "5d"}}, [],
])
def test_wrong_policies_change_nothing(tenant, body):
    before = tenant.policy()
    for each in (body, {"ndesConnectors": {"on": True}, **body} if body else body):
        reply = tenant.told("PUT", "/policy", each)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "BadRequest")
    assert tenant.policy() == before


@pytest.mark.parametrize("body, target, named", [
    ({"ndesConnector": {"on": True}}, "ndesConnector",
     ("domainJoinConnectors", "ndesConnectors", "exchangeConnectors")),
    ({"domainJoinConnectors": {"errors": "1h"}}, "errors", ("'error'", "'inactive'", "'remove'")),
    ({"exchangeConnectors": {"inactive": "1h"}}, "inactive", ("'disconnected'", "'remove'")),
    ({"domainJoinConnectors": {"error": "10d", "inactive": "5d"}}, "error",
     ("'error'", "10d", "5d", "'inactive'")),
    ({"domainJoinConnectors": {"remove": "5d"}}, "inactive", ("'inactive'", "5d", "'remove'")),
])
def test_a_mistake_is_told_what_there_is(tenant, body, target, named):
    error = tenant.told("PUT", "/policy", body).json()["error"]
    assert error["target"] == target
    for each in named:
        assert each in error["message"]


def test_since_when_it_is_on(tenant):
    tenant.clock(set="2024-06-10T00:00:00Z", freeze=True)
    assert "since" not in tenant.policy()["domainJoinConnectors"]
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(advance="1d")
    told = tenant.policy(domainJoinConnectors={"on": True, "since": "2020-01-01T00:00:00Z"})
    assert told["domainJoinConnectors"]["since"] == "2024-06-10T00:00:00Z"
    told = tenant.policy(domainJoinConnectors={"on": False})
    assert "since" not in told["domainJoinConnectors"]
    tenant.policy(domainJoinConnectors={"on": True})
    assert tenant.policy()["domainJoinConnectors"]["since"] == "2024-06-11T00:00:00Z"


def test_a_state_by_itself_is_the_same(tenant):
    tenant.policy(ndesConnectors={"on": True})
    key = tenant.make(NDES, lastConnectionDateTime=LONG_AGO, state="active")["id"]
    assert tenant.get(f"{NDES}/{key}")["state"] == "inactive"
    reply = tenant.ask("GET", f"{NDES}/{key}/state")
    assert reply.json()["value"] == "inactive" and "x-connectord-policy" in reply.headers
    assert tenant.ask("GET", f"{NDES}/{key}/state/$value").text == "inactive"


def test_a_state_is_filtered_as_it_is_shown(tenant):
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set="2024-06-10T00:00:00Z", freeze=True)
    dates = ["2024-06-10T00:00:00Z", "2024-06-09T12:00:00Z", "2024-06-01T00:00:00Z",
             "2024-05-01T00:00:00Z"]
    keys = [tenant.make(DOMAIN_JOIN, lastConnectionDateTime=each, displayName=str(n),
                        state="inactive")["id"] for n, each in enumerate(dates)]
    for condition, found in (
            ("state eq 'active'", [0]), ("state eq 'error'", [1]), ("state ne 'active'", [1, 2]),
            ("state eq 'inactive' or state eq 'error'", [1, 2]), ("not(state eq 'error')", [0, 2]),
            ("state eq 'error' and displayName eq '1'", [1]),
            ("state eq 'error' and displayName eq '2'", []), ("state in ('active','inactive')", [0, 2]),
            ("lastConnectionDateTime lt 2024-06-10T00:00:00Z", [1, 2])):
        page = tenant.get(f"{DOMAIN_JOIN}?$count=true&$filter={condition}")
        assert [each["id"] for each in page["value"]] == [keys[n] for n in found], condition
        assert page["@odata.count"] == len(found)
        link = tenant.get(f"{DOMAIN_JOIN}?$top=1&$filter={condition}").get("@odata.nextLink")
        rest = tenant.ids(link) if link else []
        assert rest == [keys[n] for n in found[1:2]]


# --- beside the server ---------------------------------------------------------------------------

@pytest.fixture(scope="module", name="house")
def own_server(tmp_path_factory):
    """Without the control API, and with a token of the command line's."""
    with Server(tmp_path_factory.mktemp("policy"), "--control", "off") as server:
        yield server
        assert server.stop() == 0


@pytest.fixture(name="registry")
def default_tenant(house):
    with Tenant(house.url(), token=house.token()) as tenant:
        yield tenant


def test_the_shells_policy_is_seen_by_the_next_request(house, registry):
    key = registry.make(DOMAIN_JOIN, lastConnectionDateTime=LONG_AGO, state="active")["id"]
    for _ in range(10):
        for words, state in ((("on", "remove=never"), "inactive"), (("off",), "active")):
            run("policy", "set", "domainJoinConnectors", *words, "--data-dir", house.data_dir)
            for _ in range(4):  # whichever of the server's threads answers
                with Tenant(house.url(), token=registry.token) as fresh:
                    assert fresh.get(f"{DOMAIN_JOIN}/{key}")["state"] == state


def test_without_an_issuer_a_policy_works_all_the_same(tmp_path):
    """As a registry: a server that never had a control API, whose policy another wrote."""
    with Server(tmp_path) as server:
        with Tenant(server.url()) as tenant:
            tenant.policy(domainJoinConnectors={"on": True, "remove": None})
            key = tenant.make(DOMAIN_JOIN, lastConnectionDateTime=LONG_AGO)["id"]
        assert server.stop() == 0
    with Server(tmp_path, "--control", "off") as server:
        with Tenant(server.url(), token=server.token()) as tenant:
            assert tenant.get(f"{DOMAIN_JOIN}/{key}")["state"] == "inactive"
        assert server.stop() == 0


def rows(folder, key):
    file = folder / "connectord.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute('SELECT count(*) FROM "entity_deviceManagementDomainJoinConnector" '
                          'WHERE id = ?', (key,)).fetchone()[0]


def test_time_alone_removes(house, registry):
    """The server looks by itself: nobody moves a clock, and nobody reads."""
    gone = registry.make(DOMAIN_JOIN, lastConnectionDateTime=LONG_AGO)["id"]
    kept = registry.make(DOMAIN_JOIN, lastConnectionDateTime="2099-01-01T00:00:00Z")["id"]
    assert rows(house.data_dir, gone) == 1
    run("policy", "set", "domainJoinConnectors", "on", "remove=30d", "--data-dir", house.data_dir)
    deadline = time.monotonic() + 120
    while rows(house.data_dir, gone):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert rows(house.data_dir, kept) == 1
    told = json.loads(run("policy", "--data-dir", house.data_dir).stdout)
    assert gone in [each["id"] for each in told["removals"]]
    assert registry.ask("GET", f"{DOMAIN_JOIN}/{gone}").status_code == 404
    run("policy", "set", "domainJoinConnectors", "off", "--data-dir", house.data_dir)


def test_silence_grows_while_nobody_writes(house, registry):
    """Real time: a connector goes through its stages by itself."""
    run("policy", "set", "ndesConnectors", "on", "inactive=2s", "--data-dir", house.data_dir)
    for _ in range(5):
        begun = time.monotonic()
        key = registry.make(NDES, displayName="fresh")["id"]
        first = registry.get(f"{NDES}/{key}")["state"]
        if time.monotonic() - begun < 1.9:  # else it may have been silent for as long
            break
    deadline = time.monotonic() + 20
    while registry.get(f"{NDES}/{key}")["state"] != "inactive":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert first == "active"
    run("policy", "set", "ndesConnectors", "off", "--data-dir", house.data_dir)
