"""What $metadata claims in its annotations is what requests find: each claim is read there and tried, on
a server as it comes, a strict one and one of the live profile."""
import httpx
import pytest

from csdl import as_json
from multipart import change_set, part, together
from server_process import Server

CORE, CAPABILITIES = "@Org.OData.Core.V1.", "@Org.OData.Capabilities.V1."
REPEATABLE = "@Org.OData.Repeatability.V1.Supported"
APPLY = "@Org.OData.Aggregation.V1.ApplySupported"
NAMESPACE = "microsoft.graph"
VERSIONS = ["v1.0", "beta"]
FULL = {"Accept": "application/json;odata.metadata=full"}

# Term, the property of its record that is the claim (None: the term is), a query that makes use of it.
OPTIONS = {
    "FilterRestrictions": ("Filterable", "$filter=id ne 'x'"),
    "SortRestrictions": ("Sortable", "$orderby=id"),
    "SearchRestrictions": ("Searchable", "$search=x"),
    "CountRestrictions": ("Countable", "$count=true"),
    "ExpandRestrictions": ("Expandable", "$expand=*"),
    "SelectSupport": ("Supported", "$select=id"),
    "TopSupported": (None, "$top=1"),
    "SkipSupported": (None, "$skip=1"),
    "ComputeSupported": (None, "$compute=id as other"),
}

# A condition with each word that OData has; those of the types that are not served here are left out.
DATE = "2024-02-29T12:30:15.5Z"
WORDS = {
    "eq": "id eq 'x'", "ne": "id ne 'x'", "gt": "id gt 'x'", "ge": "id ge 'x'", "lt": "id lt 'x'",
    "le": "id le 'x'", "and": "id eq 'x' and id eq 'y'", "or": "id eq 'x' or id eq 'y'",
    "not": "not (id eq 'x')", "in": "id in ('x','y')", "has": "{enum} has '{member}'",
    "add": "1 add 1 eq 2", "sub": "1 sub 1 eq 0", "mul": "1 mul 1 eq 1", "div": "1 div 1 eq 1",
    "divby": "1 divby 2 eq 0.5", "mod": "1 mod 1 eq 0",
    "any": "{collection}/any(t:t eq '0')", "all": "{collection}/all(t:t eq '0')",
    "contains": "contains(id,'x')", "startswith": "startswith(id,'x')", "endswith": "endswith(id,'x')",
    "tolower": "tolower(id) eq 'x'", "toupper": "toupper(id) eq 'x'", "trim": "trim(id) eq 'x'",
    "concat": "concat(id,'x') eq 'x'", "length": "length(id) eq 1", "indexof": "indexof(id,'x') eq 1",
    "substring": "substring(id,1) eq 'x'", "matchesPattern": "matchesPattern(id,'x')",
    "matchespattern": "matchespattern(id,'x')",
    **{part: f"{part}({DATE}) eq 1" for part in ("year", "month", "day", "hour", "minute", "second",
                                                  "fractionalseconds", "totaloffsetminutes")},
    "date": f"date({DATE}) eq 2024-02-29", "time": f"time({DATE}) eq 12:30:15.5",
    "totalseconds": "totalseconds(duration'PT1S') eq 1", "now": "now() gt 2024-01-01T00:00:00Z",
    "mindatetime": "mindatetime() lt now()", "maxdatetime": "maxdatetime() gt now()",
    "round": "round(1.5) eq 2", "floor": "floor(1.5) eq 1", "ceiling": "ceiling(1.5) eq 2",
    "cast": "cast('1',Edm.Int32) eq 1", "isof": "isof(id,Edm.String)",
    "case": "case(id eq 'x':1,true:0) eq 1",
    "hassubset": "hassubset({collection},['0'])",
    "hassubsequence": "hassubsequence({collection},['0'])",
    "geo.distance": "geo.distance(id,id) lt 1", "geo.length": "geo.length(id) lt 1",
    "geo.intersects": "geo.intersects(id,id)",
}


