"""Fifty tests at once, each in a sandbox of its own; and what is left of them after their time."""
import contextlib
import re
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from server_process import BINARY, DEFAULT_TENANT, Server
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

SANDBOXES = 50
LIFETIMES = 6, 20, 60  # seconds: all of the work is done in two, on a machine with more to do in more
PATIENCE = 30  # seconds beyond it
SANITIZED = b"__asan_init" in BINARY.read_bytes()  # it keeps freed memory on purpose


@pytest.fixture(scope="module", name="house")
def own_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("sandboxes")) as server:
        yield server
        assert server.stop() == 0


def rss_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


def rows_of(folder, tenant):
    """How many rows of the file belong to the tenant, by table."""
    file = Path(folder) / "connectord.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        owned = [(name, "tenant") for name in tables
                 if "tenant" in [each[1] for each in db.execute(f'PRAGMA table_info("{name}")')]]
        found = {}
        for name, column in [*owned, ("tenant", "id")]:
            found[name], = db.execute(f'SELECT count(*) FROM "{name}" WHERE "{column}" = ?',
                                      (uuid.UUID(tenant).bytes,)).fetchone()
        return {name: count for name, count in found.items() if count}


class Member:
    """One of many: everything that it does and sees bears its number."""

    def __init__(self, url, number, together, lifetime):
        self.number, self.together = number, together
        self.date = f"20{number + 10}-01-01T00:00:00Z"
        self.path = f"{NDES}/only-{number}"
        self.tenant = sandbox(url, lifetime=f"{lifetime}s", name=f"member {number}",
                              clock={"set": self.date, "freeze": True},
                              seed={"ndesConnectors": [{"id": f"seeded-{number}"}]},
                              faults={"rules": [self.rule()]})

    def rule(self):
        return {"name": f"rule-{self.number}", "when": {"path": self.path},
                "answer": {"status": 500 + self.number, "body": {"n": self.number}}}

    def run(self):
        try:
            with self.tenant:
                self.write()
                self.together.wait(timeout=120)  # everybody is there, and everybody has written
                self.check()
        except threading.BrokenBarrierError:
            return None  # whoever broke it says why
        except BaseException:
            self.together.abort()
            raise
        return self.tenant.tenant

    def write(self):
        for n in range(self.number % 5 + 1):
            self.tenant.make(DOMAIN_JOIN, displayName=f"{self.number}-{n}")
        self.headers = {"client-request-id": str(uuid.uuid4())}
        fault = self.tenant.ask("GET", self.path, headers=self.headers)
        assert (fault.status_code, fault.json()) == (500 + self.number, {"n": self.number})

    def check(self):
        tenant, number = self.tenant, self.number
        assert tenant.clock() == {"now": self.date, "frozen": True, "moved": True}
        assert tenant.ids(NDES) == [f"seeded-{number}"]
        names = [each["displayName"] for each in tenant.get(DOMAIN_JOIN)["value"]]
        assert names == [f"{number}-{n}" for n in range(number % 5 + 1)]
        other = tenant.ask("GET", f"{NDES}/only-{number + 1}")
        assert other.status_code == 404  # the neighbour's rule fires for the neighbour
        rule, = tenant.control("GET", "/faults")["rules"]
        assert (rule["name"], rule["matched"], rule["fired"]) == (f"rule-{number}", 1, 1)
        seen = tenant.journal()["requests"]
        assert [each["method"] for each in seen] == ["POST"] * len(names) + ["GET"] * 4
        assert [each["clientRequestId"] for each in seen if each.get("fault")] == \
            [self.headers["client-request-id"]]
        tenant.clock(advance="1d")
        assert tenant.clock()["now"] == self.date.replace("-01T", "-02T")


def many_at_once(url, lifetime):
    """Their tenants; each has passed its checks while all of them were there."""
    together = threading.Barrier(SANDBOXES)
    with ThreadPoolExecutor(SANDBOXES) as pool:
        members = list(pool.map(lambda n: Member(url, n, together, lifetime), range(SANDBOXES)))
        running = [pool.submit(member.run) for member in members]
        failures = [each.exception() for each in running if each.exception()]
    if failures:
        raise failures[0]
    assert len({each.result() for each in running}) == SANDBOXES
    return members


def many_in_time(url):
    """The same, and how long they live: longer than the first time if they were not done in it."""
    for lifetime in LIFETIMES:
        begun = time.monotonic()
        try:
            return many_at_once(url, lifetime), lifetime
        except Exception:
            if time.monotonic() - begun < lifetime or lifetime == LIFETIMES[-1]:
                raise


def wait_until_gone(url, members, lifetime):
    deadline = time.monotonic() + lifetime + PATIENCE
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        for member in members:
            address = f"/_connectord/tenants/{member.tenant.tenant}/export"
            while http.get(address).status_code != 404:
                assert time.monotonic() < deadline, "a sandbox outlived its time"
                time.sleep(0.1)
            reply = http.get(NDES, headers={"Authorization": f"Bearer {member.tenant.token}"})
            assert reply.status_code in (400, 401), "its token made it again"


