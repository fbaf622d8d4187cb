"""Multipart batches and change sets as a client meets them: all of a set or nothing, whatever comes
in between, be it the end of the server."""
import http.client
import random
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from conftest import log_in
from durability_load import list_all, until_acknowledged
from multipart import answers, change_set, part, statuses, together
from server_process import Server
from tenant import EXCHANGE, NDES, sandbox

BATCH = "/beta/$batch"
SET = "deviceManagement/ndesConnectors"
TAGS = "/beta/deviceManagement/roleScopeTags"
MIXED = {"Content-Type": "multipart/mixed; boundary=batch"}
FELLED = "The request was not executed because another one of its atomicity group has failed."
REFUSAL = ("Unable to read JSON request payload. Please ensure Content-Type header is set and payload "
           "is of valid JSON format.")


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def send(tenant, *parts, **headers):
    reply = tenant.ask("POST", BATCH, content=together("batch", parts), headers={**MIXED, **headers})
    assert reply.status_code == 200, reply.text
    assert reply.headers["x-connectord-beyond-graph"] == "multipart-batch"
    assert reply.headers["odata-version"] == "4.0"
    return answers(reply.headers["content-type"], reply.content)


def create(name, content_id=None):
    return part("POST", SET, {"displayName": name}, content_id)


def patch(url, name, content_id=None):
    return part("PATCH", url, {"displayName": name}, content_id)


def names(tenant):
    return sorted(each["displayName"] for each in tenant.get(NDES)["value"])


def test_a_set_and_reads_around_it(tenant):
    told = send(tenant, part("GET", f"{SET}/$count"),
                change_set(create("a", 1), patch("$1", "b", 2), create("c", 3)),
                part("GET", "$1?$select=displayName"), part("GET", f"{SET}/$count"))
    assert statuses(told) == [200, [201, 200, 201], 200, 200]
    assert (told[0].body, told[3].body) == (b"0", b"2")
    assert [each.id for each in told[1]] == ["1", "2", "3"]
    made, changed, _ = told[1]
    assert made.fields["Location"].endswith(f"{SET}('{made.json()['id']}')")
    assert made.json()["displayName"] == "a"
    assert changed.json() == {**made.json(), "displayName": "b"}
    assert told[2].json()["displayName"] == "b"
    assert names(tenant) == ["b", "c"]


@pytest.mark.parametrize("accept", ["multipart/mixed", "application/json", "*/*", "text/plain",
                                    "application/json;odata.metadata=none"])
def test_accept_is_of_the_parts(tenant, accept):
    """Clients ask for what they read, for what they mean its parts to be, or for nothing."""
    told = send(tenant, part("GET", SET), part("GET", SET, Accept="application/json;odata.metadata=full"),
                part("GET", SET, Accept="text/html"), Accept=accept)
    assert statuses(told) == [200, 200, 406]
    assert [each.fields["Content-Type"].split(";")[1] for each in told[:2]] == [
        "odata.metadata=minimal", "odata.metadata=full"]


def test_options_of_the_batch(tenant):
    reply = tenant.ask("POST", BATCH + "?$top=1", content=together("batch", [create("a")]), headers=MIXED)
    assert reply.status_code == 400 and names(tenant) == []


def test_actions_of_a_set(tenant):
    kept = tenant.make(EXCHANGE, serverName="kept")
    told = send(tenant, change_set(
        part("POST", "deviceManagement/exchangeConnectors", {"serverName": "new"}, "new"),
        part("POST", "$new/sync", {"syncType": "fullSync"}),
        part("DELETE", f"/beta/deviceManagement/exchangeConnectors/{kept['id']}")))
    assert statuses(told) == [[201, 204, 204]]
    key = told[0][0].json()["id"]
    assert tenant.ids(EXCHANGE) == [key]
    synced = tenant.get(f"{EXCHANGE}/{key}")["lastSyncDateTime"]
    assert synced != told[0][0].json()["lastSyncDateTime"]
    entries = tenant.journal(method="POST")["requests"]
    assert f"{EXCHANGE}/{key}/sync" in [each["path"] for each in entries]


