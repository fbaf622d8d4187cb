"""Items of OData's conformance levels that no other test is about as a whole: docs/api-coverage.md names them.
Each holds for every set of both versions, whatever the sets may be: they are read from $metadata."""
import itertools

import httpx
import pytest

from csdl import as_json
from server_process import Server
from tenant import DOMAIN_JOIN, EXCHANGE, NDES, Tenant, sandbox

VERSIONS = ["v1.0", "beta"]
NAMESPACE = "microsoft.graph"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("conformance"), "--memory") as running:
        yield running
        assert running.stop() == 0
        assert not [event for event in running.events if event.get("status") == 500]


@pytest.fixture
def tenant(server):
    with sandbox(server.url()) as made:
        yield made


@pytest.fixture(scope="module")
def schemas(server):
    return {version: as_json(httpx.get(f"{server.url()}/{version}/$metadata", trust_env=False).text)[NAMESPACE]
            for version in VERSIONS}


def members(declared):
    return {name: each for name, each in declared.items()
            if isinstance(each, dict) and name[0] not in "$@"}


def sets_of(schema):
    """(name, type) of each."""
    return [(name, schema[each["$Type"].split(".")[-1]]) for name, each in
            members(schema["deviceManagement"]).items() if each.get("$Kind") == "NavigationProperty"]


def properties_of(schema, kind):
    return {"id": {}, **members(kind)}


def all_sets(schemas):
    for version, schema in schemas.items():
        for name, kind in sets_of(schema):
            yield version, f"/{version}/deviceManagement/{name}", kind


# --- versions and what is not known -----------------------------------------------------------------


def test_odata_version(tenant, schemas):
    """B-min 4: on every reply that has OData in it, and on one that has nothing."""
    for version, path, kind in all_sets(schemas):
        made = tenant.ask("POST", path, json={})
        key = made.json()["id"]
        replies = [made, *(tenant.ask("GET", each) for each in (
            f"/{version}", f"/{version}/$metadata", f"/{version}/deviceManagement", path, f"{path}/$count",
            f"{path}/{key}", *(f"{path}/{key}/{name}" for name in properties_of(schemas[version], kind)))),
            tenant.ask("HEAD", f"{path}/{key}"), tenant.ask("PATCH", f"{path}/{key}", json={}),
            tenant.ask("GET", path, headers={"OData-MaxVersion": "4.01"})]
        for reply in replies:
            assert reply.status_code in (200, 201, 204), reply.text
            assert reply.headers["odata-version"] == "4.0", reply.request.url


# What a later version or another service may have, and this one may not stumble over.
STRANGE_FIELDS = {"X-Unheard-Of": "1", "OData-Unheard-Of": "1", "Prefer": "odata.unheard-of=1; a=b, unheard-of"}
STRANGE_OPTIONS = "unheard-of=1&_=17&x-y=%24top&custom"


def test_extensibility(tenant, schemas):
    """B-min 6: fields, preferences and custom options that are not known change nothing."""
    for version, path, _ in all_sets(schemas):
        key = tenant.make(path)["id"]
        for each in (f"/{version}/deviceManagement", path, f"{path}/{key}", f"{path}/{key}/id", f"{path}/$count"):
            plain = tenant.ask("GET", each)
            strange = tenant.ask("GET", f"{each}?{STRANGE_OPTIONS}", headers=STRANGE_FIELDS)
            assert (strange.status_code, strange.text) == (plain.status_code, plain.text) == (200, plain.text)
            assert "preference-applied" not in strange.headers
        for method, each, status in (("POST", path, 201), ("PATCH", f"{path}/{key}", 200),
                                     ("DELETE", f"{path}/{key}", 204)):
            body = None if method == "DELETE" else {}
            reply = tenant.ask(method, f"{each}?{STRANGE_OPTIONS}", json=body, headers=STRANGE_FIELDS)
            assert reply.status_code == status, reply.text


def test_a_client_that_sends_no_field_but_its_token(server):
    """B-min 9: neither annotations nor fields of ours are needed. Not even those that a library adds."""
    with Tenant(server.url(), token=server.token()) as tenant:
        for name in list(tenant.http.headers):
            del tenant.http.headers[name]
        content = {"Content-Type": "application/json"}
        made = tenant.ask("POST", NDES, content=b'{"displayName":"a"}', headers=content)
        assert made.status_code == 201, made.text
        path = f"{NDES}/{made.json()['id']}"
        assert tenant.ask("GET", path).json() == made.json()
        changed = tenant.ask("PATCH", path, content=b'{"displayName":"b"}', headers=content)
        assert changed.json()["displayName"] == "b"
        assert tenant.ask("DELETE", path).status_code == 204
        bare = tenant.ask("GET", f"{NDES}?$format=json;odata.metadata=none")
        assert bare.status_code == 200 and not any("@odata.type" in each for each in bare.json()["value"])


