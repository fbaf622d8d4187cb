#!/usr/bin/env python3
"""Packs build/connectord and what it needs of Debian as a container image, one tar file.

    image.py [BINARY [FOLDER]]      default: build/connectord, build/image

Why not a tool: buildah and skopeo bring 70 MB and want user namespaces, which a build inside a
container rarely has; umoci is small, but cannot write a health check, stamps times of its own, and
needs root to give a file another owner. The formats are some JSON around tar files, so the standard
library does it as any user, without a daemon or a network, and the same files give the same bytes.

The tar is an OCI image layout (OCI Image Format 1.0) and, by manifest.json, which names the same
blobs, an archive of the kind that "docker save" writes: Docker without containerd's image store reads
no other, and only from it does Podman keep the health check, for which OCI has no place.

The lower layer is Debian's files, the upper one ours: releases on the same Debian share the lower.
"""
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
USER = 65532  # "nonroot" in other images without a distribution too
MACHINES = {62: "amd64", 183: "arm64"}  # e_machine of ELF
SECOND_NS = 10**9

# Where the server listens is the image's own matter, since nobody reaches loopback inside a container;
# "*" serves networks of IPv4, of IPv6 and of both. Nothing here opens the token issuer, which is off
# by itself on such addresses; see docs/containers.md.
ENVIRONMENT = {
    "PATH": "/usr/bin",
    "CONNECTORD_DATA_DIR": "/data",
    "CONNECTORD_LISTEN": "*:8080",
    "CONNECTORD_LISTEN_TLS": "*:8443",
    "CONNECTORD_TLS_NAME": "connectord",  # what service containers are usually called
    "TMPDIR": "/data",  # of --memory: with a read-only root there need be nothing else to write to
}
HEALTH_CHECK = {
    "Test": ["CMD", "/usr/bin/connectord", "health"],
    "Interval": 5 * SECOND_NS,
    "Timeout": 5 * SECOND_NS,
    "StartPeriod": 10 * SECOND_NS,
    "StartInterval": SECOND_NS // 2,
    "Retries": 3,
}
PASSWD = (f"root:x:0:0:root:/:/usr/sbin/nologin\n"
          f"nonroot:x:{USER}:{USER}:nonroot:/data:/usr/sbin/nologin\n")
GROUP = f"root:x:0:\nnonroot:x:{USER}:\n"
# Without it glibc asks DNS before /etc/hosts, where runtimes write the container's names.
NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\n"


class ImageError(Exception):
    """What stands in the way, for whoever runs this."""


