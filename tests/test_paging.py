"""Pages of a set that changes while they are read: what stays is shown once, whatever the order.

Other connections make, change and delete connectors all the time; a hundred that nobody touches
must be met exactly once by every walk."""
import random
import re
import threading
from pathlib import Path

import httpx
import pytest

from server_process import BINARY, Server

NDES = "/beta/deviceManagement/ndesConnectors"
STAYING = 100
WALKS = ["", "$orderby=displayName", "$orderby=displayName desc,state", "$orderby=state,id desc",
         "$orderby=lastConnectionDateTime desc", "$orderby=length(displayName),displayName desc",
         "$orderby=machineName&$filter=state ne 'none'", "$search=site NOT passing&$orderby=state",
         "$compute=length(displayName) as n,concat(displayName,machineName) as text&$orderby=n desc,text"]


def connector(chance, kind):
    return {"displayName": f"site {chance.randrange(30)}", "machineName": kind,
            "state": chance.choice(["active", "inactive"]),
            "lastConnectionDateTime": f"2024-01-{chance.randrange(1, 29):02}T00:00:00Z"}


def keep_changing(url, seed, stop, failures):
    chance, passing = random.Random(seed), []
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        while not stop.is_set() and not failures:
            what = chance.randrange(3)
            if len(passing) < 20 or what == 0 and len(passing) < 60:
                reply = client.post(NDES, json=connector(chance, "passing"))
                passing.append(reply.json().get("id"))
            elif what == 1:
                reply = client.patch(f"{NDES}/{chance.choice(passing)}", json=connector(chance, "passing"))
            else:
                reply = client.delete(f"{NDES}/{passing.pop(chance.randrange(len(passing)))}")
            if reply.status_code not in (200, 201, 204):
                failures.append(reply.text)


def walk(client, options, size):
    reply, ids = client.get(f"{NDES}?$top={size}&{options}"), []
    while True:
        assert reply.status_code == 200, reply.text
        page = reply.json()
        ids += [entity["id"] for entity in page["value"]]
        if "@odata.nextLink" not in page:
            return ids
        reply = client.get(page["@odata.nextLink"])


@pytest.mark.parametrize("store", ["file", "memory"])
def test_what_stays_is_shown_once(tmp_path, store):
    chance, stop, failures = random.Random(1), threading.Event(), []
    flags = ["--memory"] if store == "memory" else []
    with Server(tmp_path, "--no-auth", *flags) as server:
        url = server.url()
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            staying = [client.post(NDES, json=connector(chance, "staying")).json()["id"]
                       for _ in range(STAYING)]
            writers = [threading.Thread(target=keep_changing, args=(url, seed, stop, failures))
                       for seed in range(2)]
            for writer in writers:
                writer.start()
            try:
                for options in WALKS:
                    for size in (3, 17):
                        ids = walk(client, options, size)
                        for one in staying:
                            assert ids.count(one) == 1, (options, size, one)
            finally:
                stop.set()
                for writer in writers:
                    writer.join()
        assert not failures
        assert server.stop() == 0


def memory(pid):
    """The most that a process ever had, in KiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


@pytest.mark.skipif(b"__asan_init" in BINARY.read_bytes(), reason="keeps freed memory on purpose")
def test_sorting_holds_keys_and_not_rows(tmp_path):
    """What an engine sorts is in no request's budget: many long texts must not become memory."""
    with Server(tmp_path, "--no-auth") as server, \
            httpx.Client(base_url=server.url(), trust_env=False, timeout=60) as client:
        for i in range(60):
            body = {"displayName": f"{i:02}" + "x" * 1_000_000}
            assert client.post(NDES, json=body).status_code == 201
        before = memory(server.pid)
        reply = client.get(NDES, params={"$orderby": "displayName desc", "$select": "id",
                                         "$top": "1000"})
        assert len(reply.json()["value"]) == 60
        assert memory(server.pid) - before < 30 * 1024
