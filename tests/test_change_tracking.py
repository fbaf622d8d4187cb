"""What a delta can be asked for beside its links: to track a list, to tell what is new of an entity alone, to be told
what a tester's rule says; and how long its log is kept, over restarts and by the timer."""
import contextlib
import glob
import random
import sqlite3
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from server_process import Server
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox
from test_delta import DETAILS, change, delete, everything, mirror_of, write_at_random

TRACK = {"Prefer": "odata.track-changes"}
MINIMAL = {"Prefer": "return=minimal"}
TYPE = {"@odata.type": "#microsoft.graph.ndesConnector"}


@pytest.fixture(scope="module", params=["disk", "memory"])
def server(request, tmp_path_factory):
    where = tmp_path_factory.mktemp("data") if request.param == "disk" else None
    with Server(where) as running:
        yield running


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def follow(tenant, link, **options):
    parts = urlsplit(link)
    return tenant.ask("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, **options)


def page(tenant, link, **options):
    reply = follow(tenant, link, **options)
    assert reply.status_code == 200, reply.text
    return reply.json()


# --- with tags of entities, and with numbers as texts ----------------------------------------------


@pytest.mark.parametrize("first, headers", [(NDES + "/delta?$top=1", {}), (NDES + "?$top=1", TRACK)])
def test_all_pages_have_tags(first, headers):
    """A mirror that keeps an old one could not write any more."""
    with Server(None, "--etags") as server, sandbox(server.url()) as tenant:
        keys = [tenant.make()["id"] for _ in range(3)]
        told, tags = tenant.ask("GET", first, headers=headers).json(), {}
        while "@odata.nextLink" in told:
            tags.update((each["id"], each["@odata.etag"]) for each in told["value"])
            told = page(tenant, told["@odata.nextLink"])
        tags.update((each["id"], each["@odata.etag"]) for each in told["value"])
        assert tags == {key: tenant.get(f"{NDES}/{key}")["@odata.etag"] for key in keys}
        for more in ({}, MINIMAL):
            change(tenant, NDES, keys[1], displayName=f"new {more}")
            reply = follow(tenant, told["@odata.deltaLink"], headers=more)
            assert "etags" in reply.headers["x-connectord-beyond-graph"]
            told = reply.json()
            assert [each["@odata.etag"] for each in told["value"]] == [tenant.get(f"{NDES}/{keys[1]}")["@odata.etag"]]


@pytest.mark.parametrize("select", ["displayName", "id,displayName", "*"])
def test_a_select_that_is_repeated_beside_tags(select):
    with Server(None, "--etags") as server, sandbox(server.url()) as tenant:
        link = tenant.get(f"{NDES}/delta?$select={select}")["@odata.deltaLink"]
        assert page(tenant, f"{link}&$select={select}")["value"] == []
        assert follow(tenant, f"{link}&$select=state").status_code == 400


def test_a_format_goes_on(tenant):
    form = "application/json;odata.metadata=full;IEEE754Compatible=true"
    first = tenant.ask("GET", f"{NDES}/delta?$format={form}")
    again = follow(tenant, first.json()["@odata.deltaLink"])
    assert again.headers["content-type"] == first.headers["content-type"]
    plain = follow(tenant, f"{first.json()['@odata.deltaLink']}&$format=json")
    assert "IEEE754Compatible=false" in plain.headers["content-type"]


# --- Prefer: odata.track-changes -------------------------------------------------------------------


@pytest.mark.parametrize("prefer", ["odata.track-changes", "track-changes", "Track-Changes; a=b"])
def test_a_tracked_list(tenant, prefer):
    keys = [tenant.make(displayName=name)["id"] for name in "abc"]
    plain = tenant.get(NDES)
    reply = tenant.ask("GET", NDES, headers={"Prefer": prefer})
    shown = reply.json()
    assert reply.headers["preference-applied"] == "odata.track-changes"
    assert reply.headers["x-connectord-beyond-graph"] == "delta"
    link = shown.pop("@odata.deltaLink")
    assert shown == plain
    assert page(tenant, link)["value"] == []
    change(tenant, NDES, keys[1], displayName="B")
    delete(tenant, NDES, keys[2])
    told = page(tenant, link)
    assert told["@odata.context"].endswith("#deviceManagement/ndesConnectors/$delta")
    assert [each["id"] for each in told["value"]] == keys[1:]


def test_pages_of_a_tracked_list(tenant):
    keys = [tenant.make(displayName=str(number))["id"] for number in range(5)]
    reply = tenant.ask("GET", f"{NDES}?$select=displayName&$filter=displayName ge '1'",
                       headers={"Prefer": "odata.maxpagesize=2, odata.track-changes"})
    assert reply.headers["preference-applied"] == "odata.maxpagesize=2, odata.track-changes"
    seen, pages = [], 0
    while True:
        body = reply.json()
        assert body["@odata.context"].endswith("#deviceManagement/ndesConnectors(displayName)")
        assert ("@odata.nextLink" in body) != ("@odata.deltaLink" in body)
        seen += body["value"]
        pages += 1
        if "@odata.deltaLink" in body:
            break
        change(tenant, NDES, keys[4], displayName=f"9{pages}")  # behind the page, and told of again
        reply = follow(tenant, body["@odata.nextLink"], headers=TRACK)
        assert reply.headers["preference-applied"].endswith("odata.track-changes")
    assert pages == 2 and [each["id"] for each in seen] == keys[1:]
    assert all(set(each) == {"@odata.type", "id", "displayName"} for each in seen)
    assert [each["id"] for each in page(tenant, body["@odata.deltaLink"])["value"]] == [keys[4]]
    # Who does not say it again is not told that it was heeded again.
    first = tenant.ask("GET", f"{NDES}?$top=1", headers=TRACK).json()
    assert "preference-applied" not in follow(tenant, first["@odata.nextLink"]).headers


@pytest.mark.parametrize("options", ["$orderby=id", "$skip=0", "$count=true", "$search=x", "$apply=aggregate($count as n)",
                                     "$select=roleScopeTagIds($count=true)", "$select=id,roleScopeTagIds($top=0)",
                                     "$filter=displayName ne '" + "x" * 2100 + "'"])
def test_what_cannot_be_tracked_is_listed(tenant, options):
    tenant.make(displayName="x")
    plain, reply = tenant.ask("GET", f"{NDES}?{options}"), tenant.ask("GET", f"{NDES}?{options}", headers=TRACK)
    assert reply.status_code == plain.status_code == 200
    assert reply.json() == plain.json()
    assert "preference-applied" not in reply.headers
    assert "delta" not in reply.headers.get_list("x-connectord-beyond-graph")


@pytest.mark.parametrize("address, options", [
    (NDES, "$compute=1 as n&$select=id,n"), (NDES, "$select=id,roleScopeTagIds($top=1)"),
    (NDES + "/$filter(displayName eq 'x')", ""), (NDES + "/$filter(@f)", "@f=displayName eq 'x'&$select=id")])
def test_what_the_links_could_not_say_is_listed(tenant, address, options):
    tenant.make(displayName="x", roleScopeTagIds=["0", "1"])
    tenant.make(displayName="y")
    plain = tenant.get(f"{address}?{options}")
    for method, target, body in [("GET", f"{address}?{options}", None), ("POST", f"{address}/$query", options)]:
        reply = tenant.ask(method, target, content=body, headers=TRACK | ({"Content-Type": "text/plain"} if body else {}))
        assert reply.json() == plain, (method, reply.text)
        assert "preference-applied" not in reply.headers and "delta" not in reply.headers["x-connectord-beyond-graph"]


def test_options_in_a_body_are_tracked(tenant):
    key = tenant.make(displayName="x")["id"]
    tenant.make(displayName="y")
    asked = {"content": "$filter=displayName eq 'x'&$select=machineName",
             "headers": TRACK | {"Content-Type": "text/plain"}}
    reply = tenant.ask("POST", f"{NDES}/$query", **asked)
    assert [each["id"] for each in reply.json()["value"]] == [key]
    change(tenant, NDES, key, machineName="m")
    assert page(tenant, reply.json()["@odata.deltaLink"])["value"] == [TYPE | {"id": key, "machineName": "m"}]
    for options in ("$orderby=id desc", "$search=x", "$count=true"):
        reply = tenant.ask("POST", f"{NDES}/$query", **(asked | {"content": options}))
        assert reply.status_code == 200 and "@odata.deltaLink" not in reply.json(), reply.text


def test_where_nothing_is_tracked(tenant):
    key = tenant.make()["id"]
    tenant.make()
    link = tenant.get(f"{NDES}?$top=1")["@odata.nextLink"]
    for path in (f"{NDES}/{key}", f"{NDES}/{key}/displayName", f"{NDES}/$count", "/beta/deviceManagement", link):
        reply = follow(tenant, path, headers=TRACK)
        assert reply.status_code in (200, 204), reply.text
        assert "preference-applied" not in reply.headers and "deltaLink" not in reply.text
    head = tenant.ask("HEAD", NDES, headers=TRACK)
    assert head.status_code == 200 and head.headers["preference-applied"] == "odata.track-changes"


def test_wrong_options_are_told_as_ever(tenant):
    for options in ("$filter=x eq 1", "$select=nothing", "$deltatoken=latest", "$skiptoken=x"):
        plain, reply = tenant.ask("GET", f"{NDES}?{options}"), tenant.ask("GET", f"{NDES}?{options}", headers=TRACK)
        assert reply.status_code == plain.status_code == 400
        assert reply.json()["error"]["message"] == plain.json()["error"]["message"]


def test_a_tracked_list_in_a_batch(tenant):
    key = tenant.make()["id"]
    parts = [{"id": "1", "method": "GET", "url": "/deviceManagement/ndesConnectors", "headers": TRACK}]
    answer, = tenant.ask("POST", "/beta/$batch", json={"requests": parts}).json()["responses"]
    assert answer["headers"]["Preference-Applied"] == "odata.track-changes"
    assert [each["id"] for each in answer["body"]["value"]] == [key]
    assert page(tenant, answer["body"]["@odata.deltaLink"])["value"] == []


@pytest.mark.parametrize("flags", [("--strict",), ("--profile", "live")], ids=["strict", "live"])
def test_where_it_is_passed_over(flags):
    with Server(None, *flags) as server, Tenant(server.url()) as tenant:
        tenant.make()
        plain, reply = tenant.ask("GET", NDES), tenant.ask("GET", NDES, headers=TRACK)
        assert reply.json() == plain.json()
        for field in ("preference-applied", "x-connectord-beyond-graph"):
            assert field not in reply.headers


# --- Prefer: return=minimal ------------------------------------------------------------------------


def test_only_what_changed(tenant):
    key = tenant.make(displayName="a", machineName="m")["id"]
    reply = tenant.ask("GET", f"{NDES}/delta", headers=MINIMAL)
    assert "preference-applied" not in reply.headers  # a first round has nothing to leave out
    link = reply.json()["@odata.deltaLink"]
    change(tenant, NDES, key, displayName="b")
    reply = follow(tenant, link, headers=MINIMAL)
    assert reply.headers["preference-applied"] == "return=minimal"
    assert reply.headers.get_list("x-connectord-beyond-graph") == ["delta", "return-minimal"] or \
        reply.headers["x-connectord-beyond-graph"] == "delta, return-minimal"
    assert reply.json()["value"] == [{**TYPE, "id": key, "displayName": "b"}]
    whole = follow(tenant, link)
    assert "preference-applied" not in whole.headers
    assert whole.json()["value"] == [tenant.get(f"{NDES}/{key}") | TYPE] or \
        whole.json()["value"][0]["machineName"] == "m"
    change(tenant, NDES, key, machineName="n")  # the sum of all since then
    assert page(tenant, link, headers=MINIMAL)["value"] == [
        {**TYPE, "id": key, "displayName": "b", "machineName": "n"}]
    made = tenant.make()
    made.pop("@odata.context")
    delete(tenant, NDES, key)
    told = page(tenant, link, headers=MINIMAL)["value"]
    assert told == [made, {"id": key, "@removed": {"reason": "deleted"}}]


def test_only_what_changed_of_what_is_selected(tenant):
    key = tenant.make(displayName="a", machineName="m")["id"]
    link = tenant.get(f"{NDES}/delta?$select=displayName,state")["@odata.deltaLink"]
    change(tenant, NDES, key, machineName="n", displayName="b")
    assert page(tenant, link, headers=MINIMAL)["value"] == [{**TYPE, "id": key, "displayName": "b"}]
    link = tenant.get(f"{DETAILS}/delta")["@odata.deltaLink"]
    change(tenant, NDES, key, displayName="c")
    shown, = page(tenant, link, headers=MINIMAL)["value"]
    assert set(shown) == {"@odata.type", "id", "connectorName"} and shown["connectorName"] == "c"


def test_who_comes_in_by_the_filter_is_shown_whole(tenant):
    key = tenant.make(displayName="out", machineName="m")["id"]
    link = tenant.get(f"{NDES}/delta?$filter=displayName eq 'in'&$select=machineName,state")["@odata.deltaLink"]
    change(tenant, NDES, key, displayName="in")
    shown = page(tenant, link, headers=MINIMAL)
    assert shown["value"] == [{**TYPE, "id": key, "machineName": "m", "state": "none"}]
    change(tenant, NDES, key, machineName="n")
    assert page(tenant, shown["@odata.deltaLink"], headers=MINIMAL)["value"] == [
        {**TYPE, "id": key, "machineName": "n"}]


def test_a_state_that_is_worked_out_is_always_shown(tenant):
    tenant.policy(domainJoinConnectors={"on": True, "error": "1h", "inactive": "2h", "remove": "3h"})
    key = tenant.make(DOMAIN_JOIN, displayName="a")["id"]
    link = tenant.get(f"{DOMAIN_JOIN}/delta")["@odata.deltaLink"]
    late = tenant.get(f"{DOMAIN_JOIN}/delta?$filter=state eq 'error'")
    assert late["value"] == []
    tenant.clock(advance="90m")
    change(tenant, DOMAIN_JOIN, key, displayName="b")
    shown, = page(tenant, link, headers=MINIMAL)["value"]
    assert set(shown) == {"@odata.type", "id", "displayName", "state"} and shown["state"] == "error"
    shown, = page(tenant, late["@odata.deltaLink"], headers=MINIMAL)["value"]
    assert {"displayName", "lastConnectionDateTime", "version"} < set(shown)  # it came in by time


@pytest.mark.parametrize("options", ["$top=3", "$select=id,machineName&$top=7", "$filter=displayName lt '5'&$top=4"])
def test_a_mirror_that_merges(tenant, options):
    """Who keeps what it has and puts the news into it has the set, whatever others write meanwhile."""
    chance, keys, done, rows = random.Random(options), [], threading.Event(), {}
    link = f"{NDES}/delta?{options}"

    def writer():
        with Tenant(tenant.url, tenant.tenant, token=tenant.token) as own:
            for _ in range(300):
                write_at_random(own, chance, keys)
        done.set()

    def read_round(link):
        while True:
            body = page(tenant, link, headers=MINIMAL)
            for each in body["value"]:
                if "@removed" in each:
                    rows.pop(each["id"], None)
                else:
                    rows.setdefault(each["id"], {}).update(each)
            link = body.get("@odata.nextLink")
            if not link:
                return body["@odata.deltaLink"]

    thread = threading.Thread(target=writer)
    thread.start()
    while not done.is_set():
        link = read_round(link)
    thread.join()
    link = read_round(link)
    assert rows == everything(tenant, f"{NDES}?{options}")


# --- rules -----------------------------------------------------------------------------------------


def test_rules_for_links(tenant):
    tenant.make()
    link = tenant.get(f"{NDES}/delta")["@odata.deltaLink"]
    tenant.rules({"name": "again", "when": {"method": "GET"}, "read": "duplicatePage"})
    for asked in (f"{NDES}/delta?$top=1", link):
        shown = page(tenant, asked)
        assert urlsplit(shown["@odata.nextLink"])._replace(scheme="", netloc="").geturl() == \
            urlsplit(asked)._replace(scheme="", netloc="").geturl()
        assert "@odata.deltaLink" not in shown
    tracked = page(tenant, f"{NDES}?$top=1", headers=TRACK)
    assert urlsplit(tracked["@odata.nextLink"]).path == NDES
    tenant.rules({"name": "broken", "when": {"method": "GET"}, "read": "brokenNextLink"})
    for asked in (f"{NDES}/delta", link):
        broken = page(tenant, asked)["@odata.nextLink"]
        reply = follow(tenant, broken)
        assert reply.status_code == 400 and reply.json()["error"]["target"] == "$skiptoken"


def test_a_stale_delta(tenant):
    key = tenant.make(displayName="a")["id"]
    link = tenant.get(f"{NDES}/delta")["@odata.deltaLink"]
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "1m"})
    reply = follow(tenant, link)
    assert reply.json()["value"] == [] and "x-connectord-fault" not in reply.headers  # there was nothing to hide
    change(tenant, NDES, key, displayName="b")
    reply = follow(tenant, link)
    assert reply.json()["value"] == [] and reply.headers["x-connectord-fault"] == "stale"
    later = reply.json()["@odata.deltaLink"]
    first = page(tenant, f"{NDES}/delta")  # what there is, as it is; and once more
    assert [each["displayName"] for each in first["value"]] == ["b"]
    tenant.control("DELETE", "/faults")
    for each in (later, first["@odata.deltaLink"]):
        assert [row["displayName"] for row in page(tenant, each)["value"]] == ["b"]


