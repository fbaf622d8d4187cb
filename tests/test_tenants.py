"""Tenants do not see each other: through no operation, no error, no header and no page.

The rule that is tested: to another tenant an entity answers exactly as one that never was, byte for
byte but for the ids that make each request its own."""
import json
import re
import uuid

import httpx
import pytest

from conftest import log_in
from raw_http import Raw, request
from server_process import DEFAULT_TENANT, Server, run

SETS = {
    "ndesConnectors": ("beta", "displayName"),
    "domainJoinConnectors": ("beta", "displayName"),
    "exchangeConnectors": ("v1.0", "serverName"),
}
NEVER = "01900000-0000-7000-8000-000000000000"
UNIQUE = re.compile(r'"(request-id|client-request-id|date)":"[^"]*"')


class Tenant:
    """A caller of one tenant, over one transport."""

    def __init__(self, client, tenant):
        self.client, self.tenant = client, tenant
        reply = log_in(client, tenant)
        assert reply.status_code == 200, reply.text
        self.token = reply.json()["access_token"]

    def ask(self, method, target, **options):
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.request(method, target, headers=headers, **options)

    def create(self, set_name, marker):
        version, member = SETS[set_name]
        reply = self.ask("POST", f"/{version}/deviceManagement/{set_name}", json={member: marker})
        assert reply.status_code == 201, reply.text
        return reply.json()["id"]


@pytest.fixture
def owner(client):
    return Tenant(client, str(uuid.uuid4()))


@pytest.fixture
def other(client):
    return Tenant(client, str(uuid.uuid4()))


def told(reply, key):
    """What a reply tells: status, fields and body, without what is new in every reply. `key` is
    taken out: the client said it itself."""
    fields = {k: v for k, v in reply.headers.items()
              if k not in ("request-id", "client-request-id", "date", "content-length")}
    body = UNIQUE.sub(r'"\1":""', reply.text).replace(key, "{id}")
    return reply.status_code, fields, body


def attempts(set_name, key):
    """Every operation on one entity, in every spelling of its address."""
    version, member = SETS[set_name]
    root = f"/{version}/deviceManagement/{set_name}"
    for address in (f"{root}/{key}", f"{root}('{key}')", f"{root}(id='{key}')"):
        yield "GET", address, {}
        yield "GET", f"{address}?$select=id", {}
        yield "HEAD", address, {}
        yield "PATCH", address, {"json": {member: "mine now"}}
        yield "PATCH", address, {"json": {}}
        yield "PATCH", address, {"json": {member: 3}}
        yield "DELETE", address, {}
        yield "DELETE", address, {"headers": {"If-Match": "*"}}
        yield "PUT", address, {"json": {member: "mine now"}}
        yield "POST", f"{address}/sync", {"json": {"syncType": "fullSync"}}
        yield "POST", f"{address}/microsoft.graph.sync", {"json": {"syncType": "fullSync"}}
        yield "GET", f"{address}/{member}", {}
        yield "GET", f"{address}/nonsense", {}


@pytest.mark.parametrize("set_name", SETS)
def test_an_entity_of_another_tenant_never_was(owner, other, set_name):
    marker = f"secret-{uuid.uuid4()}"
    key = owner.create(set_name, marker)
    version, _ = SETS[set_name]
    address = f"/{version}/deviceManagement/{set_name}/{key}"
    before = owner.ask("GET", address).text
    count = 0
    for (method, theirs, options), (_, nobodys, _) in zip(attempts(set_name, key),
                                                          attempts(set_name, NEVER)):
        reply = other.ask(method, theirs, **options)
        expected = other.ask(method, nobodys, **options)
        assert told(reply, key) == told(expected, NEVER), (method, theirs)
        assert reply.status_code >= 400
        assert marker not in reply.text and owner.tenant not in reply.text
        assert not any(marker in v or owner.tenant in v for v in reply.headers.values())
        count += 1
    assert count == 39
    assert owner.ask("GET", address).text == before


