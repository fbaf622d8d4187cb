"""A full disk and a failing one: what is answered, what goes on, and what is there afterwards.

Full: 507, reads go on, and with space the server goes on by itself. Failing: nobody knows what is on
disk, so every write is refused until the server is started again. docs/durability.md promises it."""
import os
import shutil
import subprocess

import httpx
import pytest

from durability_load import SET, list_all
from programs import built
from server_process import Server

LARGE = "x" * 60_000


class Load:
    """Writes to one server and remembers what was acknowledged."""

    def __init__(self, server):
        self.client = httpx.Client(base_url=server.url(), trust_env=False, timeout=60)
        self.alive = {}  # id -> displayName

    def create(self, name):
        reply = self.client.post(SET, json={"displayName": name, "machineName": LARGE})
        if reply.status_code == 201:
            self.alive[reply.json()["id"]] = name
        return reply

    def write_until_refused(self, most):
        for n in range(most):
            reply = self.create(f"n{n}")
            if reply.status_code != 201:
                return reply
        raise AssertionError(f"{most} writes, and the disk is not full")

    def assert_reads_work(self):
        for key, name in list(self.alive.items())[:3]:
            reply = self.client.get(f"{SET}/{key}")
            assert (reply.status_code, reply.json()["displayName"]) == (200, name)
        reply = self.client.get(SET + "?$top=5&$select=id&$count=true")
        assert reply.status_code == 200
        return reply.json()["@odata.count"]


def assert_full(reply):
    assert reply.status_code == 507, reply.text
    assert reply.json()["error"]["code"] == "InsufficientStorage"


def assert_refused_for_good(reply):
    assert reply.status_code == 503, reply.text
    assert reply.json()["error"]["code"] == "ServiceUnavailable"
    assert "retry-after" not in reply.headers  # it does not pass by itself


def assert_everything_is_there(data_dir, load, unknown=()):
    """After another start, on a disk that works. `unknown`: names whose outcome nobody knew."""
    with Server(data_dir, "--no-auth") as server:
        found = list_all(server.url())
        assert {k: v for k, v in found.items() if k in load.alive} == load.alive
        assert {v for k, v in found.items() if k not in load.alive} <= set(unknown)
        again = Load(server)
        assert again.create("after the restart").status_code == 201
        assert again.client.get("/health").status_code == 200
        assert server.stop() == 0


# --- full ----------------------------------------------------------------------------------------

def full_and_not(load, make_room):
    assert_full(load.write_until_refused(400))
    key = next(iter(load.alive))
    assert_full(load.create("no room"))
    # As many new pages as a create: what is changed in its own pages may find room in the log.
    assert_full(load.client.patch(f"{SET}/{key}", json={"machineName": LARGE + LARGE}))
    assert load.assert_reads_work() == len(load.alive)
    assert load.client.get("/health").status_code == 200
    make_room()
    for n in range(5):
        assert load.create(f"room again {n}").status_code == 201
    assert load.client.delete(f"{SET}/{key}").status_code == 204
    del load.alive[key]
    assert load.assert_reads_work() == len(load.alive)


@pytest.mark.skipif(not shutil.which("prlimit"), reason="prlimit is not installed")
def test_file_size_limit(tmp_path):
    """No file may grow past 3 MiB: any user can have that, and EFBIG must mean what ENOSPC does."""
    with Server(tmp_path, "--no-auth", prefix=["prlimit", "--fsize=3145728:unlimited"]) as server:
        load = Load(server)
        full_and_not(load, lambda: subprocess.run(
            ["prlimit", "--pid", str(server.pid), "--fsize=unlimited"], check=True))
        assert server.stop() == 0
    assert_everything_is_there(tmp_path, load)


