"""Five days later in a millisecond: states by policy while a tenant's clock is moved.

What it costs is measured as the server's CPU time, since the time on a wall is everybody's."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from server_process import Server, clean_environment, run
from tenant import DOMAIN_JOIN, EXCHANGE, NDES, Tenant, sandbox

SCRIPTS = Path(__file__).parent / "scripts"
START = "2024-06-01T12:00:00Z"
STATES = ("active", "error", "inactive")
ROUNDS = 20  # of the scenario: the kernel counts CPU time in hundredths of a second


@pytest.fixture(scope="module", name="house", params=["file", "memory"])
def own_server(request, tmp_path_factory):
    """Nobody else's, since its CPU time is counted."""
    flags = [] if request.param == "file" else ["--memory"]
    with Server(tmp_path_factory.mktemp("time"), *flags) as server:
        yield server
        assert server.stop() == 0


@pytest.fixture(name="tenant")
def own_tenant(house):
    with sandbox(house.url()) as made:
        yield made


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def assert_seen(tenant, key, wanted):
    """Every way to ask for a state tells the same."""
    assert tenant.get(f"{DOMAIN_JOIN}/{key}")["state"] == wanted
    listed, = tenant.get(DOMAIN_JOIN)["value"]
    assert (listed["id"], listed["state"]) == (key, wanted)
    for state in STATES:
        found = tenant.get(f"{DOMAIN_JOIN}?$filter=state eq '{state}'&$count=true")
        assert [each["id"] for each in found["value"]] == [key] * (state == wanted)
        assert found["@odata.count"] == (state == wanted)
        reply = tenant.ask("GET", f"{DOMAIN_JOIN}/$count?$filter=state eq '{state}'")
        assert (reply.status_code, reply.text) == (200, str(int(state == wanted)))


def five_days(tenant):
    tenant.clock(freeze=True)
    now = tenant.clock()["now"]
    key = tenant.make(DOMAIN_JOIN, displayName="ODJ-01", lastConnectionDateTime=now)["id"]
    tenant.policy(domainJoinConnectors={"on": True})
    assert_seen(tenant, key, "active")
    tenant.clock(advance="61m")
    assert_seen(tenant, key, "error")
    tenant.clock(advance="5d1m")
    assert_seen(tenant, key, "inactive")
    assert tenant.control("POST", "/reset") == {"entities": 0}
    assert tenant.ids(DOMAIN_JOIN) == []
    clock = tenant.clock()
    assert (clock["frozen"], clock["moved"]) == (False, False)
    assert not tenant.policy()["domainJoinConnectors"]["on"]


def test_five_days_take_less_than_100_ms(house, record_property):
    """On the default tenant, as whoever follows the manual does it."""
    with Tenant(house.url()) as tenant:
        five_days(tenant)  # the first makes tables and statements
        before, requests = cpu_seconds(house.pid), tenant.requests
        for _ in range(ROUNDS):
            five_days(tenant)
        used = (cpu_seconds(house.pid) - before) / ROUNDS
        requests = (tenant.requests - requests) // ROUNDS
    record_property("cpu_ms", round(used * 1000, 2))
    record_property("requests", requests)
    assert used < 0.1, f"{requests} requests took {used * 1000:.1f} ms of CPU"


# --- states --------------------------------------------------------------------------------------

@pytest.mark.parametrize("silence, state", [
    ("0s", "active"), ("59m59s", "active"), ("1h", "error"), ("4d23h59m59s", "error"),
    ("5d", "inactive"), ("29d23h59m59s", "inactive"),
])
def test_the_documented_stages(tenant, silence, state):
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set=START, freeze=True)
    key = tenant.make(DOMAIN_JOIN, lastConnectionDateTime=START, state="error")["id"]
    tenant.clock(advance=silence)
    assert_seen(tenant, key, state)


def test_nothing_is_written_by_time(tenant):
    key = tenant.make(DOMAIN_JOIN, lastConnectionDateTime=START, state="active")["id"]
    tenant.clock(set="2024-06-04T12:00:00Z", freeze=True)
    tenant.policy(domainJoinConnectors={"on": True})
    reply = tenant.ask("GET", f"{DOMAIN_JOIN}/{key}")
    assert reply.json()["state"] == "error"
    assert reply.headers["x-connectord-policy"] == \
        "domainJoinConnectors error=1h inactive=5d remove=30d"
    tenant.policy(domainJoinConnectors={"on": False})
    reply = tenant.ask("GET", f"{DOMAIN_JOIN}/{key}")
    assert reply.json()["state"] == "active"
    assert "x-connectord-policy" not in reply.headers


