"""Delta queries: a client that follows the links has the set, whatever is written, whoever writes it, and
whatever becomes of the server in between."""
import random
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from server_process import Server, run
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

DETAILS = "/beta/deviceManagement/certificateConnectorDetails"
LONG_AGO = "2020-01-01T00:00:00Z"


class Mirror:
    """A copy of a set, kept by delta. `get(url)` is the reply to a URL that it was led to."""

    def __init__(self, get, start):
        self.get, self.start = get, start
        self.rows, self.link, self.restarts, self.pages = {}, None, 0, 0

    def round(self):
        """One round to its end; what it showed."""
        link, shown = self.link or self.start, []
        if not self.link:
            self.rows = {}
        while True:
            reply = self.get(link)
            self.pages += 1
            if reply.status_code == 410:
                assert reply.json()["error"]["code"] == "resyncRequired"
                self.restarts += 1
                link, shown, self.rows = reply.headers["location"], [], {}
                continue
            assert reply.status_code == 200, reply.text
            assert reply.headers["x-connectord-beyond-graph"] == "delta"
            page = reply.json()
            assert page["@odata.context"].endswith("/$delta")
            assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page)
            for each in page["value"]:
                shown.append(each)
                if "@removed" in each:
                    assert set(each) == {"id", "@removed"}
                    self.rows.pop(each["id"], None)
                else:
                    self.rows[each["id"]] = each
            link = page.get("@odata.nextLink")
            if not link:
                self.link = page["@odata.deltaLink"]
                return shown