# --- names ------------------------------------------------------------------------------------------


def test_names_with_and_without_their_prefix(tenant):
    """B-min 14, C-min 4: parameters of a media type, preferences, fields."""
    for _ in range(2):
        tenant.make()
    for prefix in ("odata.", ""):
        reply = tenant.ask("GET", NDES, headers={"Prefer": f"{prefix}maxpagesize=1"})
        assert len(reply.json()["value"]) == 1 and reply.headers["preference-applied"] == "odata.maxpagesize=1"
        reply = tenant.ask("GET", NDES, headers={"Accept": f"application/json;{prefix}metadata=none"})
        assert "@odata.context" not in reply.json()
        assert "odata.metadata=none" in reply.headers["content-type"]
        reply = tenant.ask("GET", NDES, headers={"Prefer": f"{prefix}include-unknown-enum-members"})
        assert reply.headers["preference-applied"] == "include-unknown-enum-members"
    for field in ("OData-Isolation", "Isolation"):
        assert tenant.ask("GET", NDES, headers={field: "snapshot"}).status_code == 412


@pytest.mark.parametrize("option, value", [
    ("select", "id"), ("filter", "displayName eq 'b'"), ("orderby", "displayName desc"), ("top", "1"),
    ("skip", "1"), ("count", "true"), ("search", "b"), ("format", "json"), ("expand", "*")])
def test_options_however_they_are_spelled(tenant, option, value):
    """C-min 6 and 7: with and without their sign, in any case; and twice is twice however it is spelled."""
    for name in "ab":
        tenant.make(displayName=name)
    spellings = ["".join(each) for each in itertools.product(
        ("$", ""), (option, option.upper(), option.capitalize()))]
    replies = [tenant.ask("GET", NDES, params={each: value}) for each in spellings]
    assert {reply.status_code for reply in replies} == {200}
    bodies = [{name: each for name, each in reply.json().items() if name != "@odata.nextLink"}
              for reply in replies]
    assert all(each == bodies[0] for each in bodies)
    for first, second in itertools.combinations(spellings, 2):
        reply = tenant.ask("GET", NDES, params=[(first, value), (second, value)])
        assert reply.status_code == 400 and reply.json()["error"]["target"] == f"${option}"


@pytest.mark.parametrize("condition", [
    "DISPLAYNAME EQ 'a'", "StartsWith(displayname,'A')", "NOT (displayName Ne 'a')", "displayName IN ('a','A')",
    "ROLESCOPETAGIDS/ANY(t:t EQ '0') AND displayName eq 'a'", "Length(DisplayName) Add 1 Eq 2 and displayName lt 'b'"])
def test_words_in_any_case(tenant, condition):
    """C-min 7: operators, functions and what they name."""
    for name in "ab":
        tenant.make(displayName=name)
    found = tenant.ask("GET", NDES, params={"$filter": condition})
    assert found.status_code == 200, found.text
    assert [each["displayName"] for each in found.json()["value"]] == ["a"]


def test_names_are_answered_as_metadata_spells_them(tenant, schemas):
    """C-min 8: whatever case they were asked for in."""
    for version, path, kind in all_sets(schemas):
        names = properties_of(schemas[version], kind)
        loud = f"/{version}/" + path.split("/", 2)[2].upper()
        key = tenant.make(loud)["id"]
        query = "?$select=" + ",".join(name.upper() for name in names)
        entity = tenant.get(f"{loud}/{key.upper()}{query}")
        assert {name for name in entity if "@" not in name} == names.keys()
        assert entity["id"] == key
        assert entity["@odata.context"].split("#")[1].startswith(path.split("/", 2)[2] + "(")
        for name in names:
            reply = tenant.ask("GET", f"{loud}/{key}/{name.upper()}")
            assert reply.status_code == 204 or reply.json()["@odata.context"].endswith(f"('{key}')/{name}")


def test_no_two_names_differ_by_case_alone(schemas):
    """C-min 11: of types, and of what is in one; of every version."""
    for schema in schemas.values():
        for names in (schema, *(each for each in schema.values() if isinstance(each, dict))):
            lower = [name.lower() for name in names]
            assert len(lower) == len(set(lower)), names


# --- literals and calculations ----------------------------------------------------------------------


@pytest.mark.parametrize("conditions", [
    ["state eq 'active'", f"state eq {NAMESPACE}.ndesConnectorState'active'", "state eq '1'",
     "state in ('active')", f"state has {NAMESPACE}.ndesConnectorState'active'"],
    ["lastConnectionDateTime sub 2024-01-01T00:00:00Z eq duration'P1D'",
     "lastConnectionDateTime sub 2024-01-01T00:00:00Z eq 'P1D'",
     "lastConnectionDateTime eq 2024-01-01T00:00:00Z add duration'PT24H'"],
])
def test_literals_with_and_without_their_type(tenant, conditions):
    """B-min 15, C-min 9b: members of an enumeration, and durations."""
    key = tenant.make(state="active", lastConnectionDateTime="2024-01-02T00:00:00Z")["id"]
    tenant.make(state="none", lastConnectionDateTime="2024-02-02T00:00:00Z")
    for condition in conditions:
        reply = tenant.ask("GET", NDES, params={"$filter": condition})
        assert reply.status_code == 200, (condition, reply.text)
        assert [each["id"] for each in reply.json()["value"]] == [key], condition