@pytest.mark.parametrize("options, shown", [
    ("$select=state", {"state": "error"}), ("$select=displayName", {"displayName": "ODJ-01"}),
    ("$select=displayName&$filter=state eq 'error'", {"displayName": "ODJ-01"}),
    ("$select=state&$top=1&$count=true", {"state": "error"}),
])
def test_whatever_is_selected(tenant, options, shown):
    """The date that a state is worked out from need not be asked for."""
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set=START, freeze=True)
    key = tenant.make(DOMAIN_JOIN, displayName="ODJ-01")["id"]
    tenant.clock(advance="2h")
    listed, = tenant.get(f"{DOMAIN_JOIN}?{options}")["value"]
    assert {name: listed[name] for name in listed if not name.startswith("@")} == shown
    if "$filter" not in options and "$top" not in options:
        entity = tenant.get(f"{DOMAIN_JOIN}/{key}?{options}")
        assert {name: entity[name] for name in entity if not name.startswith("@")} == shown


def test_what_is_written_is_kept_and_not_shown(tenant):
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set=START, freeze=True)
    key = tenant.make(DOMAIN_JOIN)["id"]
    tenant.clock(advance="2h")
    written = tenant.ask("PATCH", f"{DOMAIN_JOIN}/{key}", json={"state": "inactive"})
    assert written.json()["state"] == "error"
    assert_seen(tenant, key, "error")
    tenant.policy(domainJoinConnectors={"on": False})
    assert_seen(tenant, key, "inactive")


def test_a_heartbeat_heals(tenant):
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set=START, freeze=True)
    key = tenant.make(DOMAIN_JOIN)["id"]  # without a date: now, by the tenant's clock
    assert tenant.get(f"{DOMAIN_JOIN}/{key}")["lastConnectionDateTime"] == START
    tenant.clock(advance="6d")
    assert_seen(tenant, key, "inactive")
    reply = tenant.ask("PATCH", f"{DOMAIN_JOIN}/{key}",
                       json={"lastConnectionDateTime": tenant.clock()["now"]})
    assert (reply.status_code, reply.json()["state"]) == (200, "active")
    assert_seen(tenant, key, "active")


def test_a_newcomers_connector(tenant):
    """Made before the policy was, without a date: silent since the policy was switched on."""
    tenant.clock(set=START, freeze=True)
    key = tenant.make(DOMAIN_JOIN, displayName="ODJ-01")["id"]
    tenant.clock(advance="365d")  # nobody listened
    told = tenant.policy(domainJoinConnectors={"on": True})
    assert told["domainJoinConnectors"]["since"] == "2025-06-01T12:00:00Z"
    for silence, state in (("0s", "active"), ("59m59s", "active"), ("1s", "error"), ("1m", "error"),
                           ("4d22h58m59s", "error"), ("1s", "inactive"),
                           ("24d23h59m59s", "inactive")):
        tenant.clock(advance=silence)
        assert_seen(tenant, key, state)
    assert tenant.get(f"{DOMAIN_JOIN}/{key}")["lastConnectionDateTime"] == "0001-01-01T00:00:00Z"
    tenant.clock(advance="1s")
    assert tenant.ids(DOMAIN_JOIN) == []
    assert tenant.policy()["removals"] == [
        {"at": "2025-07-01T12:00:00Z", "set": "domainJoinConnectors", "id": key,
         "lastContact": "0001-01-01T00:00:00Z"}]


def test_a_policy_is_switched_on_anew(tenant):
    """What never made contact is silent since the last time, and a change is none."""
    key = tenant.make(DOMAIN_JOIN, state="inactive")["id"]
    tenant.clock(set=START, freeze=True)
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(advance="2h")
    tenant.policy(domainJoinConnectors={"on": True, "remove": None})
    assert_seen(tenant, key, "error")
    tenant.policy(domainJoinConnectors={"on": False})
    assert_seen(tenant, key, "inactive")
    tenant.policy(domainJoinConnectors={"on": True})
    assert_seen(tenant, key, "active")
    tenant.clock(advance="-3h")  # before it was switched on
    assert_seen(tenant, key, "active")


def test_a_reset_and_what_never_made_contact(house):
    """A sandbox's policy is switched on again with it."""
    seed = {"domainJoinConnectors": [{"id": "never"}]}
    with sandbox(house.url(), seed=seed, clock={"set": START, "freeze": True},
                 policy={"domainJoinConnectors": {"on": True}}) as tenant:
        assert tenant.policy()["domainJoinConnectors"]["since"] == START
        tenant.clock(advance="2h")
        assert_seen(tenant, "never", "error")
        tenant.control("POST", "/reset", {"keep": ["clock"]})
        assert tenant.policy()["domainJoinConnectors"]["since"] == "2024-06-01T14:00:00Z"
        assert_seen(tenant, "never", "active")