class Surface:
    """One version of a server: what it claims, and a client for it."""

    def __init__(self, server, version):
        self.server, self.version = server, version
        self.tokens = {}
        self.client = httpx.Client(base_url=f"{server.url()}/{version}/", timeout=30, trust_env=False)
        self.schema = as_json(self.client.get("$metadata").raise_for_status().text)[NAMESPACE]
        self.annotations = self.schema["$Annotations"]

    def sets(self):
        """(name, type, terms) of each set."""
        for name, facets in self.schema["deviceManagement"].items():
            if isinstance(facets, dict) and facets.get("$Kind") == "NavigationProperty":
                yield (name, facets["$Type"].split(".")[-1],
                       self.annotations[f"{NAMESPACE}.deviceManagement/{name}"])

    def token(self, *roles):
        if roles not in self.tokens:
            self.tokens[roles] = self.server.token(*(["--roles", ",".join(roles)] if roles else []))
        return {"Authorization": f"Bearer {self.tokens[roles]}"}

    def ask(self, method, path, roles=(), headers=None, **options):
        return self.client.request(method, path, headers={**self.token(*roles), **(headers or {})},
                                   **options)

    def make(self, name):
        reply = self.ask("POST", f"deviceManagement/{name}", json={})
        assert reply.status_code == 201, reply.text
        return reply.json()


@pytest.fixture(scope="module", params=[(), ("--strict",), ("--profile", "live")],
                ids=["documented", "strict", "live"])
def running(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), *request.param) as server:
        yield server


@pytest.fixture(scope="module", params=VERSIONS)
def surface(running, request):
    made = Surface(running, request.param)
    for name, _, _ in made.sets():
        for _ in range(3):
            made.make(name)
    return made


def claim_of(terms, term, part):
    value = terms[CAPABILITIES + term]
    return value if part is None else value[part]


@pytest.mark.parametrize("term", OPTIONS)
def test_options(surface, term):
    part, query = OPTIONS[term]
    for name, _, terms in surface.sets():
        claimed = claim_of(terms, term, part)
        reply = surface.ask("GET", f"deviceManagement/{name}?{query}")
        assert (reply.status_code == 200) == claimed and reply.status_code < 500, (name, reply.text)


# Options inside $select, each as it would stand behind a collection.
ITEM_OPTIONS = {
    "Filterable": "$filter=$this ne 'x'", "Sortable": "$orderby=$this", "TopSupported": "$top=1",
    "SkipSupported": "$skip=1", "Countable": "$count=true", "Searchable": "$search=x",
    "ComputeSupported": "$compute=1 as x", "Expandable": "$expand=*",
}


def test_options_inside_select(surface):
    """Of a collection, or of whatever comes first where there is none."""
    for name, kind, terms in surface.sets():
        claims = terms[CAPABILITIES + "SelectSupport"]
        assert claims.keys() == {"Supported", *ITEM_OPTIONS}
        names = [key for key, value in surface.schema[kind].items() if isinstance(value, dict)]
        target = next((key for key in names if "$Collection" in surface.schema[kind][key]), names[0])
        for part, option in ITEM_OPTIONS.items():
            reply = surface.ask("GET", f"deviceManagement/{name}",
                                params={"$select": f"{target}({option})"})
            assert (reply.status_code == 200) == claims[part] and reply.status_code < 500, \
                (name, part, reply.text)


# One of each; what the vocabulary has and the claim leaves out is refused.
TRANSFORMATIONS = {
    "aggregate": "aggregate($count as n)", "filter": "filter(id ne 'x')", "groupby": "groupby((id))",
    "identity": "identity", "concat": "concat(identity,identity)", "topcount": "topcount(1,1)",
    "compute": "compute(1 as n)", "expand": "expand(x)", "search": "search(x)",
}


def test_transformations(surface):
    for name, kind, _ in surface.sets():
        claim = surface.annotations[f"{NAMESPACE}.{kind}"].get(APPLY, {"Transformations": []})
        assert set(claim["Transformations"]) <= set(TRANSFORMATIONS)
        for word, text in TRANSFORMATIONS.items():
            reply = surface.ask("GET", f"deviceManagement/{name}?$apply={text}")
            assert (reply.status_code == 200) == (word in claim["Transformations"]) and \
                reply.status_code < 500, (name, word, reply.text)


def test_options_do_what_they_say(surface):
    for name, kind, terms in surface.sets():
        path = f"deviceManagement/{name}"
        everything = surface.ask("GET", path).json()["value"]
        assert len(everything) >= 3
        if terms[CAPABILITIES + "TopSupported"]:
            assert len(surface.ask("GET", f"{path}?$top=1").json()["value"]) == 1
        if terms[CAPABILITIES + "SkipSupported"]:
            rest = surface.ask("GET", f"{path}?$skip=1").json()["value"]
            assert [each["id"] for each in rest] == [each["id"] for each in everything[1:]]
        if claim_of(terms, "CountRestrictions", "Countable"):
            assert surface.ask("GET", f"{path}?$count=true").json()["@odata.count"] == len(everything)
            assert surface.ask("GET", f"{path}/$count").text == str(len(everything))
        sorting = terms[CAPABILITIES + "SortRestrictions"]
        properties = ["id", *(name for name, facets in surface.schema[kind].items()
                              if isinstance(facets, dict))]
        for each in properties if sorting["Sortable"] else ():
            for order in ("asc", "desc"):
                reply = surface.ask("GET", f"{path}?$orderby={each} {order}")
                assert (reply.status_code == 200) == (each not in sorting["NonSortableProperties"]), \
                    (each, reply.text)