def mirror_of(tenant, start=f"{NDES}/delta"):
    def get(link):
        parts = urlsplit(link)
        return tenant.ask("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return Mirror(get, start)


def everything(tenant, path=NDES):
    rows, link = {}, path
    while link:
        page = tenant.get(link)
        rows.update({each["id"]: each for each in page["value"]})
        link = page.get("@odata.nextLink")
    return rows


def change(tenant, path, key, **members):
    reply = tenant.ask("PATCH", f"{path}/{key}", json=members)
    assert reply.status_code == 200, reply.text


def delete(tenant, path, key):
    assert tenant.ask("DELETE", f"{path}/{key}").status_code == 204


@pytest.fixture(scope="module", params=["disk", "memory"])
def server(request, tmp_path_factory):
    where = tmp_path_factory.mktemp("data") if request.param == "disk" else None
    with Server(where) as running:
        yield running


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def test_rounds(tenant):
    kept, changed, dropped = (tenant.make(displayName=name)["id"] for name in ("a", "b", "c"))
    mirror = mirror_of(tenant)
    assert [each["id"] for each in mirror.round()] == [kept, changed, dropped]
    assert mirror.round() == []
    made = tenant.make(displayName="d")["id"]
    change(tenant, NDES, changed, displayName="B")
    delete(tenant, NDES, dropped)
    shown = mirror.round()
    assert [each["id"] for each in shown] == [made, changed, dropped]
    assert shown[1]["displayName"] == "B"
    assert shown[2] == {"id": dropped, "@removed": {"reason": "deleted"}}
    assert mirror.rows == everything(tenant)
    assert mirror.round() == []


def test_an_entity_once_a_round(tenant):
    mirror = mirror_of(tenant)
    mirror.round()
    key = tenant.make(displayName="0")["id"]
    for number in range(5):
        change(tenant, NDES, key, displayName=str(number))
    assert [each["displayName"] for each in mirror.round()] == ["4"]
    again = tenant.make()["id"]
    delete(tenant, NDES, again)
    assert mirror.round() == [{"id": again, "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize("name", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()",
                                  "graph.delta", "DELTA"])
def test_names(tenant, name):
    key = tenant.make()["id"]
    assert [each["id"] for each in mirror_of(tenant, f"{NDES}/{name}").round()] == [key]
    assert [each["id"] for each in mirror_of(tenant, f"{NDES}()/{name}").round()] == [key]


def test_from_now_on(tenant):
    tenant.make()
    mirror = mirror_of(tenant, f"{NDES}/delta?$deltatoken=latest")
    assert mirror.round() == [] and mirror.pages == 1
    key = tenant.make()["id"]
    assert [each["id"] for each in mirror.round()] == [key]


@pytest.mark.parametrize("options, size", [("$top=2", 2), ("$top=0", 1), ("", 3)])
def test_pages(tenant, options, size):
    for number in range(7):
        tenant.make(displayName=str(number))
    headers = {} if options else {"Prefer": f"odata.maxpagesize={size}"}
    link, seen, pages = f"{NDES}/delta?{options}", [], 0
    while link:
        reply = tenant.ask("GET", link, headers=headers)
        headers = {}  # the links remember
        value = reply.json()["value"]
        assert len(value) <= size
        seen += value
        pages += 1
        follow = reply.json().get("@odata.deltaLink")
        link = reply.json().get("@odata.nextLink")
    assert len(seen) == 7 and pages >= 7 // size
    for each in seen:
        change(tenant, NDES, each["id"], displayName="x")
    reply = tenant.ask("GET", follow)
    assert len(reply.json()["value"]) == size and "@odata.nextLink" in reply.json()
    larger = tenant.ask("GET", follow + "&$top=5")
    assert len(larger.json()["value"]) == 5


def test_what_is_written_while_pages_are_read(tenant):
    keys = [tenant.make(displayName="x")["id"] for _ in range(6)]
    first = tenant.get(f"{NDES}/delta?$top=3")
    change(tenant, NDES, keys[0], displayName="shown already")
    delete(tenant, NDES, keys[1])
    delete(tenant, NDES, keys[5])
    made = tenant.make()["id"]
    mirror = mirror_of(tenant, first["@odata.nextLink"])
    mirror.round()
    mirror.rows.update({each["id"]: each for each in first["value"]})
    shown = {each["id"]: each for each in mirror.round()}
    assert shown.keys() >= {keys[0], keys[1], keys[5], made}
    assert mirror.rows == everything(tenant)


def test_select(tenant):
    key = tenant.make(displayName="a", machineName="m")["id"]
    mirror = mirror_of(tenant, f"{NDES}/delta?$select=displayName")
    assert mirror.round() == [{"@odata.type": "#microsoft.graph.ndesConnector", "id": key,
                               "displayName": "a"}]
    change(tenant, NDES, key, machineName="other")
    assert mirror.round() == []
    change(tenant, NDES, key, displayName="b")
    change(tenant, NDES, key, machineName="third")
    assert [each["displayName"] for each in mirror.round()] == ["b"]
    delete(tenant, NDES, key)
    assert mirror.round() == [{"id": key, "@removed": {"reason": "deleted"}}]


def test_filter(tenant):
    inside = tenant.make(displayName="in 1", machineName="m")["id"]
    outside = tenant.make(displayName="out", machineName="m")["id"]
    mirror = mirror_of(tenant, f"{NDES}/delta?$filter=startswith(displayName,@p)&@p='in'&$select=machineName")
    assert [each["id"] for each in mirror.round()] == [inside]
    change(tenant, NDES, inside, displayName="out")
    change(tenant, NDES, outside, displayName="in 2")
    assert mirror.round() == [{"id": inside, "@removed": {"reason": "changed"}},
                              {"@odata.type": "#microsoft.graph.ndesConnector", "id": outside,
                               "machineName": "m"}]
    delete(tenant, NDES, outside)
    assert mirror.round() == [{"id": outside, "@removed": {"reason": "deleted"}}]


def test_a_view_and_its_source(tenant):
    key = tenant.make(displayName="a")["id"]
    mirror = mirror_of(tenant, f"{DETAILS}/delta?$select=connectorName")
    assert [each["connectorName"] for each in mirror.round()] == ["a"]
    change(tenant, NDES, key, state="active")
    assert mirror.round() == []
    change(tenant, NDES, key, displayName="b")
    assert [each["connectorName"] for each in mirror.round()] == ["b"]
    whole = mirror_of(tenant, f"{DETAILS}/delta")
    whole.round()
    delete(tenant, NDES, key)
    assert whole.round() == [{"id": key, "@removed": {"reason": "deleted"}}]
    assert whole.rows == everything(tenant, DETAILS)


@pytest.mark.parametrize("level", ["none", "full"])
def test_levels(tenant, level):
    key = tenant.make()["id"]
    page = tenant.get(f"{NDES}/delta?$format=application/json;odata.metadata={level}")
    assert ("@odata.context" in page) == ("@odata.id" in page["value"][0]) == (level == "full")
    delete(tenant, NDES, key)
    page = tenant.get(page["@odata.deltaLink"])
    assert page["value"] == [{"id": key, "@removed": {"reason": "deleted"}}]
    assert ("@odata.context" in page) == (level == "full") and "@odata.deltaLink" in page


@pytest.mark.parametrize("option", ["$orderby=id", "$skip=1", "$count=true", "$search=x", "$expand=*"])
def test_options_that_have_no_use(tenant, option):
    reply = tenant.ask("GET", f"{NDES}/delta?{option}")
    assert reply.status_code == 400
    assert reply.json()["error"]["target"] == option.split("=")[0]


def test_what_is_repeated_must_be_the_same(tenant):
    tenant.make()
    start = "$select=displayName&$filter=state eq 'none'"
    link = tenant.get(f"{NDES}/delta?{start}")["@odata.deltaLink"]
    assert tenant.ask("GET", f"{link}&{start}").status_code == 200
    for option in ("$select=id", "$select=*", "$filter=state eq 'active'"):
        reply = tenant.ask("GET", f"{link}&{option}")
        assert reply.status_code == 400, option
        assert reply.json()["error"]["target"] == option.split("=")[0]


def test_long_options(tenant):
    reply = tenant.ask("GET", f"{NDES}/delta", params={"$filter": f"displayName eq '{'x' * 2100}'"})
    assert reply.status_code == 400 and reply.json()["error"]["target"] == "$filter"
    longest = "x" * 1900
    tenant.make(displayName=longest)
    start = f"{NDES}/delta?$filter=displayName eq '{longest}'"
    mirror = mirror_of(tenant, start)
    assert len(mirror.round()) == 1
    assert mirror.round() == []


def test_tokens_of_others(tenant, server):
    tenant.make()
    page = tenant.get(f"{NDES}/delta?$top=1")
    rest = tenant.get(page["@odata.nextLink"])["@odata.deltaLink"] if "@odata.nextLink" in page \
        else page["@odata.deltaLink"]
    token = parse_qs(urlsplit(rest).query)["$deltatoken"][0]
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for bad in ("x", flipped, token + "AAAA", token[:30]):
        reply = tenant.ask("GET", f"{NDES}/delta?$deltatoken={bad}")
        assert reply.status_code == 400, bad
        assert reply.json()["error"]["target"] == "$deltatoken"
    assert tenant.ask("GET", f"{NDES}/delta?$skiptoken={token}").status_code == 400
    assert tenant.ask("GET", f"{NDES}?$skiptoken={token}").status_code == 400
    assert tenant.ask("GET", f"{NDES}?$deltatoken={token}").status_code == 400
    assert tenant.ask("GET", f"{DOMAIN_JOIN}/delta?$deltatoken={token}").status_code == 400
    assert tenant.ask("GET", f"{NDES}/delta?$deltatoken={token}&$skiptoken={token}").status_code == 400
    with sandbox(server.url()) as other:
        assert other.ask("GET", f"{NDES}/delta?$deltatoken={token}").status_code == 400


def test_too_old_by_the_clock(tenant):
    tenant.make()
    mirror = mirror_of(tenant, f"{NDES}/delta?$select=displayName")
    mirror.round()
    tenant.clock(advance="6d")
    mirror.round()
    assert mirror.restarts == 0
    stale = mirror.link
    tenant.clock(advance="8d")
    reply = tenant.ask("GET", stale)
    assert reply.status_code == 410
    assert reply.headers["location"].endswith("/delta?$select=displayName&$deltatoken=")
    shown = mirror.round()
    assert mirror.restarts == 1 and set(shown[0]) == {"@odata.type", "id", "displayName"}
    assert mirror.round() == []


def test_a_reset(tenant):
    keys = [tenant.make()["id"] for _ in range(3)]
    mirror = mirror_of(tenant)
    mirror.round()
    tenant.control("POST", "/reset")
    made = tenant.make()["id"]
    assert [each["id"] for each in mirror.round()] == [*keys, made]
    assert mirror.restarts == 0 and mirror.rows == everything(tenant)


def test_removal_by_a_policy(tenant):
    tenant.policy(domainJoinConnectors={"on": True, "error": "1h", "inactive": "2h", "remove": "3h"})
    key = tenant.make(DOMAIN_JOIN)["id"]
    mirror = mirror_of(tenant, f"{DOMAIN_JOIN}/delta?$select=state")
    assert [each["state"] for each in mirror.round()] == ["active"]
    tenant.clock(advance="90m")
    assert mirror.round() == []  # nobody wrote it
    change(tenant, DOMAIN_JOIN, key, displayName="x")
    assert mirror.round() == []
    change(tenant, DOMAIN_JOIN, key, lastConnectionDateTime=tenant.clock()["now"])
    assert [each["state"] for each in mirror.round()] == ["active"]
    tenant.clock(advance="4h")
    assert mirror.round() == [{"id": key, "@removed": {"reason": "deleted"}}]


def test_import_beside_the_server(tmp_path):
    with Server(tmp_path) as server:
        with Tenant(server.url()) as tenant:
            mirror = mirror_of(tenant)
            mirror.round()
            run("seed", "demo", "--data-dir", tmp_path)
            assert mirror.round() and mirror.restarts == 0
            assert mirror.rows == everything(tenant)


def test_who_may(tenant):
    def ask(role):
        token = tenant.control("POST", "/token", {"roles": [role]})["access_token"]
        with Tenant(tenant.url, tenant.tenant, token=token) as other:
            return other.ask("GET", f"{NDES}/delta").status_code
    assert ask("DeviceManagementConfiguration.Read.All") == 200
    assert ask("User.Read.All") == 403


def test_in_a_batch(tenant):
    key = tenant.make()["id"]
    parts = [{"id": "1", "method": "GET", "url": "/deviceManagement/ndesConnectors/delta"},
             {"id": "2", "method": "GET", "url": "/deviceManagement/ndesConnectors/delta?$skip=1"}]
    reply = tenant.ask("POST", "/beta/$batch", json={"requests": parts})
    answers = {each["id"]: each for each in reply.json()["responses"]}
    assert [each["id"] for each in answers["1"]["body"]["value"]] == [key]
    assert answers["2"]["status"] == 400


@pytest.mark.parametrize("flags", [("--strict",), ("--profile", "live")], ids=["strict", "live"])
def test_where_it_is_not_offered(flags):
    with Server(None, *flags) as server, Tenant(server.url()) as tenant:
        for name in ("delta", "delta()", "microsoft.graph.delta"):
            reply, unknown = (tenant.ask("GET", f"{NDES}/{key}") for key in (name, "another"))
            assert reply.status_code == unknown.status_code == 404
            assert "x-connectord-beyond-graph" not in reply.headers
            assert reply.json()["error"]["code"] == unknown.json()["error"]["code"]
            assert tenant.ask("PATCH", f"{NDES}/{name}", json={}).status_code == 404
        assert tenant.ask("GET", f"{NDES}?$deltatoken=latest").status_code == 400


# --- at random --------------------------------------------------------------------------------------


def write_at_random(tenant, chance, keys):
    what = chance.random()
    if what < 0.4 or not keys:
        keys.append(tenant.make(displayName=str(chance.randrange(9)))["id"])
    elif what < 0.8:
        change(tenant, NDES, chance.choice(keys),
               **{chance.choice(["displayName", "machineName"]): str(chance.randrange(9))})
    else:
        delete(tenant, NDES, keys.pop(chance.randrange(len(keys))))


@pytest.mark.parametrize("options", ["$top=3", "$select=id,machineName&$top=7", "$filter=displayName lt '5'&$top=4"])
def test_a_mirror_while_others_write(tenant, options):
    chance, keys, done = random.Random(options), [], threading.Event()
    mirror = mirror_of(tenant, f"{NDES}/delta?{options}")

    def writer():
        with Tenant(tenant.url, tenant.tenant, token=tenant.token) as own:
            for _ in range(300):
                write_at_random(own, chance, keys)
        done.set()

    thread = threading.Thread(target=writer)
    thread.start()
    while not done.is_set():
        mirror.round()
    thread.join()
    mirror.round()
    assert mirror.restarts == 0
    assert mirror.rows == everything(tenant, f"{NDES}?{options}")
    assert mirror.round() == []


def test_a_mirror_over_kills(tmp_path):
    chance, keys, seen = random.Random(7), [], {}
    for turn in range(6):
        with Server(tmp_path) as server, Tenant(server.url()) as tenant:
            keys = list(everything(tenant))
            mirror = mirror_of(tenant)
            mirror.rows, mirror.link = dict(seen.get("rows", {})), seen.get("link")
            for _ in range(20):
                write_at_random(tenant, chance, keys)
            if turn % 2 == 0:
                mirror.round()
            for _ in range(5):
                write_at_random(tenant, chance, keys)
            if turn == 5:
                mirror.round()
                assert mirror.rows == everything(tenant)
            assert mirror.restarts == 0
            seen = {"rows": mirror.rows, "link": mirror.link}
            server.kill()