def test_one_tenants_time_is_no_others(house, tenant):
    with sandbox(house.url()) as other:
        for each in (tenant, other):
            each.policy(domainJoinConnectors={"on": True})
            each.key = each.make(DOMAIN_JOIN)["id"]
        tenant.clock(advance="2h")
        assert_seen(tenant, tenant.key, "error")
        assert_seen(other, other.key, "active")
        assert other.clock()["moved"] is False


# --- removal -------------------------------------------------------------------------------------

def test_thirty_days_of_silence_end_a_connector(tenant):
    tenant.policy(domainJoinConnectors={"on": True})
    tenant.clock(set=START, freeze=True)
    gone = tenant.make(DOMAIN_JOIN, displayName="gone")["id"]
    tenant.clock(advance="1d")
    kept = tenant.make(DOMAIN_JOIN, displayName="kept")["id"]
    assert tenant.clock(advance="28d23h59m59s")["removed"] == 0
    assert tenant.ids(DOMAIN_JOIN) == [gone, kept]
    assert tenant.clock(advance="1s")["removed"] == 1
    assert tenant.ids(DOMAIN_JOIN) == [kept]
    assert tenant.get(f"{DOMAIN_JOIN}?$count=true")["@odata.count"] == 1
    assert tenant.ask("GET", f"{DOMAIN_JOIN}/$count").text == "1"
    for method, body in (("GET", None), ("PATCH", {"displayName": "back"}), ("DELETE", None)):
        reply = tenant.ask(method, f"{DOMAIN_JOIN}/{gone}", json=body)
        assert reply.status_code == 404, method
    assert tenant.policy()["removals"] == [
        {"at": "2024-07-01T12:00:00Z", "set": "domainJoinConnectors", "id": gone,
         "lastContact": START}]

    tenant.clock(set=START, freeze=True)  # what was removed does not come back
    assert tenant.ids(DOMAIN_JOIN) == [kept]
    assert tenant.ask("GET", f"{DOMAIN_JOIN}/{gone}").status_code == 404
    assert gone not in str(tenant.control("GET", "/export"))


def test_thousands_go_at_once(house):
    """Before the answer is sent, however many; the last hundred are listed."""
    count = 2500
    seed = {"domainJoinConnectors": [{"id": f"{n:04}", "lastConnectionDateTime": START}
                                     for n in range(count)] + [{"id": "never"}]}
    with sandbox(house.url(), seed=seed, clock={"set": START}) as tenant:
        tenant.policy(domainJoinConnectors={"on": True})
        assert tenant.get(f"{DOMAIN_JOIN}?$count=true&$top=1")["@odata.count"] == count + 1
        # The policy came later than START. The look once a minute may have been at it too.
        removed = tenant.clock(set="2024-07-01T12:00:00Z", freeze=True)["removed"]
        assert 500 < removed <= count
        assert tenant.ids(DOMAIN_JOIN) == ["never"]
        exported = tenant.control("GET", "/export")["domainJoinConnectors"]
        assert [each["id"] for each in exported] == ["never"]
        removals = tenant.policy()["removals"]
        assert len({each["id"] for each in removals}) == 100


def test_a_removal_and_whoever_checks_in(house):
    """At the same time: who was answered 200 is there afterwards, who was not is not."""
    count = 300
    seed = {"domainJoinConnectors": [{"id": f"{n:04}", "lastConnectionDateTime": START}
                                     for n in range(count)]}
    with sandbox(house.url(), seed=seed, clock={"set": START, "freeze": True},
                 policy={"domainJoinConnectors": {"on": True}}) as tenant:
        def check_in(numbers):
            with Tenant(tenant.url, tenant.tenant, tenant.token) as other:
                return {f"{n:04}": other.ask("PATCH", f"{DOMAIN_JOIN}/{n:04}", json={
                    "lastConnectionDateTime": "2024-07-01T12:00:00Z"}).status_code
                        for n in numbers}

        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(check_in, range(first, count, 4)) for first in range(4)]
            while len(tenant.get(f"{DOMAIN_JOIN}?$filter=lastConnectionDateTime ne {START}"
                                 "&$top=50")["value"]) < 50:
                pass
            tenant.clock(advance="30d")
            told = {key: status for each in asked for key, status in each.result().items()}
        assert 200 in told.values() and set(told.values()) <= {200, 404}
        there = tenant.ids(DOMAIN_JOIN)
        assert there == [key for key in sorted(told) if told[key] == 200]
        exported = tenant.control("GET", "/export")["domainJoinConnectors"]
        assert [each["id"] for each in exported] == there