def test_deltas(surface):
    for name, kind, terms in surface.sets():
        claimed = claim_of(terms, "ChangeTracking", "Supported")
        declared = [each for each in surface.schema.get("delta", ())
                    if each["$ReturnType"] == {"$Collection": True, "$Type": f"graph.{kind}"}]
        assert len(declared) == claimed
        reply = surface.ask("GET", f"deviceManagement/{name}/delta")
        assert reply.status_code == (200 if claimed else 404), reply.text


def test_words_of_the_filter(surface):
    claimed = surface.annotations[f"{NAMESPACE}.GraphService"][CAPABILITIES + "FilterFunctions"]
    assert len(claimed) == len(set(claimed)) and set(claimed) <= WORDS.keys()
    for name, kind, _ in surface.sets():
        declared = {key: value for key, value in surface.schema[kind].items() if isinstance(value, dict)}
        enum = next((key for key, value in declared.items()
                     if value.get("$Type", "").startswith("graph.")
                     and surface.schema[value["$Type"][6:]]["$Kind"] == "EnumType"
                     and "$Collection" not in value), None)
        names = {
            "collection": next((key for key, value in declared.items()
                                if value.get("$Collection") and "$Type" not in value), None),
            "enum": enum,
            "member": enum and [key for key in surface.schema[declared[enum]["$Type"][6:]]
                                if key[0] not in "$@"][-1],
        }
        for word, condition in WORDS.items():
            if any(f"{{{key}}}" in condition and not value for key, value in names.items()):
                continue
            reply = surface.ask("GET", f"deviceManagement/{name}",
                                params={"$filter": condition.format(**names)})
            known = word in claimed or word.lower() in claimed
            assert (reply.status_code == 200) == known and reply.status_code < 500, (word, reply.text)


def scopes(restriction):
    """The permissions of which each suffices."""
    found = []
    for each in restriction.get("Permissions", ()):
        assert each["SchemeName"] == "oauth2" and len(each["Scopes"]) == 1
        found.append(each["Scopes"][0]["Scope"])
    return found


def check_permissions(surface, names, ask):
    """`ask(roles)` succeeds with each of `names` alone, and with none of them is a 403."""
    assert names
    for name in names:
        assert ask((name,)).status_code < 300, (name, ask((name,)).text)
    assert ask(("Nothing.At.All",)).status_code == 403


def test_operations(surface):
    for name, _, terms in surface.sets():
        path = f"deviceManagement/{name}"
        tries = {
            "InsertRestrictions": ("Insertable", lambda roles: surface.ask(
                "POST", path, roles, json={})),
            "UpdateRestrictions": ("Updatable", lambda roles: surface.ask(
                "PATCH", f"{path}/{surface.make(name)['id']}", roles, json={})),
            "DeleteRestrictions": ("Deletable", lambda roles: surface.ask(
                "DELETE", f"{path}/{surface.make(name)['id']}", roles)),
        }
        for term, (part, ask) in tries.items():
            restriction = terms[CAPABILITIES + term]
            if restriction[part]:
                check_permissions(surface, scopes(restriction), ask)
            else:
                assert "Permissions" not in restriction and 400 <= ask(()).status_code < 500, term
        for term, method in {"UpdateRestrictions": "PATCH", "DeleteRestrictions": "DELETE"}.items():
            assert terms[CAPABILITIES + term]["FilterSegmentSupported"] is False
            assert terms[CAPABILITIES + term]["TypecastSegmentSupported"] is False
            for segment in ("$filter(true)", f"{NAMESPACE}.{name}"):
                reply = surface.ask(method, f"{path}/{segment}/$each", json={})
                assert 400 <= reply.status_code < 500, reply.text


