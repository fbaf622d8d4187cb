"""Stock JavaScript clients, unmodified: log in over TLS and run the whole life of each type.

The script is node/graph_client.mjs; its packages are installed by `npm --prefix tests/node ci`."""
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import clean_environment

NODE_FOLDER = Path(__file__).parent / "node"
SETS = ["ndesConnectors", "domainJoinConnectors", "exchangeConnectors"]

pytestmark = pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("node"), reason="node is not installed")


def run_script(server, origin, *arguments):
    assert (NODE_FOLDER / "node_modules").is_dir(), \
        "the packages are missing: run 'npm --prefix tests/node ci'"
    return subprocess.run(
        ["node", NODE_FOLDER / "graph_client.mjs", origin, *arguments], text=True, timeout=120,
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
