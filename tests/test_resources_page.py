"""docs/resources.md against a server: names in their order, defaults, nullability, members of
enumerations, and which permissions open what."""
import json
import re

import httpx
import pytest

from server_process import ROOT, Server

PAGE = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
SETS = dict(part.split("\n", 1) for part in PAGE.split("\n# ")[0].split("\n## ")[1:])
SAMPLES = {"String": "x", "DateTimeOffset": "2026-01-31T08:00:00Z", "Collection(String)": ["x"]}
EVERY_NAME = sorted(set(re.findall(r"DeviceManagement\w+\.Read(?:Write)?\.All", PAGE)))


def rows(text):
    return re.findall(r"^\| `(\w+)` \| (\S+) \| (yes|no|read-only) \| `?([^`|]*)`? \|", text, re.M)


def names_of(text, row):
    return set(re.findall(r"`(\S+?)`", re.search(rf"^\| {row} \| (.*) \|$", text, re.M)[1]))


def call(server, method, path, token, body=None):
    return httpx.request(method, f"{server.url()}/beta/deviceManagement/{path}", json=body,
                         headers={"Authorization": f"Bearer {token}"}, trust_env=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running


def test_every_set_has_a_chapter():
    assert list(SETS) == ["ndesConnectors", "domainJoinConnectors", "exchangeConnectors",
                          "certificateConnectorDetails", "roleScopeTags"]


@pytest.mark.parametrize("name", SETS)
def test_properties(server, name):
    token = server.token()
    made = call(server, "POST", name, token, {}).json()
    shown = {key: value for key, value in made.items() if "@" not in key}
    assert list(shown) == [row[0] for row in rows(SETS[name])]
    for key, kind, nullable, default in rows(SETS[name]):
        if key == "id":
            continue
        assert json.dumps(shown[key]) == default, key
        done = call(server, "PATCH", f"{name}/{made['id']}", token, {key: None})
        assert done.status_code == (400 if nullable == "no" else 200), key
        if nullable == "read-only":
            assert json.dumps(done.json()[key]) == default, key
            continue
        members = re.search(rf"^`{re.escape(kind)}`: (.*)$", SETS[name], re.M)
        good = re.findall(r"`(\w+)`", members[1]) if members else [SAMPLES[kind]]
        for value in good:
            done = call(server, "PATCH", f"{name}/{made['id']}", token, {key: value})
            assert (done.status_code, done.json()[key]) == (200, value)


@pytest.mark.parametrize("name", SETS)
def test_permissions(server, name):
    for permission in EVERY_NAME:
        token = server.token("--roles", permission)
        read = call(server, "GET", name, token).status_code == 200
        write = call(server, "POST", name, token, {}).status_code == 201
        assert read == (permission in names_of(SETS[name], "read")), permission
        assert write == (permission in names_of(SETS[name], "write")), permission


def test_metrics(server):
    """Those of the page and no others, in its order."""
    token, chapter = server.token(), SETS["certificateConnectorDetails"]
    date = "2026-01-31T08:00:00Z"
    made = call(server, "POST", "certificateConnectorDetails", token,
                {"enrollmentDateTime": date, "lastCheckinDateTime": date}).json()
    answer = call(server, "POST", f"certificateConnectorDetails/{made['id']}/getHealthMetrics", token,
                  {}).json()
    table = chapter.split("| metric | value |")[1].split("\n\n")[0]
    assert [each["name"] for each in answer["value"]] == re.findall(r"^\| `(\w+)` \|", table, re.M)


def test_connector_status(server):
    """Its properties in their order, and the kinds that it has."""
    token, chapter = server.token(), PAGE.split("\n# ")[1]
    for name in ("ndesConnectors", "exchangeConnectors", "domainJoinConnectors"):
        call(server, "POST", name, token, {})
    items = call(server, "GET", "connectorStatus", token).json()["value"]
    table = chapter.split("| property | type | value |")[1].split("\n\n")[0]
    assert all([name for name in item if name[0] != "@"] == re.findall(r"^\| `(\w+)` \|", table, re.M)
               for item in items)
    kinds = re.search(r"^\| `connectorName` \| connectorName \| (.*) \|$", table, re.M)[1]
    assert sorted({item["connectorName"] for item in items}) == sorted(re.findall(r"`(\w+)`", kinds))
