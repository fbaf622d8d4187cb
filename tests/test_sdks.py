"""The Graph SDKs for Python (beta) and Go, unmodified: log in over TLS and run the whole life of connectors.

Their programs are python/life.py and go/life.go. What they need is large (three quarters of a gigabyte,
and a minute of compiling), so scripts/run_tests.sh makes it once, in build-tests; there is no Debian
package for either, and none of Go that is new enough."""
import os
import subprocess
import uuid
from pathlib import Path

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import ROOT, clean_environment

PYTHON = ROOT / "build-tests" / "sdk-venv" / "bin" / "python"
GO_LIFE = ROOT / "build-tests" / "go-life"


@pytest.fixture(params=["http/1.1", "h2"])
def wire(request):
    """The version of HTTP that every answer has to come by; the programs see to it."""
    return request.param


def lives(server, *command, **environment):
    """Runs a program in a tenant of its own, which its first token makes."""
    ca_file = str(server.ca_file)
    done = subprocess.run(
        [*map(str, command), server.url("https"), str(uuid.uuid4()), CLIENT_ID, CLIENT_SECRET],
        text=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=clean_environment(SSL_CERT_FILE=ca_file, REQUESTS_CA_BUNDLE=ca_file, **environment))
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif("CI" not in os.environ and not PYTHON.exists(),
                    reason="the Graph SDK for Python is not installed: scripts/run_tests.sh does that")
@pytest.mark.parametrize("server", ["file"], indirect=True)
def test_python(server, wire):
    lives(server, PYTHON, Path(__file__).parent / "python" / "life.py", WIRE=wire)


@pytest.mark.skipif(not GO_LIFE.exists(),
                    reason="Go 1.23 or newer is not installed, so its Graph SDK was not tried")
def test_go(server, wire):
    lives(server, GO_LIFE, WIRE=wire, GODEBUG="http2client=0" if wire == "http/1.1" else "")
