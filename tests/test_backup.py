"""docs/service.md, Backup: a copy that was made while the server was written to, and a server on it."""
import re
import shutil
import sqlite3
import threading

import httpx

from server_process import ROOT, Server

SET = "/beta/deviceManagement/ndesConnectors"
ROUNDS = 20  # of writes before the copy; more follow while it is made


def writer(server, token, answered, go_on):
    """Makes connectors one after the other; those that were answered are `answered`."""
    with httpx.Client(base_url=server.url(), trust_env=False, timeout=30,
                      headers={"Authorization": f"Bearer {token}"}) as client:
        while go_on.is_set():
            answered.append(client.post(SET, json={"displayName": "one"}).json()["id"])


def test_a_copy_beside_a_running_server(tmp_path):
    page = (ROOT / "docs" / "service.md").read_text().split("## Backup\n")[1].split("\n## ")[0]
    assert re.search(r'sqlite3 connectord\.db "\.backup \S+/connectord\.db"', page)
    old, new = tmp_path / "old", tmp_path / "new"
    new.mkdir(mode=0o700)
    with Server(old) as server:
        token, answered, go_on = server.token(), [], threading.Event()
        go_on.set()
        writing = threading.Thread(target=writer, args=(server, token, answered, go_on))
        writing.start()
        while len(answered) < ROUNDS:
            assert writing.is_alive()
        before = list(answered)
        source, copy = sqlite3.connect(old / "connectord.db"), sqlite3.connect(new / "connectord.db")
        source.backup(copy)  # what the shell's .backup does
        source.close()
        copy.close()
        shutil.copytree(old / "keys", new / "keys")
        go_on.clear()
        writing.join()
        assert server.stop() == 0
    with Server(new) as server:
        reply = httpx.get(f"{server.url()}{SET}?$top=1000&$select=id", trust_env=False, timeout=30,
                          headers={"Authorization": f"Bearer {server.token()}"})
        there = {each["id"] for each in reply.json()["value"]}
        assert set(before) <= there <= set(answered)
        assert server.stop() == 0
    assert not list(new.glob("*-wal"))  # a server that was stopped leaves one file
