"""docs/adding-an-entity-type.md does what it says: one file and one line, and the type is served. It
adds a type and a view of it.

The page's marked blocks are applied to a copy of the tree, literally; the copy is built and spoken to.
A block is marked by a comment in front of it: <!-- new file: PATH --> or <!-- append to: PATH -->."""
import json
import re
import shutil
import subprocess
import uuid

import httpx
import pytest

from conftest import log_in
from server_process import ROOT, Server, run

PAGE = ROOT / "docs" / "adding-an-entity-type.md"
BLOCK = re.compile(r"<!-- (new file|append to): (\S+) -->\n```\w*\n(.*?)```\n", re.S)
SET = "/beta/deviceManagement/wirelessControllerConnectors"
TYPE = "#microsoft.graph.wirelessControllerConnector"
VIEW = "/beta/deviceManagement/wirelessControllerSummaries"


def copy_of_the_tree(to):
    """Without what was built or fetched."""
    def ignore(folder, names):
        built = [n for n in names if n.startswith("build") and folder == str(ROOT)]
        return built + [n for n in names if n in (".git", ".venv", "node_modules", "__pycache__")]
    shutil.copytree(ROOT, to, ignore=ignore)


def apply_page(tree):
    """Does what the page says, and returns the new files' paths."""
    blocks = BLOCK.findall(PAGE.read_text())
    assert [kind for kind, _, _ in blocks] == ["new file", "append to"] * 2
    for (_, source, code), (_, table, line) in zip(blocks[::2], blocks[1::2]):
        assert not (tree / source).exists() and line.count("\n") == 1
        (tree / source).write_text(code)
        with open(tree / table, "a") as file:
            file.write(line)
    return [source for _, source, _ in blocks[::2]]


