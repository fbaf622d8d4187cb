"""The image of `make image`: what is in the archive, and that it runs as a container would run it.

The archive is held against OCI Image Format 1.0 with the standard library alone. CONNECTORD_IMAGE
names one that has been made already; else it is made of the program under test.

Running it takes root and no container runtime: its root file system is bound read-only, with a data
folder of its own, and its entry point started by chroot as the image's user, with the image's
environment and nothing else, in a network namespace; the client stands in another, see test_dist.py.
"""
import gzip
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import time
import uuid
from pathlib import Path

import pytest

from conftest import CLIENT_ID, CLIENT_SECRET
from server_process import BINARY, DEFAULT_TENANT, ROOT, Server, clean_environment
from test_dist import House, must_run, network  # noqa: F401, a fixture
from test_node_clients import NODE_FOLDER, SETS

EPOCH = 1_700_000_000
MEDIA = "application/vnd.oci.image."
NAME, PORT = "connectord", 8443
ORIGIN = f"https://{NAME}:{PORT}"
EMULATOR = {"CONNECTORD_BUILTIN_ISSUER": "on", "CONNECTORD_ALLOW_DEFAULT_CLIENT": "on"}

pytestmark = pytest.mark.skipif(
    "CONNECTORD_IMAGE" not in os.environ and
    not all(map(shutil.which, ("dpkg-query", "strip", "ldd"))),
    reason="an image is made of Debian's packages, and of binutils' and glibc's tools")
takes_root = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("ip", "mount", "chroot", "node"))) or
    subprocess.run(["unshare", "--mount", "--net", "true"], stderr=subprocess.DEVNULL,
                   check=False).returncode != 0,
    reason="namespaces take root, iproute2 and a kernel that lets us; the client is node's")


