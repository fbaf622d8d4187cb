"""The tarball of `make dist` on a bare Debian 12, as another user, reached over a network by name.

Opt-in, because it takes root, a minute, and packages from Debian's mirror:

    make dist && CONNECTORD_DIST=1 build-tests/venv/bin/python -m pytest tests/test_dist.py

A root file system with nothing but the libraries is made by debootstrap; CONNECTORD_DIST_ROOT names
one that has been made already, which is copied and left alone. Server and client stand in network
namespaces of their own with a cable between them, so the server is reached by an address that is
not loopback, where the published secret does not work, and by a name that only --tls-name knows.
"""
import json
import os
import shutil
import subprocess
import uuid

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import ROOT, Server, clean_environment
from test_node_clients import NODE_FOLDER, SETS

LIBRARIES = ["libdeflate0", "libinih1", "libnghttp2-14", "libpcre2-8-0", "libsqlite3-0", "libssl3",
             "libuv1"]
USER = "4711:4711"  # nobody's: no name, no home
NAME, PORT = "connectord.test", 8443
SERVER_ADDRESS, CLIENT_ADDRESS = "10.91.7.1", "10.91.7.2"  # in namespaces of this test alone
DATA = "/var/lib/connectord"
ORIGIN = f"https://{NAME}:{PORT}"

pytestmark = [
    pytest.mark.skipif(os.environ.get("CONNECTORD_DIST") != "1",
                       reason="opt-in: CONNECTORD_DIST=1, see the file"),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"),
                       reason="network namespaces take root and iproute2"),
    pytest.mark.skipif("CONNECTORD_DIST_ROOT" not in os.environ and
                       not shutil.which("debootstrap"), reason="debootstrap is not installed"),
]


def must_run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=600, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def tarball():
    sums = []
    for _ in range(2):  # the same commit gives the same bytes
        must_run("scripts/dist.sh", cwd=ROOT)
        found, = (ROOT / "build" / "dist").glob("*.tar.gz")
        sums.append(found.with_name(found.name + ".sha256").read_text())
    assert sums[0] == sums[1]
    must_run("sha256sum", "--check", f"{found.name}.sha256", cwd=found.parent)
    return found


@pytest.fixture(scope="module")
def machine(tarball, tmp_path_factory):
    """A bare root file system with the tarball unpacked in it; the folder inside."""
    root = tmp_path_factory.mktemp("machine") / "root"
    made = os.environ.get("CONNECTORD_DIST_ROOT")
    if made:
        must_run("cp", "-a", made, root)
    else:
        must_run("debootstrap", "--variant=minbase", "--include=" + ",".join(LIBRARIES), "bookworm",
                 root)
    must_run("tar", "-xzf", tarball, "-C", root / "opt")
    (root / DATA[1:]).mkdir()
    os.chown(root / DATA[1:], *map(int, USER.split(":")))
    yield root, "/opt/" + tarball.name.removesuffix(".tar.gz")
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def network():
    """Two namespaces with a cable between them; the client's knows the server's name."""
    server, client = f"cd-server-{os.getpid()}", f"cd-client-{os.getpid()}"
    hosts = f"/etc/netns/{client}"
    try:
        for space in (server, client):
            must_run("ip", "netns", "add", space)
            must_run("ip", "-n", space, "link", "set", "lo", "up")
        must_run("ip", "-n", server, "link", "add", "cable", "type", "veth", "peer", "name", "cable",
                 "netns", client)
        for space, address in ((server, SERVER_ADDRESS), (client, CLIENT_ADDRESS)):
            must_run("ip", "-n", space, "address", "add", f"{address}/24", "dev", "cable")
            must_run("ip", "-n", space, "link", "set", "cable", "up")
        os.makedirs(hosts)
        with open(f"{hosts}/hosts", "w") as file:  # ip-netns(8) shows it in place of /etc/hosts
            file.write(f"127.0.0.1 localhost\n{SERVER_ADDRESS} {NAME} connectord\n")
        yield server, client
    finally:
        shutil.rmtree(hosts, ignore_errors=True)
        for space in (server, client):
            subprocess.run(["ip", "netns", "del", space], stderr=subprocess.DEVNULL)