# --- how long it is kept ---------------------------------------------------------------------------


def test_a_token_over_a_restart(tmp_path):
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        key = tenant.make(displayName="a")["id"]
        mirror = mirror_of(tenant)
        mirror.round()
        listed = tenant.ask("GET", f"{NDES}?$top=1", headers=TRACK).json()
        assert server.stop() == 0
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        change(tenant, NDES, key, displayName="b")
        again = mirror_of(tenant, mirror.link)
        assert [each["displayName"] for each in again.round()] == ["b"]
        link = listed.get("@odata.deltaLink") or page(tenant, listed["@odata.nextLink"])["@odata.deltaLink"]
        assert [each["displayName"] for each in page(tenant, link)["value"]] == ["b"]
        token = parse_qs(urlsplit(mirror.link).query)["$deltatoken"][0]
    with Server(None) as server, Tenant(server.url()) as tenant:
        assert tenant.ask("GET", f"{NDES}/delta?$deltatoken={token}").status_code == 400


def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(1)


def stored(folder, sql):
    """What the store's own file says, beside the server."""
    found = glob.glob(f"{folder}/*.db")
    with contextlib.closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as store:
        return store.execute(sql).fetchall()


def test_the_timer_keeps_the_newest_changes(tmp_path):
    """It looks when the server has begun, and each minute from then on."""
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        key = tenant.make(displayName="a")["id"]
        old = tenant.get(f"{NDES}/delta")["@odata.deltaLink"]
        for number in range(6):
            change(tenant, NDES, key, displayName=str(number))
        young = page(tenant, old)["@odata.deltaLink"]
        change(tenant, NDES, key, displayName="last")
        tenant.clock(advance="6d")  # its rows are as old as the machine says
        assert server.stop() == 0
    with Server(tmp_path, "--limit-delta-changes", "2") as server, Tenant(server.url()) as tenant:
        wait_for(lambda: len(stored(tmp_path, "SELECT seq FROM change")) == 2, 30)
        reply = follow(tenant, old)
        assert reply.status_code == 410 and reply.json()["error"]["code"] == "resyncRequired"
        assert [each["displayName"] for each in page(tenant, reply.headers["location"])["value"]] == ["last"]
        assert [each["displayName"] for each in page(tenant, young)["value"]] == ["last"]


