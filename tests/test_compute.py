"""$compute where more than a set and its rows has a say: policies, clocks, stale reads, pages that are cut by what is
worked out, and what is too much. What it makes of a row: cases/compute.json."""
import pytest

from server_process import Server
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

PAGE_BYTES = 8192


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def rows(tenant, target=NDES, **options):
    reply = tenant.ask("GET", target, params={f"${name}": value for name, value in options.items()})
    assert reply.status_code == 200, reply.text
    return reply.json()["value"]


def test_states_are_those_that_a_policy_makes(tenant):
    tenant.clock(set="2024-06-01T00:00:00Z", freeze=True)
    silent = tenant.make(DOMAIN_JOIN, lastConnectionDateTime="2024-05-20T00:00:00Z", state="active")["id"]
    heard = tenant.make(DOMAIN_JOIN, lastConnectionDateTime="2024-05-31T23:59:00Z", state="active")["id"]
    options = {"compute": "state as s,now() sub lastConnectionDateTime as silence,state eq 'active' as fine",
               "select": "id,state,s,silence,fine", "orderby": "fine,silence"}
    assert {(each["id"], each["state"], each["s"]) for each in rows(tenant, DOMAIN_JOIN, **options)} == \
        {(silent, "active", "active"), (heard, "active", "active")}
    tenant.policy(domainJoinConnectors={"on": True})
    shown = [(each["id"], each["state"], each["s"], each["silence"], each["fine"])
             for each in rows(tenant, DOMAIN_JOIN, **options)]
    assert shown == [(silent, "inactive", "inactive", "P12D", False), (heard, "active", "active", "PT1M", True)]
    assert [each["id"] for each in rows(tenant, DOMAIN_JOIN, filter="fine", **options)] == [heard]
    reply = tenant.ask("GET", f"{DOMAIN_JOIN}/{silent}?$compute=state as s,now() as n&$select=s,n")
    assert (reply.json()["s"], reply.json()["n"]) == ("inactive", "2024-06-01T00:00:00Z")
    assert "x-connectord-policy" in reply.headers


def test_a_page_has_its_moment_unless_the_order_has_one(tenant):
    tenant.clock(set="2024-06-01T00:00:00Z", freeze=True)
    for _ in range(2):
        tenant.make(lastConnectionDateTime="2024-05-31T00:00:00Z")
    for order, then in (("id", "P2D"), ("silence", "P1D")):
        tenant.clock(set="2024-06-01T00:00:00Z", freeze=True)
        first = tenant.ask("GET", NDES, params={
            "$compute": "now() sub lastConnectionDateTime as silence", "$select": "silence", "$orderby": order,
            "$top": "1"}).json()
        tenant.clock(set="2024-06-02T00:00:00Z", freeze=True)
        second = tenant.get(first["@odata.nextLink"])
        assert [each["value"][0]["silence"] for each in (first, second)] == ["P1D", then]


def test_stale_reads(tenant):
    changed, deleted = (tenant.make(displayName="before")["id"] for _ in range(2))
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "5m"})
    tenant.ask("PATCH", f"{NDES}/{changed}", json={"displayName": "then"})
    tenant.ask("DELETE", f"{NDES}/{deleted}")
    expected = {changed: ("before", 4), deleted: ("before", None)}
    query = {"compute": "length(displayName) as n", "select": "id,displayName,n"}
    assert {each["id"]: (each["displayName"], each["n"]) for each in rows(tenant, **query)} == expected
    for key, (name, letters) in expected.items():
        reply = tenant.get(f"{NDES}/{key}?$compute=length(displayName) as n&$select=n,displayName")
        assert (reply["displayName"], reply["n"]) == (name, letters)


def test_permissions_before_everything(tenant):
    reply = tenant.send("GET", f"{NDES}?$compute=(", headers={"Authorization": "Bearer x"})
    assert reply.status_code == 401


@pytest.fixture(name="narrow", scope="module")
def narrow_tenant(tmp_path_factory):
    """Its pages have room for some kilobytes, and its entities have tags."""
    with Server(tmp_path_factory.mktemp("narrow"), "--limit-page-bytes", PAGE_BYTES, "--etags") as server:
        with Tenant(server.url()) as tenant:
            yield tenant
        assert server.stop() == 0
        assert not [event for event in server.events if event.get("status") == 500]


@pytest.mark.parametrize("order", [None, "n desc", "machineName", "length(text),displayName desc"])
def test_pages_end_where_what_is_worked_out_is_too_much(narrow, order):
    made = narrow.ids(NDES) or [
        narrow.make(displayName=f"{number:02}" + 100 * "x", machineName=f"{number * 7 % 20:02}")["id"]
        for number in range(20)]
    query = {"compute": "cast(substring(displayName,0,2),Edm.String) as n,"
                        + "concat(displayName," * 9 + "displayName" + ")" * 9 + " as text",
             **({"orderby": order} if order else {})}
    whole = [each["id"] for each in rows(narrow, select="id", **query)]
    assert sorted(whole) == sorted(made) and len(whole) == 20
    pages, page = [], None
    while page is None or "@odata.nextLink" in page:
        page = narrow.get(page["@odata.nextLink"]) if page else narrow.ask(
            "GET", NDES, params={f"${name}": value for name, value in (query | {"select": "id,text"}).items()}).json()
        pages.append([each["id"] for each in page["value"]])
        assert all(len(each["text"]) == 1020 for each in page["value"])
    assert [key for each in pages for key in each] == whole
    assert len(pages) == 3 and all(6 < len(each) < 10 for each in pages[:2]), pages


def test_too_much(narrow):
    key = narrow.make(DOMAIN_JOIN, displayName=900_000 * "x")["id"]
    texts = "concat(displayName,displayName) as a,concat(a,a) as b"
    many = texts + "".join(f",b as b{number}" for number in range(14))
    for target in (DOMAIN_JOIN, f"{DOMAIN_JOIN}/{key}"):
        reply = narrow.ask("GET", f"{target}?$compute={many}")
        assert reply.status_code == 413, (reply.status_code, reply.text[:300])
        reply = narrow.ask("GET", f"{target}?$compute={texts},length(concat(b,b)) as n&$select=n")
        assert (reply.status_code, reply.json()["error"]["target"]) == (400, "$compute")
    assert narrow.ask("GET", f"{DOMAIN_JOIN}/{key}?$compute={texts},length(b) as n&$select=n").json()["n"] == 4 * 900_000


def test_a_condition_is_asked_of_the_entity(narrow):
    target = f"{NDES}/{narrow.make(displayName='one')['id']}"
    tag = narrow.ask("GET", target).headers["etag"]
    assert narrow.ask("HEAD", f"{target}?$compute=1 as n").headers["etag"] == tag
    for field, value, status in [("If-None-Match", tag, 304), ("If-None-Match", '"x"', 200), ("If-Match", tag, 200),
                                 ("If-Match", '"x"', 412)]:
        reply = narrow.ask("GET", f"{target}?$compute=1 as n&$select=n", headers={field: value})
        assert reply.status_code == status, (field, value, reply.text)
        assert (reply.status_code == 200) == (reply.content != b"" and reply.json().get("n") == 1)
    missing = narrow.ask("GET", f"{target[:-4]}0000?$compute=1 as n", headers={"If-Match": "*"})
    assert missing.status_code == 412, missing.text