class House:
    """The machine in its namespace."""

    def __init__(self, machine, network):
        self.root, self.folder = machine
        self.space, self.client_space = network
        self.inside = ["ip", "netns", "exec", self.space, "chroot", f"--userspec={USER}",
                       str(self.root)]
        self.binary = f"{self.folder}/connectord"

    def command(self, *words, **options):
        return subprocess.run([*self.inside, self.binary, *words], text=True, capture_output=True,
                              timeout=60, env=clean_environment(), **options)

    def server(self):
        return Server(DATA, "--listen-tls", f"{SERVER_ADDRESS}:{PORT}", "--builtin-issuer", "on",
                      "--tls-name", NAME, prefix=self.inside, binary=self.binary)

    def from_client(self, *words, **environment):
        return subprocess.run(["ip", "netns", "exec", self.client_space, *map(str, words)], text=True,
                              capture_output=True, timeout=120, env=clean_environment(**environment))


@pytest.fixture(scope="module")
def house(machine, network):
    return House(machine, network)


def test_what_is_in_it(house):
    folder = house.root / house.folder[1:]
    names = {path.name for path in folder.iterdir()}
    assert {"connectord", "LICENSE", "README.md", "connectord.service"} <= names
    assert all(path.stat().st_uid == 0 for path in folder.iterdir())
    assert (folder / "connectord").stat().st_size < 10_000_000
    version = house.command("version")
    assert version.returncode == 0 and (ROOT / "VERSION").read_text().strip() in version.stdout


def test_the_published_secret_stops_the_start(house):
    with pytest.raises(RuntimeError, match="ended with 78"):
        house.server().start()


def test_a_client_machine_logs_in_by_name_and_does_everything(house, tmp_path):
    added = house.command("client", "add", "--app", CLIENT_ID, "--json", "--data-dir", DATA,
                          "--any-tenant")
    assert added.returncode == 0, added.stderr
    secret = json.loads(added.stdout)["secret"]
    with house.server() as server:
        assert server.process.poll() is None
        ca_file = tmp_path / "ca.pem"
        ca_file.write_text(house.command("ca", "export", "--data-dir", DATA).stdout)
        status = os.stat(house.root / DATA[1:] / "keys")
        assert (status.st_mode & 0o777, status.st_uid) == (0o700, int(USER.split(":")[0]))

        for set_name in SETS:
            done = house.from_client("node", NODE_FOLDER / "graph_client.mjs", ORIGIN,
                                     uuid.uuid4(), CLIENT_ID, secret, set_name,
                                     NODE_EXTRA_CA_CERTS=str(ca_file))
            assert done.returncode == 0, done.stderr
        curl = ["curl", "--silent", "--show-error", "--cacert", ca_file]
        health = house.from_client(*curl, "--fail", f"{ORIGIN}/health")
        assert health.returncode == 0, health.stderr
        # The secret that everyone can read is good for nothing here.
        refused = house.from_client(*curl, "--data",
                                    f"grant_type=client_credentials&client_id={CLIENT_ID}&"
                                    f"client_secret={CLIENT_SECRET}&"
                                    f"scope={ORIGIN}/.default", f"{ORIGIN}/common/oauth2/v2.0/token")
        assert '"error":"invalid_' in refused.stdout
        # By its address the server is somebody else: the certificate names none.
        stranger = house.from_client(*curl, f"https://{SERVER_ADDRESS}:{PORT}/health")
        assert stranger.returncode == 60
        # A name that is not its own gets no token, whatever the client resolved it to.
        foreign = house.from_client(*curl, "--header", "Host: evil.test", "--data",
                                    f"grant_type=client_credentials&client_id={CLIENT_ID}&"
                                    f"client_secret={secret}&"
                                    "scope=https://graph.microsoft.com/.default",
                                    f"{ORIGIN}/{uuid.uuid4()}/oauth2/v2.0/token")
        assert '"error":"' in foreign.stdout and "access_token" not in foreign.stdout
        assert server.stop() == 0