def test_fifty_at_once_and_nothing_left(house, record_property):
    rss = []
    for _ in range(3):
        members, lifetime = many_in_time(house.url())
        wait_until_gone(house.url(), members, lifetime)
        for member in members:
            assert rows_of(house.data_dir, member.tenant.tenant) == {}
        rss.append(rss_kib(house.pid))
    record_property("rss_kib_after_rounds", rss)
    assert SANITIZED or rss[2] - rss[1] < 3 * 1024, f"RSS after each round: {rss} KiB"


def test_it_lives_as_long_as_it_said(house):
    born = time.monotonic()
    with sandbox(house.url(), lifetime="3s", seed="demo") as tenant:
        while tenant.ask("GET", NDES).status_code == 200:
            assert time.monotonic() < born + 3 + PATIENCE
            time.sleep(0.05)
        assert time.monotonic() - born > 2
        assert tenant.told("GET", "/clock").status_code == 404


@pytest.mark.parametrize("method, status", [("GET", 200), ("POST", 201)])
def test_an_answer_that_outlives_its_sandbox(house, method, status):
    """What was executed in time is answered, however long its answer is held back."""
    for seconds in (1, 5, 20):  # longer where the request itself came too late
        with sandbox(house.url(), lifetime=f"{seconds}s", faults={"rules": [
                {"name": "slow", "delay": f"{seconds + 2}s"}]}) as tenant:
            begun = time.monotonic()
            reply = tenant.ask(method, NDES, json={} if method == "POST" else None)
            if time.monotonic() - begun < seconds + 2:
                continue  # no rule held it back: nobody was there any more
            assert reply.status_code == status
            assert tenant.told("GET", "/export").status_code == 404
            assert rows_of(house.data_dir, tenant.tenant) == {}
            return
    pytest.fail("no request came in time")


def test_everything_changes_while_it_is_used(house):
    """Resets, clocks, rules and policies under a load of reads and writes: no answer is odd."""
    stop, statuses = threading.Event(), set()
    with sandbox(house.url()) as tenant:
        def work():
            with Tenant(house.url(), tenant.tenant, tenant.token) as mine:
                while not stop.is_set():
                    statuses.add(("POST", mine.ask("POST", NDES, json={}).status_code))
                    statuses.add(("GET", mine.ask("GET", f"{NDES}?$count=true").status_code))

        workers = [threading.Thread(target=work) for _ in range(8)]
        for each in workers:
            each.start()
        try:
            for n in range(20):
                tenant.control("POST", "/reset")
                tenant.clock(advance="1d")
                tenant.rules({"name": "it", "when": {"rate": 0.5}, "delay": "3ms", "read": "stale"})
                tenant.policy(ndesConnectors={"on": n % 2 == 0, "remove": "2d"})
        finally:
            stop.set()
            for each in workers:
                each.join()
        assert statuses == {("POST", 201), ("GET", 200)}
        assert tenant.control("POST", "/reset") == {"entities": 0}
        assert tenant.ids(NDES) == []


def test_what_is_answered(house):
    url = house.url()
    with sandbox(url, lifetime="1m", name="checkout test") as tenant:
        made = tenant.made
        assert list(made) == ["tenant", "access_token", "expires", "graph", "control"]
        assert made["graph"] == url
        assert made["control"] == f"{url}/_connectord/tenants/{made['tenant']}"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", made["expires"])
        assert rows_of(house.data_dir, made["tenant"]) != {}
        assert tenant.http.delete(f"/_connectord/tenants/{made['tenant']}").status_code == 204
        assert rows_of(house.data_dir, made["tenant"]) == {}
        again = tenant.http.delete(f"/_connectord/tenants/{made['tenant']}")
        assert again.status_code == 404
        refused = tenant.http.delete(f"/_connectord/tenants/{DEFAULT_TENANT}")
        assert 400 <= refused.status_code < 500


def dead_rows(folder):
    """Of the whole file, the rows of tenants that are not there: (table, how many)."""
    file = Path(folder) / "connectord.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        tables = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        owned = [name for name in tables if name != "client" and "tenant" in
                 [each[1] for each in db.execute(f'PRAGMA table_info("{name}")')]]
        assert "removal" in owned and len(owned) > 3
        found = {name: db.execute(f'SELECT count(*) FROM "{name}" WHERE tenant NOT IN '
                                  "(SELECT id FROM tenant)").fetchone()[0] for name in owned}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("end", ["delete", "sweep"])