def must_run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The copy with the types in it, and the paths of the new files."""
    tree = tmp_path_factory.mktemp("copy") / "tree"
    copy_of_the_tree(tree)
    return tree, apply_page(tree)


@pytest.fixture(scope="module")
def binary(tree):
    tree, _ = tree
    must_run("meson", "setup", "built", "-Dtests=false", "-Doptimization=0", "-Ddebug=false",
             "-Dwerror=true", cwd=tree)
    must_run("ninja", "-C", "built", "connectord", "src/floors.stamp", cwd=tree)
    return tree / "built" / "connectord"


@pytest.fixture(scope="module")
def running(binary, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), binary=binary) as server:
        yield server
        assert server.stop() == 0


@pytest.fixture
def caller(running):
    """A client of a tenant that nobody else uses."""
    with httpx.Client(base_url=running.url(), trust_env=False, timeout=30) as client:
        client.tenant = str(uuid.uuid4())
        token = log_in(client, client.tenant).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def assert_refused(reply, target):
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert (error["code"], error["target"]) == ("ModelValidationFailure", target)


@pytest.mark.skipif(not shutil.which("clang-format-14"), reason="clang-format-14 is not installed")
def test_the_page_keeps_the_house_style(tree):
    tree, sources = tree
    must_run("clang-format-14", "--dry-run", "-Werror", *sources, cwd=tree)


def test_an_entity_lives(caller):
    made = caller.post(SET, json={
        "@odata.type": TYPE, "displayName": "Halle 3", "isEnabled": False, "state": "connected",
        "accessPointCount": 41, "lastSurveyDateTime": "2024-03-11T08:00:00.25+01:00",
        "siteNames": ["Süd", "a \"quoted\" one"]})
    assert made.status_code == 201, made.text
    entity = made.json()
    assert entity.pop("@odata.context").endswith(
        "/beta/$metadata#deviceManagement/wirelessControllerConnectors/$entity")
    key = entity["id"]
    assert entity == {
        "@odata.type": TYPE, "id": key, "displayName": "Halle 3", "isEnabled": False,
        "state": "connected", "accessPointCount": 41,
        "lastSurveyDateTime": "2024-03-11T08:00:00.25+01:00",
        "siteNames": ["Süd", "a \"quoted\" one"]}
    assert list(entity) == ["@odata.type", "id", "displayName", "isEnabled", "state",
                            "accessPointCount", "lastSurveyDateTime", "siteNames"]
    got = caller.get(f"{SET}/{key}").json()
    assert got.pop("@odata.context") and got == entity
    assert [e["id"] for e in caller.get(SET).json()["value"]] == [key]
    selected = caller.get(f"{SET}('{key}')?$select=siteNames").json()
    assert selected["siteNames"] == entity["siteNames"] and "state" not in selected

    changed = caller.patch(f"{SET}/{key}", json={"isEnabled": True, "siteNames": [],
                                                 "displayName": None})
    assert changed.status_code == 200
    entity.update(isEnabled=True, siteNames=[], displayName=None)
    assert {k: v for k, v in changed.json().items() if k != "@odata.context"} == entity

    acted = caller.post(f"{SET}/{key}/survey", json={"includeNeighbours": True})
    assert acted.status_code == 204
    after = caller.get(f"{SET}/{key}").json()
    assert after["lastSurveyDateTime"] > entity["lastSurveyDateTime"]
    assert after["lastSurveyDateTime"].endswith("Z")

    assert caller.delete(f"{SET}/{key}").status_code == 204
    assert caller.get(f"{SET}/{key}").status_code == 404


def test_defaults(caller):
    entity = caller.post(SET, json={}).json()
    assert {k: v for k, v in entity.items() if not k.startswith("@") and k != "id"} == {
        "displayName": None, "isEnabled": True, "state": "unknown", "accessPointCount": 0,
        "lastSurveyDateTime": None, "siteNames": []}


@pytest.mark.parametrize("member,value", [
    ("displayName", 3), ("isEnabled", "yes"), ("isEnabled", None), ("state", "asleep"),
    ("state", "unknownFutureValue"), ("accessPointCount", 2147483648), ("accessPointCount", 1.5),
    ("lastSurveyDateTime", "yesterday"), ("siteNames", None), ("siteNames", [1]),
    ("siteNames", [None])])
def test_wrong_values_are_refused(caller, member, value):
    assert_refused(caller.post(SET, json={member: value}), member)
    assert caller.get(SET).json()["value"] == []


def test_the_action_is_checked(caller):
    key = caller.post(SET, json={}).json()["id"]
    for body in ({}, {"includeNeighbours": None}, {"includeNeighbours": "no"},
                 {"includeNeighbours": True, "more": 1}):
        assert caller.post(f"{SET}/{key}/survey", json=body).status_code == 400, body
    assert caller.get(f"{SET}/{key}").json()["lastSurveyDateTime"] is None
    assert caller.get(f"{SET}/{key}/survey").status_code == 405
    assert caller.post(f"{SET}/nobody/survey", json={"includeNeighbours": True}).status_code == 404


def command(server, *arguments):
    return subprocess.run([server.binary, *arguments, "--data-dir", server.data_dir], check=True,
                          capture_output=True, text=True, timeout=60).stdout.strip()


def test_the_view_is_the_same_entities(running, caller):
    made = caller.post(VIEW, json={"title": "Halle 4", "accessPointCount": 7})
    assert made.status_code == 201, made.text
    key = made.json()["id"]
    whole = caller.get(f"{SET}/{key}").json()
    assert (whole["displayName"], whole["accessPointCount"], whole["isEnabled"], whole["state"],
            whole["siteNames"]) == ("Halle 4", 7, True, "unknown", [])
    caller.patch(f"{SET}/{key}", json={"displayName": "Halle 5", "state": "connected"})
    caller.patch(f"{VIEW}/{key}", json={"countedDateTime": "2024-03-11T08:00:00+01:00"})
    assert caller.get(f"{SET}/{key}").json()["state"] == "connected"
    shown = caller.get(f"{VIEW}/{key}").json()
    assert {k: v for k, v in shown.items() if "@" not in k} == {
        "id": key, "title": "Halle 5", "accessPointCount": 7,
        "countedDateTime": "2024-03-11T08:00:00+01:00"}
    found = caller.get(f"{VIEW}?$filter=title eq 'halle 5'&$count=true").json()
    assert (found["@odata.count"], [e["id"] for e in found["value"]]) == (1, [key])
    exported = json.loads(command(running, "export", "--tenant", caller.tenant))
    assert "wirelessControllerSummaries" not in exported
    assert [e["id"] for e in exported["wirelessControllerConnectors"]] == [key]
    assert caller.delete(f"{VIEW}/{key}").status_code == 204
    assert caller.get(f"{SET}/{key}").status_code == 404


def test_the_action_answers(running, caller):
    key = caller.post(VIEW, json={"accessPointCount": 7}).json()["id"]
    caller.headers["Authorization"] = "Bearer " + command(
        running, "token", "--tenant", caller.tenant, "--roles", "DeviceManagementConfiguration.Read.All")
    body = {"limit": {"perHour": 5, "sinceDateTime": "2999-01-01T00:00:00Z"}}

    def ask(json):
        return caller.post(f"{VIEW}/{key}/getRate", json=json)

    assert ask(body).json()["value"] == []
    caller.headers["Authorization"] = "Bearer " + command(running, "token", "--tenant", caller.tenant)
    caller.patch(f"{VIEW}/{key}", json={"countedDateTime": "2024-03-11T08:00:00Z"})
    answer = ask(body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["@odata.context"].endswith(
        "/beta/$metadata#Collection(microsoft.graph.wirelessControllerRate)")
    rate, = answer.json()["value"]
    assert rate["isTooMany"] is True and rate["hours"] < 0
    assert rate["@odata.type"] == "microsoft.graph.wirelessControllerRate"
    for wrong in ({}, {"limit": None}, {"limit": {}}, {"limit": {"perHour": "many"}}):
        reply = ask(wrong)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ModelValidationFailure")


def test_versions_and_permissions(running, caller):
    assert caller.get(SET.replace("beta", "v1.0")).status_code == 400
    for role, read, write in (("DeviceManagementConfiguration.ReadWrite.All", 200, 201),
                              ("DeviceManagementConfiguration.Read.All", 200, 403),
                              ("DeviceManagementApps.ReadWrite.All", 403, 403)):
        token = command(running, "token", "--tenant", caller.tenant, "--roles", role)
        caller.headers["Authorization"] = f"Bearer {token}"
        assert caller.get(SET).status_code == read
        assert caller.post(SET, json={}).status_code == write


def test_a_seed_may_hold_it(running, caller, tmp_path):
    seed = tmp_path / "seed.json"
    seed.write_text('{"wirelessControllerConnectors": [{"displayName": "sown", "siteNames": ["x"],'
                    ' "lastSurveyDateTime": "-4m"}]}')
    command(running, "seed", seed)
    caller.headers["Authorization"] = "Bearer " + command(running, "token")
    sown, = caller.get(SET).json()["value"]
    assert sown["displayName"] == "sown" and sown["siteNames"] == ["x"]


def test_a_folder_from_before_gets_the_table(binary, tmp_path):
    run("seed", "demo", "--data-dir", tmp_path)  # with the server that does not have the type
    with Server(tmp_path, "--no-auth", binary=binary) as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as client:
            assert client.post(SET, json={"displayName": "new"}).status_code == 201
            assert len(client.get("/beta/deviceManagement/ndesConnectors").json()["value"]) == 5
        assert server.stop() == 0