def test_gone_is_gone_before_anything_removed_it(tenant):
    """Switching the policy on moves no clock, and no sweep has been: reads know all the same."""
    key = tenant.make(DOMAIN_JOIN, lastConnectionDateTime=START)["id"]
    other = tenant.make(DOMAIN_JOIN)["id"]  # never made contact
    assert tenant.policy(domainJoinConnectors={"on": True})["removed"] == 1
    assert tenant.ids(DOMAIN_JOIN) == [other]
    assert tenant.get(f"{DOMAIN_JOIN}?$count=true")["@odata.count"] == 1
    for method, body in (("GET", None), ("PATCH", {"displayName": "back"}), ("DELETE", None)):
        assert tenant.ask(method, f"{DOMAIN_JOIN}/{key}", json=body).status_code == 404, method


def test_without_a_removal_nothing_goes(tenant):
    tenant.policy(domainJoinConnectors={"on": True, "remove": None})
    key = tenant.make(DOMAIN_JOIN)["id"]
    tenant.clock(advance="3650d")
    assert_seen(tenant, key, "inactive")
    assert tenant.policy()["removals"] == []


# --- what follows the clock, and what does not ---------------------------------------------------

def test_what_follows_the_clock(tenant):
    key = tenant.make(EXCHANGE, serverName="mail01")["id"]
    tenant.clock(set="2030-01-01T00:00:00Z", freeze=True)
    assert tenant.ask("POST", f"{EXCHANGE}/{key}/sync",
                      json={"syncType": "fullSync"}).status_code == 204
    assert tenant.get(f"{EXCHANGE}/{key}")["lastSyncDateTime"] == "2030-01-01T00:00:00Z"
    missing = tenant.ask("GET", f"{NDES}/00000000-0000-4000-8000-000000000000")
    assert missing.status_code == 404  # and not 401: tokens are good by the machine's time
    assert missing.json()["error"]["innerError"]["date"] == "2030-01-01T00:00:00"
    sent = parsedate_to_datetime(missing.headers["date"])
    assert abs((sent - datetime.now(timezone.utc)).total_seconds()) < 3600
    tenant.control("POST", "/seed", {"ndesConnectors": [
        {"id": "silent", "lastConnectionDateTime": "-1d"}]})
    assert tenant.get(f"{NDES}/silent")["lastConnectionDateTime"] == "2029-12-31T00:00:00Z"


# --- a script with a bug that only time travel finds ---------------------------------------------

def report(script, environment):
    """What a script in scripts/ prints: the names of silent connectors, one a line."""
    done = subprocess.run([sys.executable, SCRIPTS / script], text=True, capture_output=True,
                          timeout=60, env=clean_environment(**environment))
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_hours_are_not_total_hours(tenant):
    """The connectors made contact while the tenant's clock was back; then it follows the machine's
    again, and both scripts look at the machine's clock as they always do."""
    tenant.policy(ndesConnectors={"on": True})
    for name, ago in (("fresh", "-5m"), ("five-hours", "-5h"), ("a-day", "-1d30m")):
        tenant.clock(advance=ago)
        tenant.make(NDES, displayName=name)
        tenant.clock(resume=True)
    environment = {"CONNECTORD_URL": tenant.url, "CONNECTORD_TOKEN": tenant.token}
    assert report("silent_by_hours.py", environment) == ["five-hours"]
    assert report("silent_by_total_hours.py", environment) == ["five-hours", "a-day"]
    inactive = tenant.get(f"{NDES}?$filter=state eq 'inactive'")["value"]
    assert [each["displayName"] for each in inactive] == ["a-day"]


@pytest.mark.parametrize("script, found", [
    ("silent_by_hours.py", ["five-hours"]),
    ("silent_by_total_hours.py", ["five-hours", "a-day"]),
])
def test_the_same_with_a_seed(tmp_path, script, found):
    """Without the control API: relative dates of a seed, and `connectord run`."""
    (tmp_path / "seed.json").write_text(
        '{"ndesConnectors": [{"displayName": "fresh", "lastConnectionDateTime": "-5m"},'
        ' {"displayName": "five-hours", "lastConnectionDateTime": "-5h"},'
        ' {"displayName": "a-day", "lastConnectionDateTime": "-1470m"}]}')
    done = run("run", "--seed", tmp_path / "seed.json", "--", sys.executable, SCRIPTS / script)
    assert done.stdout.split() == found