def test_nothing_is_written_behind_the_end(house, end):
    """Sixteen write without a pause into sandboxes that end under them: whoever is told 201 was in
    time, the others are told that there is no such tenant, and nobody's row is left."""
    url, rounds, stop = house.url(), 12, threading.Event()
    current, statuses, together = [None], set(), threading.Barrier(17)
    lifetime = "1m" if end == "delete" else "400ms"

    def write(number):
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
            together.wait(timeout=60)
            while not stop.is_set():
                made = current[0]
                headers = {"Authorization": f"Bearer {made['access_token']}"}
                if number % 8:
                    reply = http.post(NDES, headers=headers, json={"displayName": "x" * 2000})
                    statuses.add(("create", reply.status_code))
                else:
                    reply = http.post(f"/_connectord/tenants/{made['tenant']}/seed",
                                      json={"ndesConnectors": [{}] * 20})
                    statuses.add(("seed", reply.status_code))

    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http, \
            ThreadPoolExecutor(16) as pool:
        def make():
            current[0] = http.post("/_connectord/sandbox", json={"lifetime": lifetime}).json()
            return current[0]["tenant"]

        ended = make()
        writers = [pool.submit(write, number) for number in range(16)]
        try:
            together.wait(timeout=60)
            for _ in range(rounds):
                time.sleep(0.5)
                if end == "delete":
                    reply = http.delete(f"/_connectord/tenants/{ended}")
                    assert reply.status_code == 204, reply.text
                time.sleep(0.02)  # while they still write into it
                ended = make()
        finally:
            stop.set()
        for each in writers:
            each.result()
        http.delete(f"/_connectord/tenants/{ended}")
    # 401: a token of 400 ms has expired.
    assert {("create", 201), ("seed", 200)} <= statuses
    assert statuses <= {("create", 201), ("create", 400), ("create", 401), ("seed", 200),
                        ("seed", 404)}
    assert dead_rows(house.data_dir) == {}


def test_with_everything(house):
    policy = {"domainJoinConnectors": {"on": True}}
    with sandbox(house.url(), lifetime="1m", policy=policy, seed={"domainJoinConnectors": [
            {"id": "a", "lastConnectionDateTime": "-2h"}]}, clock={"set": "2024-06-01T00:00:00Z",
                                                                   "freeze": True}) as tenant:
        start = {"lastConnectionDateTime": "2024-05-31T22:00:00Z", "state": "error"}
        entity = tenant.get(f"{DOMAIN_JOIN}/a")
        assert {name: entity[name] for name in start} == start
        tenant.make(NDES)
        tenant.policy(domainJoinConnectors={"on": False}, ndesConnectors={"on": True})
        assert tenant.control("POST", "/reset") == {"entities": 1}
        assert tenant.ids(NDES) == []
        policies = tenant.policy()
        assert policies["domainJoinConnectors"]["on"] and not policies["ndesConnectors"]["on"]
        assert tenant.clock()["moved"] is False
        assert tenant.get(f"{DOMAIN_JOIN}/a")["state"] == "error"


@pytest.mark.parametrize("members, status", [
    ({"lifetime": "24h1s"}, 400), ({"lifetime": "0s"}, 400), ({"lifetime": "-1h"}, 400),
    ({"lifetime": 10}, 400), ({"lifetime": "soon"}, 400), ({"seed": "nonsense"}, 400),
    ({"seed": {"ndesConnectors": [{"id": "a"}, {"id": "a"}]}}, 409),
    ({"seed": {"ndesConnectors": [{"state": "odd"}]}}, 400),
    ({"policy": {"ndesConnectors": {"on": 1}}}, 400), ({"faults": {"rules": [{}]}}, 400),
    ({"clock": {"set": "yesterday"}}, 400), ({"lifetimes": "1h"}, 400),
])
def test_what_is_refused_makes_nothing(house, members, status):
    def tenants():
        file = house.data_dir / "connectord.db"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM tenant").fetchone()

    with Tenant(house.url()) as default:
        before = tenants()
        reply = default.http.post("/_connectord/sandbox", json=members)
        assert reply.status_code == status, reply.text
        assert list(reply.json()) == ["error"]
        assert tenants() == before


def test_no_more_than_there_may_be(tmp_path):
    with Server(tmp_path, "--limit-sandboxes", "2") as server:
        made = [sandbox(server.url()) for _ in range(2)]
        reply = made[0].http.post("/_connectord/sandbox", json={})
        assert 400 <= reply.status_code < 500, reply.text
        assert made[0].http.delete(
            f"/_connectord/tenants/{made[1].tenant}").status_code == 204
        made.append(sandbox(server.url()))
        for each in made:
            each.http.close()


def test_sandboxes_end_after_a_restart_too(tmp_path):
    with Server(tmp_path) as server:
        with sandbox(server.url(), lifetime="2s") as tenant:
            tenant.make(NDES)
        assert server.stop() == 0
    time.sleep(2)
    with Server(tmp_path) as server:
        deadline = time.monotonic() + PATIENCE
        while rows_of(tmp_path, tenant.tenant):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.stop() == 0