@pytest.mark.parametrize("wrong, status", [
    (patch(f"{SET}/none", "x"), 404), (part("POST", SET, {"state": "sideways"}), 400),
    (part("POST", "deviceManagement/nothing", {}), 400), (part("PUT", SET, {}), 405),
    (part("POST", SET, [1]), 400), (part("POST", "$batch", {}), 400),
    (part("PATCH", f"{SET}/$count", {}), 405), (part("POST", "https://evil.example/beta/x", {}), 400),
], ids=["no entity", "member", "segment", "method", "body", "a batch", "a count", "host"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_wrong_leaves_nothing(tenant, wrong, status, place):
    kept = tenant.make(displayName="kept")
    parts = [create("a"), patch(f"{SET}/{kept['id']}", "changed")]
    parts.insert(place, wrong)
    told = send(tenant, change_set(*parts), create("behind"))
    assert statuses(told) == [status] and told[0].json()["error"]["message"]
    assert names(tenant) == ["kept"]
    told = send(tenant, change_set(*parts), create("behind"), Prefer="odata.continue-on-error=true")
    assert statuses(told) == [status, 201]
    assert names(tenant) == ["behind", "kept"]


def test_permission_in_the_middle(server, tenant):
    """Who may write scope tags, but no connectors."""
    before = tenant.get(TAGS)["value"]
    token = server.token("--tenant", tenant.tenant, "--roles", "DeviceManagementRBAC.ReadWrite.All")
    tag = part("POST", "deviceManagement/roleScopeTags", {"displayName": "x"})
    content = together("batch", [change_set(tag, create("a", "connector"), tag)])
    reply = httpx.post(server.url() + BATCH, content=content, trust_env=False,
                       headers={**MIXED, "Authorization": f"Bearer {token}"})
    told = answers(reply.headers["content-type"], reply.content)
    assert statuses(told) == [403] and told[0].id == "connector"
    assert tenant.get(TAGS)["value"] == before and names(tenant) == []


def test_a_tenant_that_nobody_knew(server):
    """It is made before the set, by whichever part comes first."""
    token = server.token("--tenant", "00000000-0000-4000-8000-0000000ba7c4")
    reply = httpx.post(server.url() + BATCH, trust_env=False,
                       content=together("batch", [change_set(create("a"), create("b"))]),
                       headers={**MIXED, "Authorization": f"Bearer {token}"})
    assert statuses(answers(reply.headers["content-type"], reply.content)) == [[201, 201]]


def test_faults(tenant):
    tenant.rules({"name": "second", "when": {"method": "POST", "path": NDES, "nth": 2},
                  "answer": {"error": "429.intune", "retryAfter": 3}})
    told = send(tenant, change_set(create("a"), create("b"), create("c")))
    assert statuses(told) == [429]
    assert (told[0].fields["Retry-After"], told[0].fields["x-connectord-fault"]) == ("3", "second")
    assert names(tenant) == []
    tenant.control("DELETE", "/faults")
    assert statuses(send(tenant, change_set(create("a"), create("b"), create("c")))) == [[201] * 3]


def test_a_failed_set_was_not_executed(tenant):
    tenant.ask("POST", BATCH, headers={**MIXED, "client-request-id": "mark"}, content=together(
        "batch", [change_set(create("a"), patch(f"{SET}/none", "x"), create("b"))]))
    entries = tenant.journal(clientRequestId="mark")["requests"]
    assert sorted((each["status"], each["executed"]) for each in entries) == [
        (200, True), (404, False), (424, False), (424, False)]


def test_who_depends_on_one_of_a_group_depends_on_all_of_it(tenant):
    """An action that only answers is done before the group is: it is not told so, nor does anybody go by it."""
    key = tenant.make(displayName="a")["id"]
    write = {"headers": {"Content-Type": "application/json"}, "method": "POST"}
    asks = {"id": "1", "atomicityGroup": "g", "body": {"metricNames": ["x"]}, **write,
            "url": f"/deviceManagement/certificateConnectorDetails/{key}/getHealthMetrics"}
    missing = {"id": "2", "atomicityGroup": "g", "method": "DELETE", "url": f"/{SET}/missing"}
    changes = {"id": "2", "atomicityGroup": "g", "method": "PATCH", "url": f"/{SET}/{key}",
               "headers": write["headers"], "body": {"displayName": "b"}}
    depends = {"id": "3", "dependsOn": ["1"], "url": f"/{SET}", "body": {"displayName": "c"}, **write}
    for second, expected in ((missing, [424, 404, 424]), (changes, [200, 200, 201])):
        told = tenant.ask("POST", BATCH, json={"requests": [asks, second, depends]}).json()["responses"]
        assert [each["status"] for each in told] == expected
        assert names(tenant) == (["a"] if second is missing else ["b", "c"])
        if second is missing:
            assert told[0]["body"]["error"]["message"] == FELLED and told[0]["atomicityGroup"] == "g"
            assert "depends on" in told[2]["body"]["error"]["message"]


def test_why_one_of_a_set_fell(tenant):
    create_one = {"id": "1", "atomicityGroup": "g", "method": "POST", "url": f"/{SET}", "body": {},
                  "headers": {"Content-Type": "application/json"}}
    missing = {"id": "2", "atomicityGroup": "g", "method": "DELETE", "url": f"/{SET}/missing"}
    told = tenant.ask("POST", BATCH, json={"requests": [create_one, missing]}).json()["responses"]
    assert told[0]["body"]["error"]["message"] == FELLED and names(tenant) == []


def test_what_is_preferred_is_not_what_is_quoted(tenant):
    parts = part("GET", "nothing"), part("GET", f"{SET}/$count")
    for prefer, expected in (('x="a, continue-on-error, b"', [400]), ("continue-on-error=false", [400]),
                             ('odata.continue-on-error="false"', [400]), ("x=1, continue-on-error;a=b", [400, 200]),
                             ("continue-on-error=true", [400, 200])):
        assert statuses(send(tenant, *parts, Prefer=prefer)) == expected, prefer


@pytest.mark.parametrize("head", [
    "Content-Type: multipart/mixed; boundary=set\r\nContent-Transfer-Encoding: quoted-printable",
    "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=set"])
def test_a_set_whose_bytes_are_others(tenant, head):
    """As =41 would be an A to whoever reads the encoding."""
    whole = "\r\n".join([head, "", together("set", [create("=41")])])
    reply = tenant.ask("POST", BATCH, content=together("batch", [whole]), headers=MIXED)
    assert reply.status_code == 400 and names(tenant) == []


def test_groups_share_one_commit(tenant):
    """Many sets at a time: what one sees of another is all or nothing."""
    torn = []

    def watch():
        while not done.is_set():
            with httpx.Client(base_url=tenant.url, trust_env=False) as client:
                rows = client.get(f"{NDES}?$top=1000&$select=displayName",
                                  headers={"Authorization": f"Bearer {tenant.token}"}).json()["value"]
            seen = [each["displayName"] for each in rows]
            torn.extend(name for name in set(seen) if seen.count(name) != 3)

    def write(label):
        for i in range(10):
            body = together("batch", [change_set(*[create(f"{label}-{i}")] * 3)])
            reply = httpx.post(tenant.url + BATCH, content=body, trust_env=False,
                               headers={**MIXED, "Authorization": f"Bearer {tenant.token}"})
            assert statuses(answers(reply.headers["content-type"], reply.content)) == [[201] * 3]

    done = threading.Event()
    watcher = threading.Thread(target=watch)
    writers = [threading.Thread(target=write, args=[f"w{i}"]) for i in range(4)]
    for each in (watcher, *writers):
        each.start()
    for each in writers:
        each.join()
    done.set()
    watcher.join()
    assert torn == []
    assert len(tenant.get(f"{NDES}?$top=1000")["value"]) == 120


def test_as_many_as_there_may_be(tenant):
    assert statuses(send(tenant, change_set(*[create(str(i)) for i in range(20)]))) == [[201] * 20]
    reply = tenant.ask("POST", BATCH, headers=MIXED, content=together("batch", [
        change_set(*[create(str(i)) for i in range(10)]), *[create("x")] * 11]))
    assert reply.status_code == 400
    assert "exceeds the maximum value of 20" in reply.json()["error"]["message"]
    assert len(tenant.ids(NDES)) == 20


@pytest.mark.parametrize("flags, field", [
    (["--strict"], "multipart-batch"), (["--profile", "live"], None),
    (["--profile", "live", "--strict"], None)])
def test_where_graph_is_kept_to(tmp_path, flags, field):
    with Server(tmp_path, "--no-auth", "--memory", *flags) as server:
        def ask(**options):
            return httpx.post(server.url() + BATCH, trust_env=False, **options)

        reply = ask(content=together("batch", [create("a")]), headers=MIXED)
        assert reply.status_code == 400
        assert reply.json()["error"]["message"] == REFUSAL
        assert reply.headers.get("x-connectord-beyond-graph") == field
        write = {"method": "POST", "url": SET, "headers": {"Content-Type": "application/json"}, "body": {}}
        reply = ask(json={"requests": [{"id": "1", "atomicityGroup": "g", **write}]})
        assert reply.status_code == 400
        assert reply.json()["error"]["target"] == "atomicityGroup"
        assert reply.headers.get("x-connectord-beyond-graph") == (field and "atomicity-group")
        reply = ask(json={"requests": [{"id": "1", **write},
                                       {"id": "2", "dependsOn": ["1"], "method": "GET", "url": "$1"}]})
        told = reply.json()["responses"]
        assert [each["status"] for each in told] == [201, 400]
        assert told[1]["body"]["error"]["message"] == "Resource not found for the segment '$1'."
        assert len(httpx.get(server.url() + NDES, trust_env=False).json()["value"]) == 1


def test_a_deterministic_server_repeats_itself(tmp_path):
    content = together("batch", [part("GET", f"{SET}?$count=true"), change_set(
        create("a", 1), patch("$1", "b"), create("c")), part("GET", f"{SET}?$count=true")])
    told = set()
    for i in range(3):
        with Server(tmp_path / str(i), "--no-auth", "--memory", "--deterministic", "s") as server:
            reply = httpx.post(server.url() + BATCH, content=content, headers=MIXED, trust_env=False)
            assert statuses(answers(reply.headers["content-type"], reply.content)) == [
                200, [201, 200, 201], 200]
            told.add(reply.text.replace(server.url(), ""))
    assert len(told) == 1


# --- the end in the middle ----------------------------------------------------------------------

class SetWriter(threading.Thread):
    """Makes threes in change sets, and now and then renames a three in another one."""

    def __init__(self, url, token, label):
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.headers = {**MIXED, "Authorization": f"Bearer {token}"}
        self.label = label
        self.random = random.Random(label)
        self.whole = {}  # ids of a three: the names they may have
        self.unborn = None
        self.acknowledged = 0

    def send(self, connection, *parts):
        connection.request("POST", BATCH, together("batch", [change_set(*parts)]), self.headers)
        reply = connection.getresponse()
        told = answers(reply.headers["Content-Type"], reply.read())
        assert len(told) == 1 and isinstance(told[0], list), statuses(told)
        self.acknowledged += 1
        return told[0]

    def make(self, connection, name):
        self.unborn = name
        made = self.send(connection, *[create(name)] * 3)
        self.unborn = None
        self.whole[tuple(each.json()["id"] for each in made)] = {name}

    def rename(self, connection, name):
        keys = self.random.choice(list(self.whole))
        self.whole[keys] = self.whole[keys] | {name}
        self.send(connection, *[patch(f"{SET}/{key}", name) for key in keys])
        self.whole[keys] = {name}

    def run(self):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            for number in range(100000):
                if self.whole and self.random.random() < 0.4:
                    self.rename(connection, f"{self.label}-r{number}")
                else:
                    self.make(connection, f"{self.label}-{number}")
        except (OSError, http.client.HTTPException):
            pass  # the server was killed: what was under way is in doubt, as a whole
        finally:
            connection.close()


def test_kill_9(tmp_path):
    acknowledged, torn = 0, []
    draw = random.Random(20240122)
    for number in range(3):
        with Server(tmp_path) as server:
            with httpx.Client(base_url=server.url(), trust_env=False) as client:
                token = log_in(client).json()["access_token"]
            before = list_all(server.url(), token)
            writers = [SetWriter(server.url(), token, f"r{number}w{i}") for i in range(4)]
            for writer in writers:
                writer.start()
            until_acknowledged(writers, 11)
            time.sleep(draw.uniform(0.2, 0.7))
            server.kill()
            for writer in writers:
                writer.join(timeout=60)
        with Server(tmp_path) as server:
            with httpx.Client(base_url=server.url(), trust_env=False) as client:
                token = log_in(client).json()["access_token"]
            found = list_all(server.url(), token)
            assert server.stop() == 0
        assert all(found.pop(key, None) == name for key, name in before.items())
        for writer in writers:
            acknowledged += writer.acknowledged
            for keys, may_be in writer.whole.items():
                seen = [found.pop(key, None) for key in keys]
                if len(set(seen)) != 1 or seen[0] not in may_be:
                    torn.append((seen, may_be))
        left = sorted(found.values())
        unborn = {writer.unborn for writer in writers}
        torn.extend(name for name in left if name not in unborn or left.count(name) != 3)
    assert torn == []
    assert acknowledged > 30