def load_script():
    spec = importlib.util.spec_from_file_location("image_script", ROOT / "scripts" / "image.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def make(folder, **environment):
    umask = environment.pop("umask", 0o022)
    must_run("scripts/image.py", BINARY, folder, cwd=ROOT, umask=umask,
             env=clean_environment(SOURCE_DATE_EPOCH=str(EPOCH), **environment))
    found, = folder.glob("*.oci.tar")
    must_run("sha256sum", "--check", f"{found.name}.sha256", cwd=folder)
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    given = os.environ.get("CONNECTORD_IMAGE")
    return Path(given) if given else make(tmp_path_factory.mktemp("image"))


class Image:
    """The archive, taken apart; every step from a descriptor to what it names is checked."""

    def __init__(self, archive):
        with tarfile.open(archive) as tar:
            self.members = tar.getmembers()
            self.files = {m.name: tar.extractfile(m).read() for m in self.members if m.isreg()}
        self.used = {"oci-layout", "index.json", "manifest.json"}
        self.index = json.loads(self.files["index.json"])
        self.descriptor, = self.index["manifests"]
        self.manifest = json.loads(self.blob(self.descriptor, "manifest.v1+json"))
        self.config = json.loads(self.blob(self.manifest["config"], "config.v1+json"))
        self.layers = [gzip.decompress(self.blob(layer, "layer.v1.tar+gzip"))
                       for layer in self.manifest["layers"]]

    def path(self, descriptor):
        return "blobs/" + descriptor["digest"].replace(":", "/")

    def blob(self, descriptor, media_type):
        assert descriptor["mediaType"] == MEDIA + media_type
        data = self.files[self.path(descriptor)]
        assert len(data) == descriptor["size"]
        assert descriptor["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
        self.used.add(self.path(descriptor))
        return data

    def entries(self):
        """Every entry of the root file system and its bytes, by name."""
        found = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                for member in tar:
                    data = tar.extractfile(member).read() if member.isreg() else None
                    found[member.name] = (member, data)
        return found


@pytest.fixture(scope="module")
def image(archive):
    return Image(archive)


# --- the archive ---------------------------------------------------------------------------------


@pytest.mark.skipif("CONNECTORD_IMAGE" in os.environ, reason="made elsewhere")
def test_the_same_bytes_each_time(archive, tmp_path):
    again = make(tmp_path, umask=0o077, TZ="Asia/Tokyo", LANG="tr_TR.UTF-8", PYTHONHASHSEED="1")
    assert again.read_bytes() == archive.read_bytes()


def test_layout(image):
    assert json.loads(image.files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert image.index["schemaVersion"] == image.manifest["schemaVersion"] == 2
    assert image.index["mediaType"] == MEDIA + "index.v1+json"
    assert image.manifest["mediaType"] == MEDIA + "manifest.v1+json"
    assert image.used == set(image.files), "a blob that nothing names"
    for platform in (image.config, image.descriptor["platform"]):
        assert platform["os"] == "linux" and platform["architecture"] in ("amd64", "arm64")
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in image.layers]
    assert image.config["rootfs"] == {"type": "layers", "diff_ids": diff_ids}
    assert len(image.config["history"]) == len(image.layers)


def test_docker_finds_the_same_image(image):
    """manifest.json is Docker's own; it must name what the OCI manifest names."""
    described, = json.loads(image.files["manifest.json"])
    assert described["Config"] == image.path(image.manifest["config"])
    assert described["Layers"] == [image.path(layer) for layer in image.manifest["layers"]]
    version = (ROOT / "VERSION").read_text().strip()
    assert described["RepoTags"] == [f"localhost/connectord:{version}"]
    annotations = image.descriptor["annotations"]
    assert annotations["io.containerd.image.name"] == f"localhost/connectord:{version}"
    assert annotations["org.opencontainers.image.ref.name"] == version


def test_nothing_of_the_build_machine_in_it(image):
    for member in [*image.members, *(member for member, _ in image.entries().values())]:
        assert (member.mtime, member.uname, member.gname) == (0, "", ""), member.name
        assert (member.uid, member.gid) == ((65532, 65532) if member.name == "data" else (0, 0))
        assert member.isreg() or member.isdir() or member.issym(), member.name
        assert not member.name.startswith("/") and ".." not in member.name.split("/")
    for layer in image.layers:
        names = tarfile.open(fileobj=io.BytesIO(layer)).getnames()
        assert names == sorted(names) and len(names) == len(set(names))


def test_configuration(image):
    config = image.config["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/usr/bin/connectord"] and config["Cmd"] == ["serve"]
    assert set(config["ExposedPorts"]) == {"8080/tcp", "8443/tcp"}
    assert config["Volumes"] == {"/data": {}}
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/connectord", "health"]
    names = {line.split("=")[0] for line in config["Env"]}
    assert names == {"PATH", "CONNECTORD_DATA_DIR", "CONNECTORD_LISTEN", "CONNECTORD_LISTEN_TLS",
                     "CONNECTORD_TLS_NAME", "TMPDIR"}, "an image opens no issuer by itself"


def test_labels(image):
    labels = image.config["config"]["Labels"]
    assert labels == image.manifest["annotations"]
    prefix = "org.opencontainers.image."
    assert labels[prefix + "title"] == "connectord"
    assert labels[prefix + "version"] == (ROOT / "VERSION").read_text().strip()
    assert labels[prefix + "licenses"] == "Apache-2.0"
    assert labels[prefix + "created"] == image.config["created"]
    if "CONNECTORD_IMAGE" not in os.environ:
        assert image.config["created"] == "2023-11-14T22:13:20Z"


def test_root_file_system(image):
    entries = image.entries()
    assert {name.split("/")[0] for name in entries} == {
        "data", "dev", "etc", "lib", "lib64", "proc", "sys", "tmp", "usr", "var"}
    programs = {name for name in entries if re.match(r"(usr/)?s?bin/.", name)}
    assert programs == {"usr/bin/connectord"}, "no shell, no tools"
    modes = {name: member.mode for name, (member, _) in entries.items() if not member.issym()}
    assert modes["tmp"] == 0o1777 and modes["data"] == 0o700
    assert not [name for name, mode in modes.items() if mode & 0o6022 and name != "tmp"]
    assert b"\nnonroot:x:65532:65532:" in entries["etc/passwd"][1]
    assert b"\nnonroot:x:65532:" in entries["etc/group"][1]
    assert entries["usr/share/doc/connectord/LICENSE"][1] == (ROOT / "LICENSE").read_bytes()
    assert sum(len(data or b"") for _, data in entries.values()) < 15_000_000


def test_every_library_says_whose_it_is(image):
    entries = image.entries()
    libraries = {name.rsplit("/", 1)[1] for name in entries if re.search(r"\.so(\.\d+)*$", name)}
    assert {"libssl.so.3", "libcrypto.so.3", "libsqlite3.so.0", "libuv.so.1", "libinih.so.1",
            "libpcre2-8.so.0", "libdeflate.so.0", "libnghttp2.so.14", "libc.so.6", "libm.so.6"} <= libraries
    assert [name for name in libraries if name.startswith("ld-linux-")]
    records = {name.rsplit("/", 1)[1]: data for name, (_, data) in entries.items()
               if name.startswith("var/lib/dpkg/status.d/") and data}
    assert {"libssl3", "libsqlite3-0", "libuv1", "libinih1", "libpcre2-8-0",
            "libdeflate0", "libnghttp2-14", "libc6"} <= set(records)
    for package, record in records.items():
        assert f"Package: {package}\n".encode() in record and b"\nVersion: " in record
        assert entries[f"usr/share/doc/{package}/copyright"][1]


def test_what_the_script_refuses(tmp_path, monkeypatch):
    script = load_script()
    with pytest.raises(script.ImageError, match="libuv.so.1"):
        script.parse_ldd("\tlibuv.so.1 => not found\n")
    with pytest.raises(script.ImageError, match="statically"):
        script.parse_ldd("\tstatically linked\n")
    with pytest.raises(script.ImageError, match="no Debian package"):
        script.packages_of([str(tmp_path / "libmine.so")])
    with pytest.raises(script.ImageError, match="not for amd64"):
        script.architecture_of(b"#!/bin/sh\n" + bytes(20))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(script.ImageError, match="SOURCE_DATE_EPOCH"):
        script.read_epoch()


def test_arm64_is_laid_out_alike():
    script = load_script()
    ldd = ("\tlinux-vdso.so.1 (0x0000ffff)\n"
           "\tlibc.so.6 => /lib/aarch64-linux-gnu/libc.so.6 (0x0000fffe)\n"
           "\t/lib/ld-linux-aarch64.so.1 (0x0000fffd)\n")
    assert [script.merged(path) for path in script.parse_ldd(ldd)] == [
        "usr/lib/aarch64-linux-gnu/libc.so.6", "usr/lib/ld-linux-aarch64.so.1"]
    header = b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little")
    assert script.architecture_of(header) == "arm64"


def test_what_is_written_about_it_names_this_version():
    version = (ROOT / "VERSION").read_text().strip()
    for name in ("packaging/compose.yaml", "docs/containers.md"):
        found = set(re.findall(r"connectord[:-](\d+\.\d+\.\d+)", (ROOT / name).read_text()))
        assert found == {version}, name


# --- a container ---------------------------------------------------------------------------------


class Container(Server):
    """The entry point with the image's environment and more of it, as a runtime starts it."""

    def __init__(self, house, **environment):
        super().__init__(prefix=house.inside(**environment), binary=house.entrypoint)

    def settings(self):
        return []  # all of them are in the environment


class ContainerHouse(House):
    """The image's root file system, read-only, in its namespace."""

    def __init__(self, root, network, config):
        self.root = root
        self.space, self.client_space = network
        self.environment = dict(line.split("=", 1) for line in config["Env"])
        self.entrypoint, = config["Entrypoint"]
        self.user = config["User"]

    def inside(self, **environment):
        words = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        return ["ip", "netns", "exec", self.space, shutil.which("env"), "-i", *words,
                shutil.which("chroot"), f"--userspec={self.user}", str(self.root)]

    def command(self, *words, **environment):
        return subprocess.run([*self.inside(**environment), self.entrypoint, *words], text=True,
                              capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def house(image, network, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("container")
    root, data, mounted = (folder / name for name in ("root", "data", "mounted"))
    for path in (root, mounted):
        path.mkdir()
    for layer in image.layers:
        (folder / "layer.tar").write_bytes(layer)
        must_run("tar", "-xpf", folder / "layer.tar", "--numeric-owner", "-C", root)
    data.mkdir(mode=0o700)
    os.chown(data, 65532, 65532)
    (root / "dev" / "null").touch()  # a runtime mounts a whole /dev
    try:
        must_run("mount", "--bind", root, mounted)
        must_run("mount", "-o", "remount,bind,ro", mounted)
        must_run("mount", "--bind", data, mounted / "data")
        must_run("mount", "--bind", "/dev/null", mounted / "dev" / "null")
        yield ContainerHouse(mounted, network, image.config["config"])
    finally:
        subprocess.run(["umount", "--recursive", str(mounted)], stderr=subprocess.DEVNULL,
                       check=False)


@takes_root
def test_the_root_is_read_only_and_the_user_nobody(house):
    done = house.command("ca", "export", CONNECTORD_DATA_DIR="/elsewhere")
    assert done.returncode != 0 and "Read-only file system" in done.stderr
    assert house.command("version").returncode == 0


@takes_root
def test_by_itself_it_is_healthy_and_closed(house, record_property):
    begun = time.monotonic()
    with Container(house) as server:
        assert house.command("health").returncode == 0
        record_property("seconds_to_healthy", round(time.monotonic() - begun, 3))
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert re.search(r"^Uid:\s65532\s65532\s65532\s65532$", status, re.MULTILINE)
        record_property("idle_kib", re.search(r"VmRSS:\s+(\d+)", status)[1])
        server.wait_for_event("no_issuer")
        token = house.command("token").stdout.strip()
        refused = house.from_client("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                                    f"Authorization: Bearer {token}",
                                    f"http://{NAME}:8080/beta/deviceManagement/ndesConnectors")
        assert refused.stdout == "401"
        assert server.stop() == 0
    assert house.command("health").returncode == 1


@takes_root
def test_the_published_secret_stops_the_start(house):
    with pytest.raises(RuntimeError, match="ended with 78"):
        Container(house, CONNECTORD_BUILTIN_ISSUER="on").start()


@takes_root
def test_the_emulator_in_memory_needs_no_other_folder(house):
    with Container(house, **EMULATOR, CONNECTORD_MEMORY="on", CONNECTORD_SEED="demo") as server:
        assert house.command("health").returncode == 0
        assert server.wait_for_event("ready")["memory"] is True
        assert {path.name for path in (house.root / "data").iterdir()} <= {
            "connectord.db", "connectord.db-shm", "connectord.db-wal", "keys", "lock"}
        assert server.stop() == 0


@takes_root
@pytest.mark.parametrize("kind", ["emulator", "registry"])
def test_a_client_logs_in_by_name_and_does_everything(house, kind, tmp_path):
    """The emulator with the published secret, then the same volume as a registry without it."""
    environment, secret = EMULATOR, CLIENT_SECRET
    if kind == "registry":
        environment = {"CONNECTORD_BUILTIN_ISSUER": "on", "CONNECTORD_LISTEN": "127.0.0.1:8080"}
        added = house.command("client", "add", "--app", CLIENT_ID, "--json", "--any-tenant")
        assert added.returncode == 0, added.stderr
        secret = json.loads(added.stdout)["secret"]
    with Container(house, **environment) as server:
        assert house.command("health", **environment).returncode == 0
        ca_file = tmp_path / "ca.pem"
        ca_file.write_text(house.command("ca", "export").stdout)
        for set_name in SETS:
            done = house.from_client("node", NODE_FOLDER / "graph_client.mjs", ORIGIN, uuid.uuid4(),
                                     CLIENT_ID, secret, set_name, NODE_EXTRA_CA_CERTS=str(ca_file))
            assert done.returncode == 0, done.stderr
        plain = house.from_client("curl", "-s", "--fail", f"http://{NAME}:8080/ca.pem")
        if kind == "emulator":
            assert plain.stdout == ca_file.read_text()
        else:
            assert plain.returncode == 7, "plain HTTP is for the health check inside alone"
        # A token made inside is good through whatever port the runtime mapped.
        token = house.command("token").stdout.strip()
        mapped = house.from_client(
            "curl", "-s", "--fail", "--cacert", ca_file, "-H", f"Authorization: Bearer {token}", "-H",
            "Host: localhost:49153", f"{ORIGIN}/beta/deviceManagement/ndesConnectors")
        assert mapped.returncode == 0 and '"value":[' in mapped.stdout
        assert server.stop() == 0


class RemoteClient:
    """curl in the client's namespace, which knows the server by its name alone."""

    def __init__(self, house, ca_file):
        self.house, self.ca_file, self.token = house, ca_file, None

    def ask(self, method, path, body=None, **form):
        words = ["curl", "-s", "-X", method, "--cacert", self.ca_file, "-w", "\n%{http_code}"]
        if self.token:
            words += ["-H", f"Authorization: Bearer {self.token}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        for name, value in form.items():
            words += ["--data-urlencode", f"{name}={value}"]
        done = self.house.from_client(*words, "-g", ORIGIN + path.replace(" ", "%20"))
        assert done.returncode == 0, done.stderr
        text, status = done.stdout.rsplit("\n", 1)
        assert status in ("200", "201"), text
        return json.loads(text)


@takes_root
def test_a_client_elsewhere_travels_in_time(house, tmp_path):
    """Opened to everybody on purpose, the control API works by name over TLS."""
    with Container(house, **EMULATOR, CONNECTORD_MEMORY="on", CONNECTORD_CONTROL="any") as server:
        ca_file = tmp_path / "ca.pem"
        ca_file.write_text(house.command("ca", "export").stdout)
        client = RemoteClient(house, ca_file)
        client.token = client.ask(
            "POST", f"/{DEFAULT_TENANT}/oauth2/v2.0/token", grant_type="client_credentials",
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET,
            scope="https://graph.microsoft.com/.default")["access_token"]
        connectors = "/beta/deviceManagement/domainJoinConnectors"
        client.ask("PUT", "/_connectord/policy", {"domainJoinConnectors": {"on": True}})
        made = client.ask("POST", connectors, {"displayName": "ODJ-01"})
        for step, state in (("0s", "active"), ("61m", "error"), ("5d", "inactive")):
            client.ask("PUT", "/_connectord/clock", {"advance": step})
            assert client.ask("GET", f"{connectors}/{made['id']}")["state"] == state
            found = client.ask("GET", f"{connectors}?$filter=state eq '{state}'")["value"]
            assert [each["id"] for each in found] == [made["id"]]
        assert server.stop() == 0


@takes_root
def test_the_control_api_is_closed_unless_it_was_opened(house):
    with Container(house, **EMULATOR, CONNECTORD_MEMORY="on") as server:
        refused = house.from_client("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                    f"http://{NAME}:8080/_connectord/clock")
        assert refused.stdout == "404"
        assert server.stop() == 0
