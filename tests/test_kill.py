"""The end in the middle of concurrent writes: nothing acknowledged is lost, nothing comes back.

CONNECTORD_KILL_ROUNDS=50 runs as many rounds as a release is given; the usual run is shorter."""
import contextlib
import os
import random
import shutil
import sqlite3
import time

import httpx

from conftest import log_in
from durability_load import Writer, differences, list_all, until_acknowledged
from server_process import Server

WRITERS = 8


def one_round(data_dir, number, draw):
    with Server(data_dir) as server:
        with httpx.Client(base_url=server.url(), trust_env=False) as client:
            token = log_in(client).json()["access_token"]
        before = list_all(server.url(), token)
        writers = [Writer(server.url(), token, f"r{number}w{i}") for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        until_acknowledged(writers, 11)
        time.sleep(draw.uniform(0.2, 0.9))
        server.kill()
        for writer in writers:
            writer.join(timeout=60)
    return before, writers


def assert_sound(data_dir, copy):
    """SQLite's own check, on a copy: whoever opens the database first repairs it, and that is to be
    the server."""
    shutil.copytree(data_dir, copy)
    with contextlib.closing(sqlite3.connect(copy / "connectord.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    shutil.rmtree(copy)


def test_kill_9(tmp_path):
    data_dir = tmp_path / "data"
    rounds = int(os.environ.get("CONNECTORD_KILL_ROUNDS", "4"))
    draw = random.Random(20240121)
    acknowledged = 0
    for number in range(rounds):
        before, writers = one_round(data_dir, number, draw)
        acknowledged += sum(w.acknowledged for w in writers)
        assert not [u for w in writers for u in w.unexpected]
        assert_sound(data_dir, tmp_path / "copy")
        with Server(data_dir) as server:
            with httpx.Client(base_url=server.url(), trust_env=False) as client:
                token = log_in(client).json()["access_token"]
            found = list_all(server.url(), token)
            assert server.stop() == 0
        # What earlier rounds left must still be there, as it was.
        assert all(found.pop(key, None) == name for key, name in before.items())
        assert differences(found, writers) == []
    print(f"{rounds} rounds, {WRITERS} writers, {acknowledged} acknowledged writes")
    assert acknowledged > 10 * rounds  # else nothing was tried


def test_sigterm_in_the_middle(tmp_path):
    """An orderly end under load: exit 0, and the same promise."""
    acknowledged = 0
    for number in range(3):
        with Server(tmp_path, "--no-auth") as server:
            before = list_all(server.url())
            writers = [Writer(server.url(), None, f"t{number}w{i}") for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            until_acknowledged(writers, 50)
            assert server.stop() == 0
            for writer in writers:
                writer.join(timeout=60)
        acknowledged += sum(w.acknowledged for w in writers)
        assert not [u for w in writers for u in w.unexpected]
        with Server(tmp_path, "--no-auth") as server:
            found = list_all(server.url())
            assert server.stop() == 0
        assert all(found.pop(key, None) == name for key, name in before.items())
        assert differences(found, writers) == []
    assert acknowledged >= 150
