"""A connectord process for a test: started on free ports, waited for, stopped by its id."""
import json
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("CONNECTORD", ROOT / "build" / "connectord"))
START_SECONDS = 60  # generous: a sanitizer build on a loaded machine still makes it

DEFAULT_TENANT = "00000000-0000-4000-8000-000000000001"
OTHER_TENANT = "00000000-0000-4000-8000-000000000002"


def clean_environment(**more):
    """The environment without settings of whoever runs the tests, proxies among them."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("CONNECTORD") and not k.lower().endswith("_proxy")}
    env.update(more)
    return env


def run(*arguments, check=True, env=None, **options):
    """Runs one connectord command to its end."""
    return subprocess.run([str(BINARY), *map(str, arguments)], check=check, text=True,
                          capture_output=True, timeout=60, env=clean_environment(**(env or {})),
                          **options)


class Server:
    """`with Server(data_dir) as server: server.url("http")`"""

    def __init__(self, data_dir=None, *flags, env=None, prefix=(), binary=BINARY):
        self.binary = binary
        self.data_dir = data_dir
        self.flags = flags
        self.env = env or {}
        self.prefix = prefix  # a program that runs the server, strace for one
        self.events = []      # what it logged, parsed
        self.process = None

    def settings(self):
        where = ["--data-dir", str(self.data_dir)] if self.data_dir else ["--memory"]
        listens = [] if any(str(f).startswith("--listen") for f in self.flags) else \
            ["--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"]
        return [*where, *listens, *map(str, self.flags)]

    def start(self):
        self.process = subprocess.Popen(
            [*self.prefix, str(self.binary), "serve", *self.settings()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env=clean_environment(**self.env))
        ready = queue.Queue()
        self._reader = threading.Thread(target=self._read_log, args=(ready,), daemon=True)
        self._reader.start()
        event = ready.get(timeout=START_SECONDS)
        if event is None:
            raise RuntimeError(f"the server ended with {self.process.wait()}: {self.events[-3:]}")
        self.urls = {url.split(":", 1)[0]: url.rstrip("/") for url in event["urls"]}
        self.pid = event.get("pid", self.process.pid)
        return self

    def _read_log(self, ready):
        for line in self.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "unparsed", "line": line}
            self.events.append(event)
            if event.get("event") == "ready":
                ready.put(event)
        ready.put(None)

    def url(self, scheme="http"):
        return self.urls[scheme]

    def token(self, *flags):
        """A token as the command line makes it, for the origin this server listens on."""
        return run("token", *(["--data-dir", self.data_dir] if self.data_dir else []),
                   *flags).stdout.strip()

    def stop(self):
        """SIGTERM and the exit code."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        code = self.process.wait(timeout=START_SECONDS)
        self._reader.join(timeout=5)
        return code

    def kill(self):
        """As a power cut would for the process: SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(timeout=START_SECONDS)
        self._reader.join(timeout=5)

    def wait_for_event(self, name, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.events:
                if event.get("event") == name:
                    return event
            time.sleep(0.01)
        raise AssertionError(f"no event {name!r} in {self.events[-5:]}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=START_SECONDS)