@pytest.mark.parametrize("set_name", SETS)
def test_lists_and_counts_are_of_one_tenant(owner, other, set_name):
    root = f"/{SETS[set_name][0]}/deviceManagement/{set_name}"
    mine = [owner.create(set_name, "mine") for _ in range(3)]
    theirs = [other.create(set_name, "theirs") for _ in range(2)]
    for tenant, keys in ((owner, mine), (other, theirs)):
        page = tenant.ask("GET", root + "?$count=true").json()
        assert [item["id"] for item in page["value"]] == keys
        assert page["@odata.count"] == len(keys)
        page = tenant.ask("GET", root + "?$count=true&$top=1").json()
        assert page["@odata.count"] == len(keys)
    # What one deletes the other keeps.
    for key in mine:
        assert owner.ask("DELETE", f"{root}/{key}").status_code == 204
    assert owner.ask("GET", root).json()["value"] == []
    assert len(other.ask("GET", root).json()["value"]) == 2


def test_a_page_goes_on_for_its_own_tenant_alone(owner, other):
    root = "/beta/deviceManagement/ndesConnectors"
    for tenant in (owner, other):
        for _ in range(3):
            tenant.create("ndesConnectors", "page")
    link = owner.ask("GET", root + "?$top=1").json()["@odata.nextLink"]
    refusal = other.ask("GET", link)
    assert refusal.status_code == 400
    assert refusal.json()["error"]["target"] == "$skiptoken"
    assert owner.tenant not in refusal.text
    assert owner.ask("GET", link).status_code == 200

    head, token = link.split("$skiptoken=")
    other_set = head.replace("ndesConnectors", "domainJoinConnectors")
    forged = [token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", "A" * 80,
              token[1:], "%41", "", token.swapcase()]
    for wrong in [other_set + "$skiptoken=" + token] + [head + "$skiptoken=" + w for w in forged]:
        reply = owner.ask("GET", wrong)
        assert reply.status_code == 400, wrong
        assert told(reply, "?") == told(refusal, "?"), wrong