def test_the_timer_ends_what_nobody_follows(tmp_path):
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        key = tenant.make(displayName="a")["id"]
        link = tenant.get(f"{NDES}/delta")["@odata.deltaLink"]
        followed = tenant.get(f"{DOMAIN_JOIN}/delta")["@odata.deltaLink"]
        change(tenant, NDES, key, displayName="b")
        assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(glob.glob(f"{tmp_path}/*.db")[0])) as store, store:
        store.execute("UPDATE watch SET used_unix_ms = used_unix_ms - 8 * 86400000 WHERE type LIKE 'ndes%'")
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        wait_for(lambda: stored(tmp_path, "SELECT count(*) FROM watch") == [(1,)], 30)
        assert stored(tmp_path, "SELECT count(*) FROM change") == [(0,)]
        assert follow(tenant, link).status_code == 410
        assert page(tenant, followed)["value"] == []
        change(tenant, NDES, key, displayName="c")
        assert stored(tmp_path, "SELECT count(*) FROM change") == [(0,)]  # nobody follows
        begun = page(tenant, f"{NDES}/delta")
        assert [each["displayName"] for each in begun["value"]] == ["c"]
        assert follow(tenant, link).status_code == 410  # of the log before


def test_another_order_of_properties_ends_a_log(tmp_path):
    """As after a release that has others: what the rows say of properties is no longer known."""
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        key = tenant.make(displayName="a")["id"]
        link = tenant.get(f"{NDES}/delta?$select=displayName")["@odata.deltaLink"]
        change(tenant, NDES, key, displayName="b")
        assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(glob.glob(f"{tmp_path}/*.db")[0])) as store, store:
        store.execute("UPDATE watch SET layout = layout + 1")
    with Server(tmp_path) as server, Tenant(server.url()) as tenant:
        reply = follow(tenant, link)
        assert reply.status_code == 410
        begun = page(tenant, reply.headers["location"])
        assert [each["displayName"] for each in begun["value"]] == ["b"]
        change(tenant, NDES, key, displayName="c")
        assert [each["displayName"] for each in page(tenant, begun["@odata.deltaLink"])["value"]] == ["c"]
        assert follow(tenant, link).status_code == 410


