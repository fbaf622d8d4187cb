"""/{version}/openapi.json: it is OpenAPI by a public validator, says what the server does, and says all of
it. Every operation is called by what the document tells of it, with bodies that fit and bodies that do not,
and each reply is held to the schema; on a server as it comes, and one that needs no token."""
import re
import uuid

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from csdl import as_json
from server_process import Server

VERSIONS = ["v1.0", "beta"]
METHODS = ("get", "post", "put", "patch", "delete")
FILTER = "id ne 'x'"

# A value of each option that is offered anywhere; of the lists one item is taken.
VALUES = {"$top": "2", "$skip": "1", "$search": "x", "$filter": FILTER, "$count": "true",
          "$format": "json", "$deltatoken": "latest", "$apply": "filter(id ne 'x')",
          "$compute": "length(id) as letters"}
BESIDE = {"$compute": {"$select": "id"}}  # what it makes is no property that the document knows

# What no schema of a property admits.
WRONG = {"string": 3, "boolean": "yes", "integer": "x", "array": "x", "object": 3,
         "enum": "no such member"}


class Document:
    def __init__(self, server, version):
        self.server, self.version = server, version
        self.base = f"{server.url()}/{version}"
        self.keys = {}
        reply = httpx.get(f"{self.base}/openapi.json", trust_env=False)
        assert reply.status_code == 200, reply.text
        self.reply, self.text = reply, reply.json()
        self.client = httpx.Client(timeout=30, trust_env=False,
                                   headers={"Authorization": f"Bearer {server.token()}"})
        self.registry = Registry().with_resource("urn:document",
                                                 DRAFT202012.create_resource(self.text))

    def operations(self):
        for path, item in self.text["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def resolve(self, value):
        while "$ref" in value:
            name = value["$ref"].split("/")[1:]
            value = self.text
            for part in name:
                value = value[part]
        return value

    def misfits(self, value, *pointer):
        """What is wrong with `value` by the schema at `pointer`. Schemas of replies admit what they do
        not know; here they know all, so that a property which is not described is found."""
        reference = "urn:document#/" + "/".join(
            part.replace("~", "~0").replace("/", "~1") for part in pointer)
        schema = {"$ref": reference, "unevaluatedProperties": {"not": {}}, "type": ["object", "string",
                                                                                   "integer"]}
        found, value = [], plain(value)
        for name, each in value.items() if isinstance(value, dict) else ():
            found += self.misfits_of_items(each, *pointer, "properties", name)
        return found + [error.message for error in
                        Draft202012Validator(schema, registry=self.registry).iter_errors(value)]

    def misfits_of_items(self, value, *pointer):
        """The same of the objects in a list, if `value` is one."""
        where = self.text
        for part in pointer:
            where = self.resolve(where).get(part, {})
        reference = where.get("items", {}).get("$ref")
        if not reference or "properties" not in self.resolve(where["items"]):
            return []
        return [each for item in value for each in self.misfits(item, *reference.split("/")[1:])]

    def sample(self, schema, wrong=False):
        """A value that fits, or one that does not."""
        if "anyOf" in schema:
            return self.sample(schema["anyOf"][0], wrong)
        schema = {**self.resolve(schema), **{key: value for key, value in schema.items()
                                             if key == "not"}}
        if "enum" in schema:
            return WRONG["enum"] if wrong else next(
                each for each in schema["enum"] if each != schema.get("not", {}).get("const"))
        kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
        if wrong:
            return WRONG[kind]
        if schema.get("format") == "date-time":
            return "2024-02-29T12:30:15.1234567-08:00"
        if kind == "object":
            return self.samples(schema)
        return {"string": "x", "boolean": True, "integer": 7,
                "array": [self.sample(schema["items"])] if kind == "array" else None}[kind]

    def samples(self, schema):
        """An object with all that may be sent."""
        return {name: self.sample(each) for name, each in self.writable(schema).items()}

    def writable(self, schema):
        return {name: each for name, each in self.resolve(schema)["properties"].items()
                if not self.resolve(each).get("readOnly") and not each.get("readOnly")
                and "@" not in name}

    def variations(self, schema):
        """Objects that fit and objects that do not, each different from a good one in one way: a
        member that is wrong, null, not there, empty, or itself a variation; one that is not known;
        control information, and names of types."""
        whole = self.samples(schema)
        yield from ({}, whole)
        for name, each in self.writable(schema).items():
            yield {**whole, name: self.sample(each, wrong=True)}
            yield {**whole, name: None}
            yield {key: value for key, value in whole.items() if key != name}
            if isinstance(whole[name], list):
                yield from ({**whole, name: value} for value in ([], [None], [3], [[]], ["x", "y"]))
            if isinstance(whole[name], dict):
                inner = self.resolve(each["anyOf"][0] if "anyOf" in each else each)
                yield from ({**whole, name: value} for value in self.variations(inner))
                yield {**whole, name: [whole[name]]}
        for name in ("noSuchProperty", "a@odata.type", "@odata.type", "@type", "@odata.id", "#other"):
            yield {**whole, name: "#microsoft.graph.another"}
        for kind in self.resolve(schema)["properties"].get("@odata.type", {}).get("enum", ()):
            yield from ({**whole, "@odata.type": kind}, {**whole, "@type": kind},
                        {**whole, "@odata.type": kind + "x"})

    def body(self, operation):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None, None
        schema = content["application/json"]["schema"]
        return schema, self.samples(schema)

    def text_body(self, operation, address):
        """What httpx is given for an operation that writes bare text: the text that is there."""
        if "text/plain" not in operation.get("requestBody", {}).get("content", {}):
            return {}
        return {"content": self.client.get(address).content, "headers": {"Content-Type": "text/plain"}}

    def make(self, path):
        """The key of a new entity of the set that `path` begins with."""
        made = self.client.post(self.base + "/" + "/".join(path.split("/")[1:3]), json={})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def address(self, path, method="get"):
        """Of an entity that is there; one that is to be deleted is made for it."""
        if "{" not in path:
            return self.base + path
        name = path.split("/")[2]
        if method == "delete" or name not in self.keys:
            key = self.make(path)
            self.keys.setdefault(name, self.make(path))
        else:
            key = self.keys[name]
        return self.base + re.sub(r"\{[^}]*\}", key, path)

    def parameters(self, operation):
        return [self.resolve(each) for each in operation.get("parameters", ())]


def plain(value):
    """Without control information, but for what is described."""
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in value.items()
            if not re.search("[@#]", key) or key in ("@odata.nextLink", "@odata.count")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module", params=VERSIONS)
def document(server, request):
    return Document(server, request.param)


def check(document, reply, operation, path, method):
    """The reply is described: its status, its type, its fields, its body."""
    responses = operation["responses"]
    status = str(reply.status_code)
    if status not in responses:
        status = f"{status[0]}XX"
    assert status in responses, f"{reply.status_code} is not described: {reply.text}"
    response = document.resolve(responses[status])
    for name, field in response.get("headers", {}).items():
        field = document.resolve(field)
        if name != "Retry-After" or reply.status_code in (429, 503):
            assert reply.headers.get(name) or not field.get("required", name == "request-id"), name
    if "content" not in response:
        assert reply.content == b""
        return
    media = reply.headers["content-type"].split(";")[0]
    assert list(response["content"]) == [media]
    where = ["paths", path, method, "responses", status] if "$ref" not in responses[status] else \
        responses[status]["$ref"].split("/")[1:]
    if media == "application/json":
        value = reply.json()
    else:
        kind = response["content"][media]["schema"]["type"]
        value = int(reply.text) if kind == "integer" else reply.text
    found = document.misfits(value, *where, "content", media, "schema")
    assert not found, (path, method, found, reply.text)


# --- the document itself ---------------------------------------------------------------------------


def test_it_is_valid(document):
    OpenAPIV31SpecValidator(document.text).validate()
    assert document.text["openapi"].startswith("3.1.")
    assert [each["url"] for each in document.text["servers"]] == [document.base]


def test_how_it_is_served(document):
    assert document.reply.headers["content-type"] == "application/json"
    assert document.reply.headers["cache-control"] == "max-age=300"
    assert document.reply.headers["x-connectord-beyond-graph"] == "openapi"
    assert document.reply.headers["content-encoding"] == "gzip"
    assert document.reply.headers["vary"] == "Origin, Accept-Encoding"  # a page must not be given what a tab kept
    plain_text = httpx.get(f"{document.base}/openapi.json", headers={"Accept-Encoding": "identity"},
                           trust_env=False)
    assert plain_text.content == document.reply.content
    assert "content-encoding" not in plain_text.headers
    for coding in ("identity", "gzip"):
        head, whole = (httpx.request(method, f"{document.base}/OpenAPI.json", trust_env=False,
                                     headers={"Accept-Encoding": coding}) for method in ("HEAD", "GET"))
        assert head.status_code == 200 and head.content == b""
        assert head.headers["content-length"] == whole.headers["content-length"]
    refused = httpx.post(f"{document.base}/openapi.json", trust_env=False)
    assert refused.status_code == 405 and refused.headers["allow"] == "GET, HEAD"
    page = httpx.get(f"{document.base}/openapi.json", headers={"Origin": "http://page.example"},
                     trust_env=False)
    assert page.headers["access-control-allow-origin"] == "*"
    strange = httpx.get(f"{document.base}/openapi.json?$top=1", trust_env=False)
    assert strange.status_code == 400 and strange.json()["error"]["target"] == "$top"


def test_names_are_apart(document):
    names = [operation["operationId"] for _, _, operation in document.operations()]
    assert len(names) == len(set(names))
    declared = {each["name"] for each in document.text["tags"]}
    used = {tag for _, _, operation in document.operations() for tag in operation.get("tags", ())}
    assert used <= declared


def test_it_has_all_that_metadata_has(document):
    metadata = httpx.get(f"{document.base}/$metadata", trust_env=False).text
    schema = as_json(metadata)["microsoft.graph"]
    paths = document.text["paths"]
    for name, facets in schema["deviceManagement"].items():
        if not isinstance(facets, dict):
            continue
        kind = facets["$Type"].split(".")[-1]
        if "$Kind" not in facets:
            assert f"/deviceManagement/{name}" in paths
            continue
        entity = f"/deviceManagement/{name}/{{{kind}-id}}"
        assert {f"/deviceManagement/{name}", f"/deviceManagement/{name}/$count", entity} <= paths.keys()
        for each, declared in schema[kind].items():
            if isinstance(declared, dict):
                assert f"{entity}/{each}" in paths
                assert (f"{entity}/{each}/$value" in paths) == ("$Collection" not in declared)
        shown = document.text["components"]["schemas"][f"microsoft.graph.{kind}"]["properties"]
        assert {key for key in shown if key[0] != "@"} == {
            "id", *(key for key, value in schema[kind].items() if isinstance(value, dict))}
        for operation, overloads in schema.items():
            for each in overloads if isinstance(overloads, list) else ():
                bound = each["$Parameter"][0]
                if bound["$Type"] == f"graph.{kind}":
                    of_all = "$Collection" in bound
                    assert f"{f'/deviceManagement/{name}' if of_all else entity}/{operation}" in paths
    check_complex_types(document, schema)


def check_complex_types(document, schema):
    """Each is described as what is shown, as what is sent, or both; with its properties."""
    schemas = document.text["components"]["schemas"]
    sent = {each["$Type"] for overloads in schema.values() if isinstance(overloads, list)
            for overload in overloads for each in overload["$Parameter"][1:] if "$Type" in each}
    for name, declared in schema.items():
        if not isinstance(declared, dict) or declared.get("$Kind") != "ComplexType":
            continue
        names = {key for key, value in declared.items() if isinstance(value, dict)}
        forms = {suffix: schemas[f"microsoft.graph.{name}{suffix}"] for suffix in ("", "Parameter")
                 if f"microsoft.graph.{name}{suffix}" in schemas}
        assert ("Parameter" in forms) == (f"graph.{name}" in sent) and forms
        for form in forms.values():
            assert {key for key in form["properties"] if "@" not in key} == names
        if "Parameter" in forms:
            assert set(forms["Parameter"]["required"]) == {
                key for key in names if not declared[key].get("$Nullable")}


def test_methods_are_those_that_are_allowed(document):
    """A method that no path has is answered with those that there are."""
    for path, item in document.text["paths"].items():
        if path == "/$batch":
            continue
        reply = document.client.request("PROPFIND", document.address(path), json={})
        assert reply.status_code == 405, path
        allowed = {each.strip().lower() for each in reply.headers["allow"].split(",")} - {"head"}
        assert allowed == {method for method in METHODS if method in item}, path


# --- what it says is so ------------------------------------------------------------------------------


def test_every_operation(document):
    for path, method, operation in document.operations():
        if path == "/$batch":
            continue
        _, body = document.body(operation)
        address = document.address(path, method)
        reply = document.client.request(method.upper(), address, json=body,
                                        **document.text_body(operation, address))
        assert reply.status_code < 300, (path, method, reply.text)
        check(document, reply, operation, path, method)
        if "Location" in reply.headers:
            assert document.client.get(reply.headers["location"]).json()["id"] == reply.json()["id"]
        if body is not None and reply.content and operation["tags"] != ["deviceManagement.Actions"]:
            assert body.keys() <= reply.json().keys()


def test_bodies_that_do_not_fit(document):
    """Of each variation the schema and the server say the same."""
    for path, method, operation in document.operations():
        if path == "/$batch":
            continue
        schema, _ = document.body(operation)
        if not schema:
            continue
        address = document.address(path, method)
        validator = Draft202012Validator(
            {"$ref": "urn:document#" + schema["$ref"][1:]} if "$ref" in schema else
            {"$ref": "urn:document#/" + "/".join(
                part.replace("~", "~0").replace("/", "~1") for part in
                ("paths", path, method, "requestBody", "content", "application/json", "schema"))},
            registry=document.registry)
        for body in document.variations(schema):
            reply = document.client.request(method.upper(), address, json=body)
            fits = validator.is_valid(body)
            assert (reply.status_code < 300) == fits, (path, method, body, reply.text)
            check(document, reply, operation, path, method)


def test_parameters(document):
    """Each is taken; each other that the document knows is not."""
    known = set(VALUES) | {"$select", "$orderby", "$skiptoken", "$expand"}
    for path, method, operation in document.operations():
        if path == "/$batch":
            continue
        offered = {each["name"]: each["schema"] for each in document.parameters(operation)
                   if each["in"] == "query"}
        assert offered.keys() <= known
        for name, schema in offered.items():
            if name == "$skiptoken":
                continue
            values = schema["items"]["enum"] if schema["type"] == "array" else [VALUES[name]]
            if method != "get":
                values = values[:1]
            _, body = document.body(operation)
            for value in values:
                reply = document.client.request(
                    method.upper(), document.address(path, method), params={name: value, **BESIDE.get(name, {})},
                    json=body)
                assert reply.status_code < 300, (path, method, name, value, reply.text)
                check(document, reply, operation, path, method)
        if method != "get" or "/$" in path:
            continue
        for name in known - offered.keys() - {"$skiptoken"}:
            value = VALUES.get(name, "id")
            reply = document.client.get(document.address(path), params={name: value})
            assert 400 <= reply.status_code < 500, (path, name, reply.text)
            check(document, reply, operation, path, method)


def check_echo(reply, sent):
    assert reply.headers["client-request-id"] == sent


def check_heeded(reply, sent):
    assert reply.headers["preference-applied"] == sent


def check_page_size(reply, sent):
    check_heeded(reply, sent)
    assert len(reply.json()["value"]) == 1


def check_tracked(reply, sent):
    check_heeded(reply, sent)
    assert ("@odata.deltaLink" in reply.json()) != ("@odata.nextLink" in reply.json())


def check_minimal(reply, sent):
    check_heeded(reply, sent)
    assert reply.status_code == 204


def check_shown(reply, sent):
    check_heeded(reply, sent)
    assert reply.status_code in (200, 201) and reply.content


def marks_of(reply):
    return set(reply.headers.get("x-connectord-beyond-graph", "").split(", ")) - {""}


def check_marked(reply, _):
    assert "conditions" in marks_of(reply)


def check_exists(reply, _):
    assert reply.status_code == 412 and reply.json()["error"]["target"] == "If-None-Match"


def check_rejected(reply, _):
    """Alone, each is half of what it takes."""
    assert (reply.status_code, reply.headers["repeatability-result"]) == (400, "rejected")


# Fields of a request: a word of the description, a value, what it does where it is described so.
FIELDS = [
    ("client-request-id", "", "x" * 128, check_echo),
    ("Prefer", "maxpagesize", "odata.maxpagesize=1", check_page_size),
    ("Prefer", "track-changes", "odata.track-changes", check_tracked),
    ("Prefer", "return=minimal: 204", "return=minimal", check_minimal),
    ("Prefer", "return=representation", "return=representation", check_shown),
    ("Prefer", "create-if-missing", "create-if-missing", check_heeded),
    ("Prefer", "include-unknown-enum-members", "include-unknown-enum-members", check_heeded),
    ("If-Match", "", "*", check_marked),
    ("If-None-Match", "", "*", check_exists),
    ("Repeatability-Request-ID", "", "a", check_rejected),
    ("Repeatability-First-Sent", "", "Sun, 06 Nov 1994 08:49:37 GMT", check_rejected),
]


def test_fields(document):
    """Each that is described has its effect; where it is not, it is passed over: nothing is beyond Graph
    that is not so without it."""
    seen = set()
    for path, method, operation in document.operations():
        if path == "/$batch":
            continue
        _, body = document.body(operation)
        described = {each["name"]: each["description"] for each in document.parameters(operation)
                     if each["in"] == "header"}
        assert described.keys() <= {name for name, _, _, _ in FIELDS}
        address = document.address(path, method)
        unasked = document.client.request(method.upper(), address, json=body,
                                          **document.text_body(operation, address))
        assert unasked.status_code < 300, (path, method, unasked.text)
        for name, word, value, has_effect in FIELDS:
            if "x-ms-pageable" in operation:
                document.make(path + "/")
            address = document.address(path, method)
            sent = document.text_body(operation, address)
            sent["headers"] = {**sent.get("headers", {}), name: value}
            reply = document.client.request(method.upper(), address, json=body, **sent)
            check(document, reply, operation, path, method)
            if name in described and word in described[name]:
                seen.add((name, word))
                has_effect(reply, value)
            else:
                assert reply.status_code < 300, (path, method, name, reply.text)
                assert "preference-applied" not in reply.headers, (path, method, name)
                assert marks_of(reply) == marks_of(unasked), (path, method, name)
    assert seen == {(name, word) for name, word, _, _ in FIELDS}


def test_conditions_that_do_not_hold(document):
    """Of what is not there: refused where If-Match is described, made where a preference says so."""
    for path, method, operation in document.operations():
        described = {each["name"]: each["description"] for each in document.parameters(operation)
                     if each["in"] == "header"}
        if "If-Match" not in described:
            continue
        _, body = document.body(operation)
        nobody = document.base + re.sub(r"\{[^}]*\}", str(uuid.uuid4()), path)
        text = document.text_body(operation, document.address(path, method))

        def ask(name, value):
            sent = {**text, "headers": {**text.get("headers", {}), name: value}}
            return document.client.request(method.upper(), nobody, json=body, **sent)

        reply = ask("If-Match", "*")
        assert reply.status_code == 412, (path, method, reply.text)
        check(document, reply, operation, path, method)
        made = ask("Prefer", "create-if-missing")
        check(document, made, operation, path, method)
        if "create-if-missing" in described.get("Prefer", ""):
            assert made.status_code == 201 and made.headers["location"], (path, made.text)
        else:
            assert made.status_code == 404, (path, method, made.text)


def test_pages(document):
    """A nextLink leads on, and what it brings is described as well."""
    for path, method, operation in document.operations():
        if "x-ms-pageable" not in operation:
            continue
        pageable = operation["x-ms-pageable"]
        for _ in range(3):
            document.make(path + "/")
        counts = any(each["name"] == "$count" for each in document.parameters(operation))
        link, seen = f"{document.base}{path}?$top=2{'&$count=true' if counts else ''}", []
        while link and len(seen) < 10:
            reply = document.client.get(link)
            check(document, reply, operation, path, method)
            seen += [each["id"] for each in reply.json()[pageable["itemName"]]]
            link = reply.json().get(pageable["nextLinkName"])
        assert len(seen) == len(set(seen)) >= 3


def test_permissions(server, document):
    """A token with one of those that are named is let in; without any it is refused, as is described."""
    tokens = {}
    for path, method, operation in document.operations():
        if path == "/$batch":
            continue
        named = [scopes for each in operation["security"] for scopes in each.values()]
        assert named and all(len(scopes) == 1 for scopes in named)
        scopes = {scopes[0] for scopes in named}
        flow = document.text["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
        assert scopes <= flow["scopes"].keys()
        if path.endswith("$value") or path.count("/") > 3 and "{" in path and method == "get":
            continue
        for scope in [*scopes, "Nothing.At.All"]:
            if scope not in tokens:
                tokens[scope] = {"Authorization": f"Bearer {server.token('--roles', scope)}"}
            _, body = document.body(operation)
            reply = document.client.request(method.upper(), document.address(path, method),
                                            headers=tokens[scope], json=body)
            assert (reply.status_code < 300) == (scope in scopes), (path, method, scope, reply.text)
            check(document, reply, operation, path, method)
    assert httpx.get(document.base + "/deviceManagement", trust_env=False).status_code == 401


def test_batch(server, document):
    """It asks for a token and for no permission; its parts are asked by themselves."""
    operation = document.text["paths"]["/$batch"]["post"]
    assert operation["security"] and not any(
        scopes for each in operation["security"] for scopes in each.values())
    schema = Draft202012Validator(operation["requestBody"]["content"]["application/json"]["schema"])
    token = {"Authorization": f"Bearer {server.token('--roles', 'Nothing.At.All')}"}
    part = {"id": "1", "method": "GET", "url": "/deviceManagement"}
    whole = {"requests": [part, {**part, "id": "2", "headers": {"x": "y"}, "dependsOn": ["1"]}]}
    assert schema.is_valid(whole)
    reply = document.client.post(document.base + "/$batch", json=whole)
    check(document, reply, operation, "/$batch", "post")
    assert [each["status"] for each in reply.json()["responses"]] == [200, 200]
    refused = document.client.post(document.base + "/$batch", json=whole, headers=token)
    check(document, refused, operation, "/$batch", "post")
    assert [each["status"] for each in refused.json()["responses"]] == [403, 424]
    assert httpx.post(document.base + "/$batch", json=whole, trust_env=False).status_code == 401
    parts = [{key: value for key, value in part.items() if key != name} for name in part]
    parts += [{**part, name: value} for name in (
        "id", "method", "url", "headers", "dependsOn", "atomicityGroup", "if", "other")
        for value in (None, 1, True, [], [1], {}, {"x": 1}, {"x": None}, {"x": "y"})]
    parts += [{**part, "headers": {"Content-Type": "application/json"}, "body": value}
              for value in (1, "x", True, [], {})]
    for body in ({}, {"requests": 1}, {"requests": None}, {"requests": [1]}, {"requests": []},
                 {**whole, "other": 1}, *({"requests": [each]} for each in parts)):
        reply = document.client.post(document.base + "/$batch", json=body)
        assert (reply.status_code == 200) == schema.is_valid(body), (body, reply.text)
        check(document, reply, operation, "/$batch", "post")


def test_the_token_address(server, document):
    flow = document.text["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    reply = httpx.post(flow["tokenUrl"], trust_env=False, data={
        "grant_type": "client_credentials", "client_id": "00000000-0000-4000-8000-0000000000c1",
        "client_secret": "connectord", "scope": "https://graph.microsoft.com/.default"})
    assert reply.status_code == 200, reply.text
    token = {"Authorization": f"Bearer {reply.json()['access_token']}"}
    assert httpx.get(f"{document.base}/deviceManagement", headers=token, trust_env=False).status_code == 200


# --- other servers ------------------------------------------------------------------------------------


def test_where_no_token_is_needed(tmp_path):
    with Server(tmp_path, "--no-auth") as server:
        text = httpx.get(f"{server.url()}/beta/openapi.json", trust_env=False).json()
        OpenAPIV31SpecValidator(text).validate()
        assert {} in text["paths"]["/deviceManagement"]["get"]["security"]
        assert httpx.get(f"{server.url()}/beta/deviceManagement", trust_env=False).status_code == 200


def test_where_tokens_come_from_elsewhere(tmp_path):
    with Server(tmp_path, "--builtin-issuer", "off") as server:
        text = httpx.get(f"{server.url()}/beta/openapi.json", trust_env=False).json()
        OpenAPIV31SpecValidator(text).validate()
        assert list(text["components"]["securitySchemes"]) == ["bearer"]


@pytest.mark.parametrize("flags", [("--strict",), ("--profile", "live")])
def test_where_it_is_refused(tmp_path, flags):
    with Server(tmp_path, *flags) as server:
        url = f"{server.url()}/beta/openapi.json"
        assert httpx.get(url, trust_env=False).status_code == 401
        reply = httpx.get(url, headers={"Authorization": f"Bearer {server.token()}"}, trust_env=False)
        assert reply.status_code == 400 and reply.json()["error"]["target"] == "openapi.json"
        assert "x-connectord-beyond-graph" not in reply.headers
