"""The control API's description for programs: valid OpenAPI, and what is sent and answered fits it."""
import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from server_process import DEFAULT_TENANT, OTHER_TENANT, Server

BASE = "/_connectord"
NDES = [{"id": "doc-1", "displayName": "NDES-01", "lastConnectionDateTime": "-4m"}]
POLICY = {"domainJoinConnectors": {"on": True, "error": "2h", "remove": None}}
RULES = {"rules": [
    {"name": "slow", "when": {"method": ["GET"], "path": "/beta/*", "rate": 0.2},
     "delay": {"min": "1ms", "max": "2ms"}},
    {"name": "busy", "when": {"method": "POST", "limit": {"requests": 9, "per": "20s", "each": "app"}},
     "answer": {"error": "429.intune", "retryAfter": "window"}},
    {"when": {"nth": 3}, "answer": {"status": 503, "body": {"a": 1}, "retryAfter": None}},
    {"when": {"pattern": "xx."}, "read": "stale", "staleFor": "1s"},
    {"when": {"skip": 2, "next": 1}, "connection": "truncate", "executes": True}],
    "persona": ["intune-throttled", "eventual"], "retryAfter": 0.5}

# In this order on one server: method, path of the document, body, status.
CASES = [
    ("GET", "/", None, 200),
    ("GET", "/openapi.json", None, 200),
    ("GET", "/clock", None, 200),
    ("PUT", "/clock", {"set": "2024-06-01T12:00:00Z", "advance": "1d12h", "freeze": True}, 200),
    ("PUT", "/clock", {"resume": True}, 200),
    ("PUT", "/clock", {"resume": True, "freeze": True}, 400),
    ("PUT", "/faults", RULES, 200),
    ("GET", "/faults", None, 200),
    ("DELETE", "/faults", None, 204),
    ("GET", "/faults/personas", None, 200),
    ("GET", "/requests", None, 200),
    ("POST", "/requests/verify", {"method": "POST", "status": "4xx", "atMost": 0}, 200),
    ("POST", "/requests/verify", {"status": 201, "exactly": 1, "atLeast": 1}, 400),
    ("DELETE", "/requests", None, 204),
    ("GET", "/policy", None, 200),
    ("PUT", "/policy", POLICY, 200),
    ("PUT", "/policy", {"ndesConnectors": {"on": True, "inactive": "1s", "remove": "2s"}}, 200),
    ("PUT", "/policy", {"ndesConnectors": {"remove": "1s"}}, 400),
    ("GET", "/policy", None, 200),
    ("POST", "/seed", {"exchangeConnectors": [{"id": "doc-1"}]}, 200),
    ("POST", "/seed", {"exchangeConnectors": [{"id": "doc-1"}]}, 409),
    ("GET", "/export", None, 200),
    ("POST", "/token", {"app": OTHER_TENANT, "roles": ["A.B"], "lifetime": "-1s"}, 200),
    ("POST", "/token", {"user": "a@b", "scopes": ["A.B"]}, 200),
    ("POST", "/reset", {"keep": ["policy", "clock"]}, 200),
    ("POST", "/reset", None, 200),
    ("POST", "/sandbox", {"lifetime": "10m", "seed": "demo", "name": "a test", "faults": RULES,
                          "policy": POLICY, "clock": {"freeze": True}}, 201),
    ("POST", "/sandbox", {"seed": {"ndesConnectors": NDES}}, 201),
    ("POST", "/sandbox", None, 201),
    ("DELETE", "/tenants/{tenant}", None, 409),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), "--seed", "demo") as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url(), timeout=30, trust_env=False) as made:
        yield made


@pytest.fixture(scope="module")
def document(client):
    return client.get(f"{BASE}/openapi.json").raise_for_status().json()


def misfits(document, value, pointer):
    """What is wrong with `value` by the schema that stands at `pointer` of the document."""
    registry = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    schema = {"$ref": "urn:document#/" + "/".join(
        part.replace("~", "~0").replace("/", "~1") for part in pointer)}
    return [error.message for error in Draft202012Validator(schema, registry=registry).iter_errors(value)]


def response_at(document, path, method, status):
    """Where the document describes the answer."""
    responses = document["paths"][path][method.lower()]["responses"]
    assert str(status) in responses, "an answer that is not described"
    reference = responses[str(status)].get("$ref")
    return reference.split("/")[1:] if reference else \
        ["paths", path, method.lower(), "responses", str(status)]


def test_it_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()


def test_it_names_the_origin_that_was_asked(server, document):
    assert [each["url"] for each in document["servers"]] == [
        f"{server.url()}{BASE}", f"{server.url()}{BASE}/tenants/{{tenant}}"]


def test_every_operation_is_tried(document):
    tried = {(path, method.lower()) for method, path, _, _ in CASES}
    assert tried == {(path, method) for path, item in document["paths"].items() for method in item}


@pytest.mark.parametrize("method,path,body,status", CASES)
def test_answers_fit(client, document, method, path, body, status):
    reply = client.request(method, BASE + path.replace("{tenant}", DEFAULT_TENANT), json=body)
    assert reply.status_code == status, reply.text
    where = response_at(document, path, method, status)
    if status == 204:
        assert reply.content == b""
    else:
        found = misfits(document, reply.json(), [*where, "content", "application/json", "schema"])
        assert not found, found
    if body is not None and status != 400:
        found = misfits(document, body, ["paths", path, method.lower(), "requestBody", "content",
                                         "application/json", "schema"])
        assert not found, found


@pytest.mark.parametrize("method,path,status,options", [
    ("GET", "/nothing", 404, {}),
    ("PATCH", "/clock", 405, {}),
    ("GET", "/clock", 403, {"headers": {"Origin": "https://attacker.example"}}),
    ("GET", "/clock", 403, {"headers": {"Host": "attacker.example"}}),
    ("PUT", "/clock", 415, {"content": "{}", "headers": {"Content-Type": "text/plain"}}),
])
def test_refusals_fit(client, document, method, path, status, options):
    reply = client.request(method, BASE + path, **options)
    assert reply.status_code == status, reply.text
    assert not misfits(document, reply.json(), ["components", "schemas", "Error"])