def test_counts_of_filtered_collections(tenant):
    """C-min 9m, C-int 6, C-adv 3: in conditions and in orders."""
    tenant.make(displayName="one", roleScopeTagIds=["0", "7"])
    tenant.make(displayName="two", roleScopeTagIds=["7", "8", "9"])
    for count in ("roleScopeTagIds/$count($filter=$this ne '7')", "roleScopeTagIds/$filter($this ne '7')/$count"):
        for number, found in ((1, ["one"]), (2, ["two"]), (3, [])):
            reply = tenant.ask("GET", NDES, params={"$filter": f"{count} eq {number}"})
            assert [each["displayName"] for each in reply.json()["value"]] == found, reply.text
        reply = tenant.ask("GET", NDES, params={"$orderby": f"{count} desc"})
        assert [each["displayName"] for each in reply.json()["value"]] == ["two", "one"]


# --- addresses --------------------------------------------------------------------------------------


def test_edit_links(tenant, schemas):
    """B-min 18, 23 and 24: an entity is changed and deleted where Location and @odata.editLink say it is."""
    for version, path, _ in all_sets(schemas):
        made = tenant.ask("POST", path, json={}, headers={"Accept": "application/json;odata.metadata=full"})
        entity, place = made.json(), made.headers["location"]
        assert entity["@odata.id"] == place and tenant.get(place)["id"] == entity["id"]
        link = f"{tenant.url}/{version}/" + entity["@odata.editLink"]
        for address in (link, place):
            assert tenant.ask("PATCH", address, json={}).status_code == 200, address
        assert tenant.ask("DELETE", link).status_code == 204
        assert tenant.ask("GET", place).status_code == 404


# --- what there is none of, so that items about it do not apply -------------------------------------


def test_nothing_is_below_anything(schemas):
    """B-min 32, C-min 9h, 20 and 21: no entity of a set has a navigation property."""
    for schema in schemas.values():
        for name, kind in sets_of(schema):
            below = [each for each, facets in members(kind).items()
                     if facets.get("$Kind") == "NavigationProperty"]
            assert not below, (name, below)


def test_no_type_is_derived(schemas):
    """B-int 4, C-min 25: of the types of sets; they are all derived of the abstract one that has the key."""
    for schema in schemas.values():
        kinds = {name: each for name, each in schema.items()
                 if isinstance(each, dict) and each.get("$Kind") in ("EntityType", "ComplexType")}
        bases = {each["$BaseType"].split(".")[-1] for each in kinds.values() if "$BaseType" in each}
        assert bases == {"entity"} and kinds["entity"]["$Abstract"] is True
        assert [name for name, each in kinds.items() if each.get("$Abstract")] == ["entity"]


def test_what_there_is_nothing_of(schemas):
    """C-min 9c, 9g; B-min 16 and 17: no imports, and no function with a parameter but the set that it is of.
    Media and open types there are none of."""
    for schema in schemas.values():
        bound = {name: each for name, overloads in schema.items() if isinstance(overloads, list)
                 for each in overloads if each["$Kind"] != "Action"}
        assert bound.keys() <= {"delta", "hasCustomRoleScopeTag"}
        for overload in (each for name in bound for each in schema[name]):
            assert overload["$Kind"] == "Function" and overload["$IsBound"]
            assert len(overload["$Parameter"]) == 1 and overload["$Parameter"][0]["$Collection"]
        assert set(members(schema["GraphService"])) == {"deviceManagement"}
        for each in schema.values():
            if isinstance(each, dict):
                assert not each.get("$HasStream") and not each.get("$OpenType")


def test_each_action_has_a_parameter(tenant, schemas):
    """C-min 9d does not apply; and 9e: an action is called by its plain name and by its full one."""
    for schema in schemas.values():
        actions = [each for overloads in schema.values() if isinstance(overloads, list)
                   for each in overloads if each["$Kind"] == "Action"]
        assert actions and all(len(each["$Parameter"]) > 1 and each["$IsBound"] for each in actions), actions
    key = tenant.make(EXCHANGE)["id"]
    for spelled in ("sync", f"{NAMESPACE}.sync"):
        reply = tenant.ask("POST", f"{EXCHANGE}/{key}/{spelled}", json={"syncType": "fullSync"})
        assert reply.status_code == 204, reply.text
    assert tenant.ask("POST", f"{DOMAIN_JOIN}/{key}/sync", json={}).status_code == 400
