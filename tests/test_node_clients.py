"""Stock JavaScript clients, unmodified: log in over TLS and run the whole life of each type.

Each speaks HTTP/1.1 and HTTP/2 in turn (node/wire.mjs, which also holds them to it). The scripts are in
node/; their packages are installed by `npm --prefix tests/node ci`."""
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import httpx
import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import clean_environment
from tenant import NDES, sandbox

NODE_FOLDER = Path(__file__).parent / "node"
SETS = ["ndesConnectors", "domainJoinConnectors", "exchangeConnectors"]

pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("node"), reason="node is not installed")


WIRES = ["http/1.1", "h2"]


@pytest.fixture(params=WIRES)
def wire(request):
    """The version of HTTP that the client has to speak, as ALPN spells it."""
    return request.param


def run_script(server, origin, *arguments, script="graph_client.mjs", wire="http/1.1", folder=NODE_FOLDER):
    assert (NODE_FOLDER / "node_modules").is_dir(), \
        "the packages are missing: run 'npm --prefix tests/node ci'"
    return subprocess.run(
        ["node", "--import", (NODE_FOLDER / "wire.mjs").as_uri(), folder / script, origin, *arguments],
        text=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment(NODE_EXTRA_CA_CERTS=str(server.ca_file), NODE_NO_WARNINGS="1", WIRE=wire))


def lives(server, *arguments, by_name=False, **options):
    """Runs a script in a tenant of its own, which its first token makes."""
    origin = server.url("https").replace("127.0.0.1", "localhost") if by_name else server.url("https")
    done = run_script(server, origin, str(uuid.uuid4()), CLIENT_ID, CLIENT_SECRET, *arguments, **options)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("set_name", SETS)
def test_graph_client(server, set_name, wire):
    lives(server, set_name, by_name=True, wire=wire)


def test_by_address(server, wire):
    lives(server, SETS[0], wire=wire)


def test_batches(server, wire):
    lives(server, script="batch.mjs", wire=wire)


one_store = pytest.mark.parametrize("server", ["file"], indirect=True)  # the Graph client tries both


@one_store
@pytest.mark.parametrize("script, arguments", [
    ("graph.mjs", []), ("kiota.mjs", ["plain"]), ("kiota.mjs", ["gzip"]), ("pnp.mjs", []),
    ("odata_client.mjs", ["json"])], ids=lambda each: each if isinstance(each, str) else "".join(each))
def test_life(server, script, arguments, wire):
    lives(server, *arguments, script=script, wire=wire)


@one_store
def test_multipart_batches(server, wire):
    """@odata/client's batches as it makes them unless told otherwise."""
    lives(server, "multipart", script="odata_client.mjs", wire=wire)


@pytest.fixture(scope="session")
def generated(server, tmp_path_factory):
    """What odata2ts makes of the served $metadata and TypeScript of that, with the script that uses it."""
    folder = tmp_path_factory.mktemp("odata2ts")
    for name in ("node_modules", "life.mjs", "login.mjs"):
        (folder / name).symlink_to(NODE_FOLDER / name)
    for name in ("main.ts", "tsconfig.json"):
        shutil.copy(NODE_FOLDER / "odata2ts" / name, folder)
    metadata = httpx.get(f"{server.url('https')}/beta/$metadata", verify=str(server.ca_file), trust_env=False)
    (folder / "metadata.xml").write_text(metadata.text)
    commands = folder / "node_modules" / ".bin"
    for command in (["odata2ts", "-s", "metadata.xml", "-o", "generated", "-m", "service", "-e", "ts",
                     "-name", "graph"], ["tsc"]):
        done = subprocess.run([commands / command[0], *command[1:]], cwd=folder, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=clean_environment())
        assert done.returncode == 0, done.stdout
    return folder


@one_store
def test_odata2ts(server, generated, wire):
    lives(server, script="main.js", folder=generated, wire=wire)


@pytest.mark.parametrize("retry_after, wire", [(1, "http/1.1"), (1, "h2"), (None, "http/1.1")])
def test_the_clients_own_retries_survive_throttling(server, retry_after, wire):
    """Two refusals, then one connector: with the service's delay, and with the client's own."""
    origin = server.url("https")
    with sandbox(origin, verify=str(server.ca_file)) as tenant:
        tenant.control("PUT", "/faults", {"persona": "intune-throttled", "retryAfter": retry_after})
        done = run_script(server, origin, tenant.tenant, CLIENT_ID, CLIENT_SECRET, "throttled",
                          script="retry.mjs", wire=wire)
        assert done.returncode == 0, done.stdout
        assert [each["id"] for each in tenant.get(NDES)["value"]] == [json.loads(done.stdout)["id"]]
        for status, count in ((429, 2), (201, 1), (None, 3)):
            question = {"method": "POST", "exactly": count}
            if status:
                question["status"] = status
            assert tenant.control("POST", "/requests/verify", question) == {
                "verified": True, "count": count}
        assert [each["status"] for each in tenant.journal(method="POST")["requests"]] == \
            [429, 429, 201]