def test_no_space(tmp_path):
    """As the kernel would say it, for the log alone."""
    order = tmp_path / "order"
    data_dir = tmp_path / "data"
    with Server(data_dir, "--no-auth", env=preload(order)) as server:
        load = Load(server)
        assert load.create("before").status_code == 201
        order.write_text("full -wal")
        assert_full(load.create("no room"))
        assert load.assert_reads_work() == 1
        order.unlink()
        assert load.create("room again").status_code == 201
        assert server.stop() == 0
    assert_everything_is_there(data_dir, load)


def may_mount():
    return os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="mounting a file system takes root")
def test_full_file_system(tmp_path):
    """A file system of 6 MiB of its own, filled to the last page by somebody else."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    mount = ["unshare", "--mount", "sh", "-c",
             f'mount -t tmpfs -o size=6m none "{data_dir}" && exec "$@"', "sh"]
    with Server(data_dir, "--no-auth", prefix=mount) as server:
        ballast = f"/proc/{server.pid}/root{data_dir}/ballast"
        load = Load(server)
        assert load.create("before").status_code == 201
        with open(ballast, "wb", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError:
                    break
        full_and_not(load, lambda: os.unlink(ballast))
        assert list_all(server.url()) == load.alive
        assert server.stop() == 0


# --- failing -------------------------------------------------------------------------------------

def preload(order):
    return {"LD_PRELOAD": str(built("failing_disk.so")), "FAILING_DISK": str(order)}


@pytest.mark.parametrize("fault", ["sync -wal", "write -wal"])
def test_failing_commit(tmp_path, fault):
    order = tmp_path / "order"
    data_dir = tmp_path / "data"
    with Server(data_dir, "--no-auth", env=preload(order)) as server:
        load = Load(server)
        for n in range(5):
            assert load.create(f"good {n}").status_code == 201
        key = next(iter(load.alive))
        order.write_text(fault)
        assert_refused_for_good(load.create("doubtful"))
        order.unlink()  # the disk seems to be well again, and nobody may believe it
        for _ in range(3):
            assert_refused_for_good(load.create("refused"))
            assert_refused_for_good(load.client.delete(f"{SET}/{key}"))
            assert_refused_for_good(load.client.patch(f"{SET}/{key}", json={"displayName": "no"}))
        load.assert_reads_work()
        assert load.client.get(f"{SET}/{key}").json()["displayName"] == "good 0"
        assert load.client.get("/health").status_code == 503
        server.stop()
    assert_everything_is_there(data_dir, load, unknown=["doubtful"])


def test_failing_checkpoint(tmp_path):
    """Commits are fine, but the database cannot be synced: the log must not be thrown away."""
    order = tmp_path / "order"
    data_dir = tmp_path / "data"
    with Server(data_dir, "--no-auth", env=preload(order)) as server:
        load = Load(server)
        order.write_text("sync connectord.db")
        assert_refused_for_good(load.write_until_refused(400))  # the log is moved at 4 MiB
        order.unlink()
        assert_refused_for_good(load.create("refused"))
        assert load.client.get("/health").status_code == 503
        load.assert_reads_work()
        server.stop()
    assert_everything_is_there(data_dir, load)


def test_a_group_that_fails_is_refused_as_one(tmp_path):
    """Many writes wait for one sync, which fails: none of them is acknowledged."""
    order = tmp_path / "order"
    data_dir = tmp_path / "data"
    with Server(data_dir, "--no-auth", env=preload(order)) as server:
        load = Load(server)
        order.write_text("sync -wal")
        load.client.close()
        replies = concurrently(server, 24)
        for reply in replies:
            assert_refused_for_good(reply)
        server.stop()
    load.alive = {}
    assert_everything_is_there(data_dir, load, unknown=[f"group {n}" for n in range(24)])


def concurrently(server, count):
    import asyncio

    async def all_of_them():
        async with httpx.AsyncClient(base_url=server.url(), trust_env=False, timeout=60) as client:
            return await asyncio.gather(*(client.post(SET, json={"displayName": f"group {n}"})
                                          for n in range(count)))
    return asyncio.run(all_of_them())