def output_of(*command, allowed=(0,)):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    if done.returncode not in allowed:
        raise ImageError(f"{command[0]} {command[1]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


# --- what goes in --------------------------------------------------------------------------------


def architecture_of(program):
    """As OCI writes it, from the ELF header: the build machine's own name says nothing about it."""
    machine = int.from_bytes(program[18:20], "little") if program[:4] == b"\x7fELF" else None
    if machine not in MACHINES:
        raise ImageError(f"the program is not for {' or '.join(MACHINES.values())}")
    return MACHINES[machine]


def parse_ldd(text):
    """The absolute paths among what ldd prints; the kernel's own object has none."""
    paths = []
    for line in text.splitlines():
        if "not found" in line:
            raise ImageError(f"a library is missing: {line.strip()}")
        found = re.search(r"(/\S+) \(0x", line)
        if found:
            paths.append(found[1])
    if not paths:
        raise ImageError("ldd names no library: is the program linked statically?")
    return sorted(set(paths))


def merged(path):
    """Where the file lies in the image, whose /lib and /lib64 are links into /usr as Debian's."""
    return path[1:] if path.startswith("/usr/") else "usr" + path


def packages_of(paths):
    """dpkg knows a file under the one name that its package gave it, with or without /usr."""
    spellings = {}
    for path in paths:
        spellings[path] = path
        spellings[path[4:] if path.startswith("/usr/") else "/usr" + path] = path
    owners = {}
    for line in output_of("dpkg-query", "--search", *spellings, allowed=(0, 1)).splitlines():
        packages, _, name = line.rpartition(": ")
        if name in spellings and not line.startswith("diversion "):
            owners[spellings[name]] = packages.split(", ")[0]
    for path in paths:
        if path not in owners:
            raise ImageError(f"{path} is of no Debian package: nobody can tell its version and licence")
    return set(owners.values())


def read_epoch():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        if not given.isdecimal():
            raise ImageError(f"SOURCE_DATE_EPOCH: expected seconds, found '{given}'")
        return int(given)
    try:
        return int(output_of("git", "-C", HERE, "log", "-1", "--format=%ct"))
    except (ImageError, OSError):
        return int(time.time())


# --- layers --------------------------------------------------------------------------------------


class Layer:
    """A tar file without anything of the build machine in it: modes and owners are given, not found,
    and times are 0, so that a layer whose files are the same is the same."""

    def __init__(self, title):
        self.title = title
        self.members = {}

    def _add(self, name, kind, mode, owner=0, data=b"", link=""):
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.linkname, member.size = kind, mode, link, len(data)
        member.uid = member.gid = owner
        for parent in Path(name).parents:
            if str(parent) not in (".", *self.members):
                self._add(str(parent), tarfile.DIRTYPE, 0o755)
        self.members[name] = (member, data)

    def folder(self, name, mode=0o755, owner=0):
        self._add(name, tarfile.DIRTYPE, mode, owner)

    def link(self, name, to):
        self._add(name, tarfile.SYMTYPE, 0o777, link=to)

    def file(self, name, data, mode=0o644):
        self._add(name, tarfile.REGTYPE, mode, data=data.encode() if isinstance(data, str) else data)

    def to_tar(self):
        return write_tar(self.members.values())


def write_tar(members):
    """Sorted by name, which puts a folder before what is in it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member, data in sorted(members, key=lambda pair: pair[0].name):
            tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


def debian_layer(program):
    """The libraries, each with its package's copyright file, and a record of the packages where
    scanners for known holes look for it in images without dpkg."""
    layer = Layer("Debian libraries")
    for name in ("lib", "lib64"):
        layer.link(name, f"usr/{name}")
    layer.folder("usr/lib64")
    for name in ("dev", "proc", "sys"):  # runtimes mount there and cannot make them if read-only
        layer.folder(name)

    paths = parse_ldd(output_of("ldd", program))
    packages = packages_of(paths) | {"base-files"}
    for path in paths:
        layer.file(merged(path), Path(path).read_bytes(), 0o755)
    layer.file("usr/lib/os-release", Path("/usr/lib/os-release").read_bytes())
    layer.link("etc/os-release", "../usr/lib/os-release")
    for package in packages:
        name = package.split(":")[0]
        layer.file(f"usr/share/doc/{name}/copyright",
                   Path(f"/usr/share/doc/{name}/copyright").read_bytes())
        layer.file(f"var/lib/dpkg/status.d/{name}", output_of("dpkg-query", "--status", package))
    return layer


def own_layer(program):
    """No openssl.cnf: OpenSSL does without, and the server sets all it needs by itself."""
    layer = Layer("connectord")
    layer.file("usr/bin/connectord", program, 0o755)
    layer.file("usr/share/doc/connectord/LICENSE", (HERE / "LICENSE").read_bytes())
    layer.file("etc/passwd", PASSWD)
    layer.file("etc/group", GROUP)
    layer.file("etc/nsswitch.conf", NSSWITCH)
    layer.folder("tmp", 0o1777)
    layer.folder("data", 0o700, USER)
    return layer


# --- the image -----------------------------------------------------------------------------------


class Blobs:
    """Files that are named by their digest."""

    def __init__(self):
        self.by_name = {}

    def add(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        self.by_name[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def to_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def config_of(architecture, created, labels, layers, tars):
    return {
        "architecture": architecture,
        "os": "linux",
        "created": created,
        "config": {
            "User": f"{USER}:{USER}",
            "Env": [f"{name}={value}" for name, value in ENVIRONMENT.items()],
            "Entrypoint": ["/usr/bin/connectord"],
            "Cmd": ["serve"],
            "ExposedPorts": {"8080/tcp": {}, "8443/tcp": {}},
            "Volumes": {"/data": {}},
            "WorkingDir": "/",
            "StopSignal": "SIGTERM",
            "Labels": labels,
            "Healthcheck": HEALTH_CHECK,  # Docker's extension of the format
        },
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]},
        "history": [{"created": created, "created_by": layer.title} for layer in layers],
    }


def assemble(layers, architecture, version, epoch):
    """The bytes of the whole archive."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    about = {
        "org.opencontainers.image.title": "connectord",
        "org.opencontainers.image.description":
            "Registry and emulator for the Microsoft Graph API of Intune's on-premises connectors",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.created": created,
    }
    # Not a name that a runtime could complete to somebody else's image in a registry.
    name = f"localhost/connectord:{version}"
    tars = [layer.to_tar() for layer in layers]
    blobs = Blobs()
    kind = "application/vnd.oci.image."
    packed = [blobs.add(kind + "layer.v1.tar+gzip", gzip.compress(tar, 9, mtime=0)) for tar in tars]
    config = blobs.add(kind + "config.v1+json",
                       to_json(config_of(architecture, created, about, layers, tars)))
    manifest = blobs.add(kind + "manifest.v1+json", to_json({
        "schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
        "config": config, "layers": packed, "annotations": about}))
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    manifest["annotations"] = {"org.opencontainers.image.ref.name": version,
                               "io.containerd.image.name": name}

    def path(descriptor):
        return "blobs/" + descriptor["digest"].replace(":", "/")

    archive = Layer("archive")
    archive.file("oci-layout", to_json({"imageLayoutVersion": "1.0.0"}))
    archive.file("index.json", to_json({
        "schemaVersion": 2, "mediaType": kind + "index.v1+json", "manifests": [manifest]}))
    archive.file("manifest.json", to_json([{
        "Config": path(config), "RepoTags": [name], "Layers": [path(layer) for layer in packed]}]))
    for blob, data in blobs.by_name.items():
        archive.file(blob, data)
    for layer, tar, descriptor in zip(layers, tars, packed):
        print(f"{layer.title}: {len(tar) / 1e6:.1f} MB, {descriptor['size'] / 1e6:.1f} MB packed")
    return archive.to_tar()


def main(binary=HERE / "build/connectord", folder=HERE / "build/image"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stripped = folder / "connectord.stripped"
    try:
        output_of("strip", "-o", stripped, binary)
        program = stripped.read_bytes()
        stripped.unlink()
        architecture = architecture_of(program)
        version = (HERE / "VERSION").read_text(encoding="ascii").strip()
        data = assemble([debian_layer(binary), own_layer(program)], architecture, version,
                        read_epoch())
    except (ImageError, OSError) as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    for old in folder.glob("connectord-*.oci.tar*"):
        old.unlink()
    archive = folder / f"connectord-{version}-linux-{architecture}.oci.tar"
    archive.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    archive.with_name(archive.name + ".sha256").write_text(f"{digest}  {archive.name}\n",
                                                           encoding="ascii")
    print(f"{os.path.relpath(archive)}: {len(data) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