def test_a_sandbox_takes_its_log_along(tmp_path):
    with Server(tmp_path) as server:
        with sandbox(server.url()) as tenant:
            tenant.make()
            tenant.get(f"{NDES}/delta")
            tenant.make()
            assert stored(tmp_path, "SELECT count(*) FROM change") == [(1,)]
            tenant.control("DELETE", "")
        assert stored(tmp_path, "SELECT count(*) FROM watch") == [(0,)]
        assert stored(tmp_path, "SELECT count(*) FROM change") == [(0,)]


# --- writes of many --------------------------------------------------------------------------------


def group(*bodies):
    return [{"id": str(number), "atomicityGroup": "g", "method": "POST",
             "url": "/deviceManagement/ndesConnectors",
             "headers": {"Content-Type": "application/json"}, "body": body} for number, body in enumerate(bodies)]


def test_groups_are_told_whole_or_not_at_all(tenant):
    mirror = mirror_of(tenant)
    mirror.round()
    parts = group({"displayName": "a"}, {"displayName": "b"})
    answers = tenant.ask("POST", "/beta/$batch", json={"requests": parts}).json()["responses"]
    assert [each["status"] for each in answers] == [201, 201]
    assert {each["displayName"] for each in mirror.round()} == {"a", "b"}
    missing = {"id": "9", "atomicityGroup": "g", "method": "DELETE",
               "url": "/deviceManagement/ndesConnectors/00000000-0000-0000-0000-00000000dead"}
    answers = tenant.ask("POST", "/beta/$batch", json={"requests": [*group({"displayName": "c"}), missing]}).json()
    assert [each["status"] for each in answers["responses"]] == [424, 404]
    assert mirror.round() == []
    assert mirror.rows == everything(tenant)


