"""A read that begins after a write was answered sees it, on any connection and any thread.

read_your_writes.c does the writing and reading; it ends at the first read that is behind."""
import subprocess
from urllib.parse import urlsplit

import pytest

from programs import built
from server_process import Server

WORKERS = 16


@pytest.mark.parametrize("store,pairs", [("memory", 100_000), ("file", 10_000)])
def test_every_read_sees_the_write_before_it(tmp_path, store, pairs):
    program = built("read_your_writes")
    flags = ["--memory"] if store == "memory" else []
    with Server(tmp_path, "--no-auth", "--threads", 4, *flags) as server:
        url = urlsplit(server.url())
        done = subprocess.run([program, url.hostname, str(url.port), str(pairs), str(WORKERS)],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=300)
        assert done.returncode == 0, done.stdout[-4000:]
        assert done.stdout == f"{pairs} pairs\n"
        assert server.stop() == 0
