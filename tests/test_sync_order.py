"""Each 2xx to a write is sent after the sync of its own commit: read off the system calls.

strace follows every thread and writes a line when a call begins and when it ends. It handles one
stop of one thread at a time and a stopped thread does not run, so an order of lines is an order in
time wherever one thread waited for what the other did. For each write that was answered 2xx the
lines must say, in this order:

    the server wrote the change to the log           pwrite64(…-wal…)
    a sync of the log began, and ended with 0        fdatasync(…-wal…) = 0
    the answer was sent                              sendmsg(…"HTTP/1.1 201 …)

A change is told by its own name, which stands in the page that is logged and in the answer. A deletion
and an action leave none; they are made one at a time, and what lies between two answers is theirs."""
import re
import shutil
import subprocess
import threading

import httpx
import pytest

from server_process import Server

SET = "/beta/deviceManagement/ndesConnectors"
EXCHANGE_SET = "/v1.0/deviceManagement/exchangeConnectors"


def may_trace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


class Trace:
    """What happened, in order: ("log", text), ("sync begins", thread), ("synced", thread), ("sent",
    text)."""

    def __init__(self, lines):
        self.steps = []
        for line in lines:
            self.read(line)

    def read(self, line):
        thread, _, rest = line.rstrip("\n").partition(" ")
        rest = rest.lstrip()
        if re.match(r"(write|pwrite64|pwritev)\(\d+<[^>]*-wal>", rest):
            self.steps.append(("log", rest))
        elif re.match(r"(fsync|fdatasync)\(\d+<[^>]*-wal>", rest):
            self.steps.append(("sync begins", thread))
            if not rest.endswith("<unfinished ...>"):
                self.finish(thread, rest)
        elif re.match(r"<\.\.\. (fsync|fdatasync) resumed>", rest):
            self.finish(thread, rest)
        elif re.match(r"(sendmsg|sendto|write|writev)\(\d+<(socket|TCP)", rest):
            self.steps.append(("sent", rest))

    def finish(self, thread, rest):
        assert rest.endswith("= 0"), rest
        self.steps.append(("synced", thread))

    def sent(self, text):
        """Where the one answer that holds `text` was sent."""
        found = [i for i, (kind, sent) in enumerate(self.steps) if kind == "sent" and text in sent]
        assert len(found) == 1, f"{text} was sent {len(found)} times"
        return found[0]

    def assert_named(self, name, status):
        """The change called `name` was logged, then synced, then answered."""
        sent = self.sent(f'\\"displayName\\":\\"{name}\\"')
        assert f"HTTP/1.1 {status}" in self.steps[sent][1]
        logged = [i for i in range(sent) if self.steps[i][0] == "log" and name in self.steps[i][1]]
        assert logged, f"{name} was answered before it was logged"
        self.assert_sync_between(logged[0], sent, name)

    def assert_alone(self, request_id):
        """Between the answer before and this one the log was written, and synced behind that."""
        sent = self.sent(f"client-request-id: {request_id}\\r")
        assert "HTTP/1.1 204" in self.steps[sent][1]
        before = max(i for i in range(sent) if self.steps[i][0] == "sent")
        logged = [i for i in range(before, sent) if self.steps[i][0] == "log"]
        assert logged, f"{request_id} was answered before anything was logged"
        self.assert_sync_between(logged[-1], sent, request_id)

    def assert_sync_between(self, start, end, what):
        waiting = set()
        for kind, thread in self.steps[start:end]:
            if kind == "sync begins":
                waiting.add(thread)
            elif kind == "synced" and thread in waiting:
                return
        raise AssertionError(f"{what}: no whole sync between the log and the answer")


WRITERS, ROUNDS, ALONE = 6, 8, 6


def write_together(url):
    """Creates and changes on several connections at once, so that commits are shared. Returns the
    name and status of each."""
    expected = []

    def work(number):
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            for n in range(ROUNDS):
                names = f"made-{number}-{n}-end", f"changed-{number}-{n}-end"
                made = client.post(SET, json={"displayName": names[0]})
                key = made.json()["id"]
                changed = client.patch(f"{SET}/{key}", json={"displayName": names[1]})
                expected.extend(zip(names, (made.status_code, changed.status_code)))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(expected) == 2 * WRITERS * ROUNDS
    return expected


def write_alone(url):
    """Deletions and actions, one behind the other. Returns the client-request-id of each."""
    ids = []
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        for n in range(ALONE):
            key = client.post(EXCHANGE_SET, json={"serverName": "alone"}).json()["id"]
            for method, target, body in (("POST", "/sync", {"syncType": "fullSync"}),
                                         ("DELETE", "", None)):
                ids.append(f"{method}-{n}-end")
                reply = client.request(method, f"{EXCHANGE_SET}/{key}{target}", json=body,
                                       headers={"client-request-id": ids[-1]})
                assert reply.status_code == 204
    return ids


@pytest.mark.skipif(not may_trace(), reason="strace may not trace here")
def test_answers_leave_after_the_sync(tmp_path):
    output = tmp_path / "trace"
    strace = ["strace", "-f", "-y", "-s", "16384", "-o", str(output), "-e", "signal=none", "-e",
              "trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendmsg,sendto"]
    with Server(tmp_path / "data", "--no-auth", "--threads", 2, prefix=strace) as server:
        together = write_together(server.url())
        alone = write_alone(server.url())
        assert server.stop() == 0
    trace = Trace(output.read_text(errors="replace").splitlines())
    for name, status in together:
        trace.assert_named(name, status)
    for request_id in alone:
        trace.assert_alone(request_id)
