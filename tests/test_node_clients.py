"""Stock JavaScript clients, unmodified: log in over TLS and run the whole life of each type.

The scripts are in node/; their packages are installed by `npm --prefix tests/node ci`."""
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import clean_environment
from tenant import NDES, sandbox

NODE_FOLDER = Path(__file__).parent / "node"
SETS = ["ndesConnectors", "domainJoinConnectors", "exchangeConnectors"]

pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("node"), reason="node is not installed")


def run_script(server, origin, *arguments, script="graph_client.mjs"):
    assert (NODE_FOLDER / "node_modules").is_dir(), \
        "the packages are missing: run 'npm --prefix tests/node ci'"
    return subprocess.run(
        ["node", NODE_FOLDER / script, origin, *arguments], text=True, timeout=120,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment(NODE_EXTRA_CA_CERTS=str(server.ca_file)))


@pytest.mark.parametrize("set_name", SETS)
def test_graph_client(server, set_name):
    # A tenant of its own, made by its first token; the origin by name here and by address elsewhere.
    origin = server.url("https").replace("127.0.0.1", "localhost")
    done = run_script(server, origin, str(uuid.uuid4()), CLIENT_ID, CLIENT_SECRET, set_name)
    assert done.returncode == 0, done.stdout


def test_by_address(server):
    done = run_script(server, server.url("https"), str(uuid.uuid4()), CLIENT_ID, CLIENT_SECRET,
                      SETS[0])
    assert done.returncode == 0, done.stdout


def test_batches(server):
    done = run_script(server, server.url("https"), str(uuid.uuid4()), CLIENT_ID, CLIENT_SECRET,
                      script="batch.mjs")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("retry_after", [1, None])
def test_the_clients_own_retries_survive_throttling(server, retry_after):
    """Two refusals, then one connector: with the service's delay, and with the client's own."""
    origin = server.url("https")
    with sandbox(origin, verify=str(server.ca_file)) as tenant:
        tenant.control("PUT", "/faults", {"persona": "intune-throttled", "retryAfter": retry_after})
        done = run_script(server, origin, tenant.tenant, CLIENT_ID, CLIENT_SECRET, "throttled",
                          script="retry.mjs")
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