def test_tokens_alternate_on_one_connection(server, client, owner, other):
    """What a thread remembers of one caller is never used for the next one."""
    root = "/beta/deviceManagement/ndesConnectors"
    keys = {t.tenant: t.create("ndesConnectors", f"of {t.tenant}") for t in (owner, other)}
    with Raw(server.url()) as raw:
        turns = [(owner, other)[n * 7 // 3 % 2] for n in range(200)]
        for n, tenant in enumerate(turns):
            target = (f"{root}/{keys[tenant.tenant]}", root, f"{root}/{keys[owner.tenant]}")[n % 3]
            raw.send(request("GET", target, client.base_url.netloc.decode(),
                             Authorization=f"Bearer {tenant.token}"))
        for n, tenant in enumerate(turns):
            reply = raw.reply()
            text = reply.body.decode()
            allowed = n % 3 != 2 or tenant is owner
            assert reply.status == (200 if allowed else 404)
            stranger = other if tenant is owner else owner
            assert f"of {stranger.tenant}" not in text
            assert not allowed or f"of {tenant.tenant}" in text


def test_singleton_names_the_callers_tenant(owner, other):
    for tenant in (owner, other):
        reply = tenant.ask("GET", "/beta/deviceManagement")
        assert reply.json()["intuneAccountId"] == tenant.tenant


# --- which tenants there are ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server whose tenants are changed from the command line while it runs."""
    with Server(tmp_path_factory.mktemp("tenants")) as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def door(house):
    with httpx.Client(base_url=house.url(), trust_env=False, timeout=30) as client:
        yield client


ROOT = "/beta/deviceManagement/ndesConnectors"


def command(house, *arguments):
    return run(*arguments, "--data-dir", house.data_dir).stdout


def test_a_token_makes_its_tenant(house, door):
    tenant = str(uuid.uuid4())
    caller = Tenant(door, tenant)
    assert tenant not in command(house, "tenant", "list")  # asking for a token makes nothing
    assert caller.ask("GET", ROOT).json()["value"] == []
    line, = [each for each in command(house, "tenant", "list").splitlines() if tenant in each]
    assert " licensed " in line


def test_many_first_requests_make_a_tenant_once(house, door):
    tenant = str(uuid.uuid4())
    token = Tenant(door, tenant).token
    raws = [Raw(house.url()) for _ in range(12)]
    for raw in raws:  # sent before any is read, so that they meet in one commit
        raw.send(request("POST", ROOT, raw.authority, b'{"displayName":"first"}',
                         Authorization=f"Bearer {token}"))
    for raw in raws:
        with raw:
            assert raw.reply().status == 201
    assert command(house, "tenant", "list").count(tenant) == 1


def assert_unlicensed(reply):
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == ("BadRequest",
                                                 "Request not applicable to target tenant.")


def test_a_licence_is_taken_and_given(house, door):
    tenant = command(house, "tenant", "add", "--name", "Ruß & Söhne", "--unlicensed").strip()
    caller = Tenant(door, tenant)
    for method, target, body in (("GET", ROOT, None), ("POST", ROOT, {"displayName": "x"}),
                                 ("GET", f"{ROOT}/{NEVER}", None), ("POST", ROOT, {"state": 3}),
                                 ("GET", "/beta/deviceManagement", None),
                                 ("DELETE", f"{ROOT}/{NEVER}", None)):
        assert_unlicensed(caller.ask(method, target, json=body))
    command(house, "tenant", "license", tenant, "on")
    key = caller.create("ndesConnectors", "licensed")
    command(house, "tenant", "license", tenant, "off")
    assert_unlicensed(caller.ask("GET", f"{ROOT}/{key}"))
    assert_unlicensed(caller.ask("DELETE", f"{ROOT}/{key}"))
    # Path, method and permission come first; and others are not concerned.
    assert caller.ask("GET", ROOT + "x").json()["error"]["message"].startswith("Resource not found")
    assert caller.ask("PUT", ROOT).status_code == 405
    assert Tenant(door, DEFAULT_TENANT).ask("GET", ROOT).status_code == 200
    command(house, "tenant", "license", tenant, "on")
    assert caller.ask("GET", f"{ROOT}/{key}").json()["displayName"] == "licensed"


def test_a_client_of_one_tenant_gets_no_token_of_another(house, door):
    tenants = [command(house, "tenant", "add").strip() for _ in range(2)]
    added = json.loads(command(house, "client", "add", "--json", "--tenant", tenants[0]))
    app, secret = added["app"], added["secret"]
    assert log_in(door, tenants[0], app, secret).status_code == 200
    refusal = log_in(door, tenants[1], app, secret)
    assert refusal.status_code == 400
    assert refusal.json()["error"] == "unauthorized_client"
    assert tenants[0] not in refusal.text
    # Whoever does not know the secret is not told either where the client belongs.
    wrong = [log_in(door, tenant, app, "wrong") for tenant in tenants]
    assert [reply.status_code for reply in wrong] == [401, 401]


def test_a_token_says_one_tenant_and_nothing_else_does(house, door):
    """No field, path or option of a request moves it to another tenant."""
    own, foreign = Tenant(door, str(uuid.uuid4())), Tenant(door, str(uuid.uuid4()))
    key = foreign.create("ndesConnectors", "foreign")
    for field in ("x-ms-tenant-id", "tid", "x-tenant", "x-ms-client-tenant-id"):
        assert own.ask("GET", f"{ROOT}/{key}", headers={field: foreign.tenant}).status_code == 404
    assert own.ask("GET", f"{ROOT}/{key}?tenant={foreign.tenant}").status_code == 404
    made = own.ask("POST", ROOT, json={"displayName": "x", "tenant": foreign.tenant})
    assert made.status_code in (201, 400)
    assert [e["id"] for e in foreign.ask("GET", ROOT).json()["value"]] == [key]