def test_a_seed_behind_a_reset(tenant):
    """All that was there goes, and what comes is new, also with the same id: it is shown whole."""
    seed = {"ndesConnectors": [{"id": "seeded", "displayName": "a", "machineName": "m"}]}
    tenant.control("POST", "/seed", seed)
    mirror = mirror_of(tenant)
    mirror.round()
    other = tenant.make()["id"]
    tenant.control("POST", "/reset")
    tenant.control("POST", "/seed", seed)
    told = {each["id"]: each for each in page(tenant, mirror.link, headers=MINIMAL)["value"]}
    assert told[other]["@removed"] == {"reason": "deleted"} and told["seeded"]["machineName"] == "m"
    mirror.round()
    assert mirror.restarts == 0 and mirror.rows == everything(tenant)


def test_names_of_401():
    admits = {"OData-MaxVersion": "4.01"}
    with Server(None, "--odata-401") as server, Tenant(server.url()) as tenant:
        tenant.make()
        tenant.make()
        first = page(tenant, f"{NDES}/delta?$top=1", headers=admits)
        assert set(first) == {"@context", "@nextLink", "value"}
        assert set(page(tenant, first["@nextLink"], headers=admits)) == {"@context", "@deltaLink", "value"}
        assert "@deltaLink" in page(tenant, NDES, headers=admits | TRACK)
        assert "@odata.deltaLink" in page(tenant, NDES, headers=TRACK)