def test_reads(surface):
    for name, _, terms in surface.sets():
        path = f"deviceManagement/{name}"
        reading = terms[CAPABILITIES + "ReadRestrictions"]
        assert reading["Readable"] and terms[CAPABILITIES + "IndexableByKey"]
        check_permissions(surface, scopes(reading), lambda roles: surface.ask("GET", path, roles))
        by_key = reading["ReadByKeyRestrictions"]
        key = surface.ask("GET", path).json()["value"][0]["id"]
        assert by_key["Readable"]
        check_permissions(surface, scopes(by_key),
                          lambda roles: surface.ask("GET", f"{path}('{key}')", roles))


def sample(schema, facets):
    """A value of what a parameter, or a member of one, is declared to be."""
    kind = facets.get("$Type", "Edm.String")
    declared = schema.get(kind.removeprefix("graph."), {})
    if declared.get("$Kind") == "EnumType":
        value = next(key for key in declared if key[0] not in "$@")
    elif declared.get("$Kind") == "ComplexType":
        value = {name: sample(schema, each) for name, each in declared.items()
                 if isinstance(each, dict)}
    else:
        value = {"Edm.String": "x", "Edm.DateTimeOffset": DATE}[kind]
    return [value] if facets.get("$Collection") else value


def test_actions(surface):
    """By the plain name, since the namespace is a default one."""
    assert surface.schema[CORE + "DefaultNamespace"] is True
    kinds = {kind: name for name, kind, _ in surface.sets()}
    for target, terms in surface.annotations.items():
        if not target.endswith(")"):
            continue
        name, bound = target.removeprefix(NAMESPACE + ".").removesuffix(")").split("(", 1)
        of_set = bound.startswith("Collection(")
        kind = bound.rstrip(")").split(f"{NAMESPACE}.")[-1]
        if kind not in kinds:
            continue
        overload = next(each for each in surface.schema[name]
                        if each["$Parameter"][0]["$Type"] == f"graph.{kind}"
                        and ("$Collection" in each["$Parameter"][0]) == of_set)
        body = {each["$Name"]: sample(surface.schema, each) for each in overload["$Parameter"][1:]}
        method = {"Action": "POST", "Function": "GET"}[overload["$Kind"]]
        check_permissions(surface, scopes(terms[CAPABILITIES + "OperationRestrictions"]),
                          lambda roles, method=method, of_set=of_set, body=body, kind=kind, name=name:
                          surface.ask(method, f"deviceManagement/{kinds[kind]}/" + (
                              name if of_set else f"{surface.make(kinds[kind])['id']}/{name}"),
                              roles, json=body or None))


def test_the_singleton(surface):
    terms = surface.annotations[f"{NAMESPACE}.GraphService/deviceManagement"]
    reading = terms[CAPABILITIES + "ReadRestrictions"]
    assert reading["Readable"] and not claim_of(terms, "UpdateRestrictions", "Updatable")
    check_permissions(surface, scopes(reading),
                      lambda roles: surface.ask("GET", "deviceManagement", roles))
    assert surface.ask("PATCH", "deviceManagement", json={}).status_code == 405
    for name, facets in surface.schema["deviceManagement"].items():
        if isinstance(facets, dict) and facets.get("$Kind") != "NavigationProperty":
            assert surface.annotations[f"{NAMESPACE}.deviceManagement/{name}"][CORE + "Computed"]
            check_permissions(surface, scopes(reading), lambda roles, name=name: surface.ask(
                "GET", f"deviceManagement/{name}", roles))
            for method in ("PATCH", "PUT", "POST", "DELETE"):
                assert surface.ask(method, f"deviceManagement/{name}", json={}).status_code == 405


def test_the_container(surface):
    terms = surface.annotations[f"{NAMESPACE}.GraphService"]
    path = f"deviceManagement/{next(surface.sets())[0]}"
    key = surface.ask("GET", path).json()["value"][0]["id"]
    entity = surface.ask("GET", f"{path}/{key}", headers=FULL)
    assert entity.headers["odata-version"] in terms[CORE + "ODataVersions"].split()
    assert terms[CORE + "ConventionalIDs"] and terms[CORE + "DereferenceableIDs"]
    assert terms[CAPABILITIES + "KeyAsSegmentSupported"]
    told = entity.json()["@odata.id"]
    assert told.endswith(f"{path}('{key}')")
    assert surface.ask("GET", told).json()["id"] == key
    for each in terms[CAPABILITIES + "SupportedFormats"]:
        reply = surface.ask("GET", path, headers={"Accept": each})
        assert reply.status_code == 200 and reply.headers["content-type"].startswith(each)
    assert not terms[CAPABILITIES + "AsynchronousRequestsSupported"]
    assert surface.ask("GET", path, headers={"Prefer": "respond-async"}).status_code == 200
    assert not terms[CAPABILITIES + "CrossJoinSupported"]
    assert surface.ask("GET", "$crossjoin(a,b)").status_code == 400
    query = surface.ask("POST", f"{path}/$query", content="$top=1&$select=id",
                        headers={"Content-Type": "text/plain"})
    assert terms[CAPABILITIES + "QuerySegmentSupported"] == (query.status_code == 200)
    assert query.status_code == 400 or [set(each) - {"@odata.type"} for each in query.json()["value"]] == [{"id"}]
    batch = surface.ask("POST", "$batch", json={"requests": [
        {"id": "1", "method": "GET", "url": f"/{path}"}]})
    assert (batch.status_code == 200) == terms[CAPABILITIES + "BatchSupported"], batch.text


