"""connectord export and import: a tenant's state as text, and back."""
import json
import subprocess
import threading

import httpx
import pytest

from server_process import BINARY, DEFAULT_TENANT, Server, clean_environment, run

SETS = ("ndesConnectors", "domainJoinConnectors", "exchangeConnectors")
EMPTY = {name: [] for name in (*SETS, "roleScopeTags")}
NDES = "/beta/deviceManagement/ndesConnectors"
TENANT = "88888888-8888-4888-8888-888888888888"


def id_of(number, kind=0):
    return f"{number * 2654435761 % 2**32:08x}-0000-4000-8{kind:03x}-{number:012x}"


def many(count):
    """A seed with ids in no order, offsets and digits of 100 ns."""
    return {
        "ndesConnectors": [
            {"id": id_of(i), "displayName": f"NDES {i} \u00e9\t\"x\"",
             "state": ("active", "inactive", "none")[i % 3],
             "lastConnectionDateTime": f"2026-01-02T03:04:05.{i:07}+05:45"}
            for i in range(count // 2)],
        "domainJoinConnectors": [
            {"id": id_of(i, 1), "displayName": "x" * (i % 100), "state": "error"}
            for i in range(count // 4)],
        "exchangeConnectors": [
            {"id": id_of(i, 2), "lastSyncDateTime": "2026-01-02T03:04:05-14:00"}
            for i in range(count // 4)],
    }


def export(folder, *words, **options):
    return run("export", "--data-dir", folder, *words, **options)


def load(folder, path, *words, **options):
    return run("import", path, "--data-dir", folder, *words, **options)


@pytest.fixture(scope="module", name="exported")
def exported_file(tmp_path_factory):
    """2,000 entities, imported and exported once."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "seed.json").write_text(json.dumps(many(2000)))
    assert "2000 entities were imported" in load(folder, folder / "seed.json").stderr
    done = export(folder)
    assert "2000 entities were exported" in done.stderr
    (folder / "export.json").write_text(done.stdout)
    return folder / "export.json"


def test_round_trip_is_the_same_text(exported, tmp_path):
    load(tmp_path, exported)
    assert export(tmp_path).stdout == exported.read_text()


def test_nothing_is_lost(exported):
    state = json.loads(exported.read_text())
    seed = many(2000)
    for name in SETS:
        entities = {each["id"]: each for each in state[name]}
        assert list(entities) == sorted(entities)
        assert len(entities) == len(seed[name])
        for wanted in seed[name]:
            found = entities[wanted["id"]]
            for key in ("displayName", "state", "lastSyncDateTime"):
                assert wanted.get(key) == found.get(key) or key not in wanted
    first = {each["id"]: each for each in state["ndesConnectors"]}[id_of(7)]
    assert first["lastConnectionDateTime"] == "2026-01-02T03:04:05.0000007+05:45"


def test_an_entity_stands_on_a_line(exported):
    lines = exported.read_text().splitlines()
    assert len(lines) == 2000 + 2 + 2 * len(SETS) + 1  # a set without any has one
    assert json.loads(lines[2].rstrip(","))["id"]


def test_through_a_pipe(exported, tmp_path):
    line = f"'{BINARY}' export --data-dir '{exported.parent}' | '{BINARY}' import --data-dir . -"
    subprocess.run(["sh", "-c", line], cwd=tmp_path, env=clean_environment(), timeout=60,
                   capture_output=True, check=True)
    assert export(tmp_path).stdout == exported.read_text()


def test_an_export_is_a_seed(exported):
    with Server(None, "--seed", exported) as server:
        assert server.wait_for_event("seeded")["entities"] == 2000


def test_what_is_there_stays(exported, tmp_path):
    extra = tmp_path / "extra.json"
    extra.write_text('{"ndesConnectors": [{"id": "new"}, {"id": "%s"}]}' % id_of(3))
    done = load(exported.parent, extra, check=False)
    assert done.returncode == 1
    assert id_of(3) in done.stderr and "already exists" in done.stderr
    assert "Nothing was imported" in done.stderr
    assert export(exported.parent).stdout == exported.read_text()
    extra.write_text('{"ndesConnectors": [{"id": "new"}]}')
    load(tmp_path, exported)
    load(tmp_path, extra)
    assert '{"id":"new",' in export(tmp_path).stdout


@pytest.mark.parametrize("cut", [1, 3, 5000])
def test_a_part_of_an_export_is_none(cut, exported, tmp_path):
    (tmp_path / "part.json").write_text(exported.read_text()[:-cut - 1])
    done = load(tmp_path, tmp_path / "part.json", check=False)
    assert done.returncode == 1
    assert "part.json: seed, line" in done.stderr
    assert json.loads(export(tmp_path).stdout) == EMPTY


def test_tenants_apart(exported, tmp_path):
    for words in (("export",), ("import", exported)):
        run("tenant", "list", "--data-dir", exported.parent)
        done = run(*words, "--tenant", TENANT, "--data-dir", exported.parent, check=False)
        assert done.returncode == 1 and f"'{TENANT}' does not exist" in done.stderr
        assert done.stdout == ""
    run("tenant", "add", TENANT, "--data-dir", tmp_path)
    load(tmp_path, exported, "--tenant", TENANT)
    assert export(tmp_path, "--tenant", TENANT).stdout == exported.read_text()
    assert json.loads(export(tmp_path).stdout) == EMPTY
    load(tmp_path, exported, "--tenant", DEFAULT_TENANT)  # the same ids, another tenant's


@pytest.mark.parametrize("words, code, complaint", [
    (("export",), 1, "there is no data"),
    (("export", "--tenant", "x"), 2, "expected a GUID"),
    (("import",), 2, "expected FILE|-"),
    (("import", "/nowhere.json"), 1, "cannot read '/nowhere.json': No such file"),
    (("import", "/"), 1, "Is a directory"),
    (("import", "/dev/null"), 1, "line 1, column 1"),
    (("import", "/dev/null", "--config", "/nowhere.conf"), 78, "/nowhere.conf"),
])
def test_refusals(words, code, complaint, tmp_path):
    done = run(*words, check=False, env={"XDG_STATE_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr


def test_a_full_disk_is_no_success(exported):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BINARY, "export", "--data-dir", exported.parent], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("cannot write to stdout") == 1
    assert "were exported" not in done.stderr


def test_beside_a_server_that_is_written_to(exported, tmp_path):
    """Each export is one state: what was written in order is there up to one moment."""
    load(tmp_path, exported)
    stop = threading.Event()

    def write(server, headers):
        with httpx.Client(base_url=server.url(), headers=headers, trust_env=False) as client:
            number = 0
            while not stop.is_set():
                number += 1
                for kind in SETS[0], SETS[1]:
                    made = client.post(f"/beta/deviceManagement/{kind}",
                                       json={"displayName": f"live {number}"})
                    assert made.status_code == 201

    with Server(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.token()}"}
        writer = threading.Thread(target=write, args=(server, headers))
        writer.start()
        try:
            for _ in range(5):
                state = json.loads(export(tmp_path).stdout)
                ndes, domain = ([each for each in state[name]
                                 if each["displayName"].startswith("live ")] for name in SETS[:2])
                assert len(ndes) - len(domain) in (0, 1)
        finally:
            stop.set()
            writer.join()
        (tmp_path / "one.json").write_text('{"ndesConnectors": [{"id": "imported"}]}')
        load(tmp_path, tmp_path / "one.json")
        assert httpx.get(f"{server.url()}{NDES}('imported')", headers=headers,
                         trust_env=False).status_code == 200


def test_a_large_tenant_and_back_beside_a_server(tmp_path):
    """100,000 entities out, the tenant reset, and in again: the same text."""
    count = 100_000
    (tmp_path / "seed.json").write_text(json.dumps(many(count)))
    folder = tmp_path / "data"
    with Server(folder) as server, httpx.Client(
            base_url=server.url(), trust_env=False, timeout=300,
            headers={"Authorization": f"Bearer {server.token()}"}) as client:
        def entities():
            sets = [f"/beta/deviceManagement/{name}" for name in SETS]
            return sum(client.get(f"{each}?$count=true&$top=1").json()["@odata.count"]
                       for each in sets)

        load(folder, tmp_path / "seed.json")
        first = export(folder)
        assert f"{count} entities were exported" in first.stderr
        assert entities() == count
        assert client.post("/_connectord/reset").json() == {"entities": 0}
        assert entities() == 0
        (tmp_path / "export.json").write_text(first.stdout)
        load(folder, tmp_path / "export.json")
        assert entities() == count
        assert export(folder).stdout == first.stdout
        assert server.stop() == 0


def test_the_control_api_exports_the_same(exported, tmp_path):
    """What GET export answers is a seed too, and holds what the command line's export holds."""
    load(tmp_path, exported)
    with Server(tmp_path) as server, httpx.Client(base_url=server.url(), trust_env=False,
                                                  timeout=60) as client:
        told = client.get("/_connectord/export").json()
        assert told == json.loads(exported.read_text())
        assert client.post("/_connectord/reset").json() == {"entities": 0}
        assert client.post("/_connectord/seed", json=told).json() == {"entities": 2000}
        assert export(tmp_path).stdout == exported.read_text()
        again = client.post("/_connectord/seed", json=told)
        assert again.status_code in (400, 409)
        assert export(tmp_path).stdout == exported.read_text()
        assert server.stop() == 0


def test_reset_by_the_command_line(exported, tmp_path):
    load(tmp_path, exported)
    with Server(tmp_path) as server:
        assert json.loads(run("reset", "--url", server.url()).stdout) == {"entities": 0}
        assert json.loads(export(tmp_path).stdout) == EMPTY
        assert server.stop() == 0