def test_repeatable_requests(surface):
    """Half of what it takes is refused where it is claimed, and passed over where it is not."""
    claim = surface.annotations[f"{NAMESPACE}.GraphService"].get(REPEATABLE, False)
    half = {"Repeatability-Request-ID": "a"}
    for name, _, _ in surface.sets():
        key = surface.make(name)["id"]
        for method, path in (("POST", name), ("PATCH", f"{name}/{key}"), ("DELETE", f"{name}/{key}")):
            reply = surface.ask(method, f"deviceManagement/{path}", headers=half,
                                **({} if method == "DELETE" else {"json": {}}))
            assert (reply.headers.get("repeatability-result") == "rejected") == claim, (path, reply.text)
    for target, terms in surface.annotations.items():
        if target.endswith(")"):
            operation = surface.schema[target.removeprefix(NAMESPACE + ".").split("(")[0]][0]
            answers = operation["$Kind"] == "Action" and "$ReturnType" in operation
            assert terms.get(REPEATABLE) == (False if claim and answers else None), target


def test_batch(surface):
    terms = surface.annotations[f"{NAMESPACE}.GraphService"][CAPABILITIES + "BatchSupport"]
    path = "deviceManagement/" + next(
        name for name, _, each in surface.sets()
        if each.get(CAPABILITIES + "InsertRestrictions", {}).get("Insertable"))
    one = {"id": "1", "method": "GET", "url": f"/{path}/missing"}

    def ask(content, **fields):
        return surface.ask("POST", "$batch", content=together("b", content),
                           headers={"Content-Type": "multipart/mixed; boundary=b", **fields})

    formats = {"application/json": surface.ask("POST", "$batch", json={"requests": [one]}),
               "multipart/mixed": ask([part("GET", path)])}
    for name, reply in formats.items():
        offered = name in terms["SupportedFormats"]
        assert (reply.status_code == 200) == offered, reply.text
        assert not offered or reply.headers["content-type"].startswith(name)
    assert set(terms["SupportedFormats"]) <= set(formats)
    assert terms["Supported"] == ("application/json" in terms["SupportedFormats"])

    missing = [part("GET", f"{path}/missing")] * 2
    for goes_on in ("true", "false"):
        reply = ask(missing, Prefer=f"continue-on-error={goes_on}")
        assert (reply.text.count("HTTP/1.1 404") == 2) == (
            terms["ContinueOnErrorSupported"] and goes_on == "true")

    made = [change_set(part("POST", path, {}, "a")), change_set(part("DELETE", "$a")),
            part("GET", f"{path}/missing")]
    told = ask(made).text
    assert ("HTTP/1.1 204" in told and "HTTP/1.1 404" in told) == terms[
        "ReferencesAcrossChangeSetsSupported"]
    condition = surface.ask("POST", "$batch", json={"requests": [
        one, {**one, "id": "2", "dependsOn": ["1"], "if": "$1/status eq 200"}]})
    assert (condition.status_code == 200) == terms["RequestDependencyConditionsSupported"]
    for unsupported in ("ReferencesInRequestBodiesSupported", "EtagReferencesSupported"):
        assert not terms[unsupported]


def test_computed(surface):
    """What is sent for it is passed over."""
    assert surface.annotations[f"{NAMESPACE}.entity/id"][CORE + "Computed"]
    for name, kind, _ in surface.sets():
        sent = {"id": "mine", **{
            target.split("/")[1]: None for target, terms in surface.annotations.items()
            if target.startswith(f"{NAMESPACE}.{kind}/") and terms.get(CORE + "Computed")}}
        made = surface.ask("POST", f"deviceManagement/{name}", json=sent)
        assert made.status_code == 201 and made.json()["id"] != "mine", made.text
