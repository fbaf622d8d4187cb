"""connectord run: a server for as long as a command runs, what the command is told, and how both end."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from server_process import BINARY, DEFAULT_TENANT, Server, clean_environment, run

SET = "/beta/deviceManagement/ndesConnectors"
TOLD = ["CONNECTORD_URL", "CONNECTORD_URL_TLS", "CONNECTORD_TOKEN", "CONNECTORD_TENANT_ID",
        "CONNECTORD_CLIENT_ID", "CONNECTORD_CLIENT_SECRET", "CONNECTORD_CA_FILE",
        "NODE_EXTRA_CA_CERTS"]
PRINT_ENVIRONMENT = (sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")


def beside(*words, **options):
    """Runs a command beside a server; nothing may be left in TMPDIR, whatever happens."""
    return run("run", *words, check=False, **options)


@pytest.fixture(name="env")
def private_environment(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    yield {"TMPDIR": str(temporary), "XDG_STATE_HOME": str(tmp_path / "state")}
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "state").exists()


def told(done):
    assert done.returncode == 0, done.stderr
    environment = json.loads(done.stdout)
    return {name: environment.get(name) for name in TOLD}


# --- what the command is told ------------------------------------------------------------------

CALL = """
import json, os, ssl, urllib.request
def get(url, **context):
    headers = {"Authorization": "Bearer " + os.environ["CONNECTORD_TOKEN"]}
    asked = urllib.request.Request(url + "/beta/deviceManagement/ndesConnectors", headers=headers)
    return json.load(urllib.request.urlopen(asked, **context))["value"]
trusted = ssl.create_default_context(cafile=os.environ["CONNECTORD_CA_FILE"])
assert get(os.environ["CONNECTORD_URL"])
assert get(os.environ["CONNECTORD_URL_TLS"], context=trusted)
assert os.environ["NODE_EXTRA_CA_CERTS"] == os.environ["CONNECTORD_CA_FILE"]
form = ("grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id="
        + os.environ["CONNECTORD_CLIENT_ID"] + "&client_secret="
        + os.environ["CONNECTORD_CLIENT_SECRET"])
url = f"{os.environ['CONNECTORD_URL']}/{os.environ['CONNECTORD_TENANT_ID']}/oauth2/v2.0/token"
assert json.load(urllib.request.urlopen(url, form.encode()))["access_token"]
print("all well")
"""


def test_every_variable_works(env):
    done = beside("--seed", "demo", "--", sys.executable, "-c", CALL, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "all well\n", "")


NODE_CALL = """
const answer = await fetch(process.env.CONNECTORD_URL_TLS + '%s', {
  headers: { Authorization: 'Bearer ' + process.env.CONNECTORD_TOKEN } });
console.log(answer.status, (await answer.json()).value.length > 0);
""" % SET


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_node_trusts_it(env, tmp_path):
    (tmp_path / "test.mjs").write_text(NODE_CALL)
    done = beside("--seed", "demo", "node", tmp_path / "test.mjs", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200 true\n", "")


def test_ports_that_are_taken_do_not_matter(env):
    held = []
    for port in (8080, 8443):
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", port))
            one.listen()
        except OSError:
            pass  # somebody else takes it, which is as good
        held.append(one)
    try:
        done = beside("--seed", "demo", "--", sys.executable, "-c", CALL, env=env)
    finally:
        for one in held:
            one.close()
    assert (done.returncode, done.stdout, done.stderr) == (0, "all well\n", "")


def test_what_there_is_not_is_not_set(env):
    stale = {name: "stale" for name in TOLD}
    variables = told(beside("--listen", "127.0.0.1:0", "--builtin-issuer", "off", "--log-level",
                            "error", *PRINT_ENVIRONMENT, env=env | stale))
    assert variables["CONNECTORD_URL"].startswith("http://127.0.0.1:")
    assert variables["CONNECTORD_TENANT_ID"] == DEFAULT_TENANT
    assert variables["NODE_EXTRA_CA_CERTS"] == "stale"  # not ours when there is no CA
    for name in ("URL_TLS", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE"):
        assert variables["CONNECTORD_" + name] is None


def test_a_connectord_inside_finds_nothing_odd(env):
    done = beside("--log-level", "info", "--", BINARY, "run", "--log-level", "info", "--",
                  *PRINT_ENVIRONMENT, env=env)
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stderr.splitlines()]
    urls = [each["urls"] for each in events if each["event"] == "ready"]
    assert len(urls) == 2
    assert told(done)["CONNECTORD_URL"] == urls[1][0]  # the inner one's
    assert not [each for each in events if each["event"] == "setting_unknown"]


def test_a_folder_keeps_what_was_written(env, tmp_path):
    folder = tmp_path / "data"
    write = ('curl -sf -H "Authorization: Bearer $CONNECTORD_TOKEN" -H "Content-Type: '
             'application/json" -d \'{"displayName":"kept"}\' $CONNECTORD_URL' + SET)
    assert beside("--data-dir", folder, "--", "sh", "-c", write, env=env).returncode == 0
    with Server(folder) as server:
        reply = httpx.get(server.url() + SET, trust_env=False,
                          headers={"Authorization": f"Bearer {server.token()}"})
        assert [each["displayName"] for each in reply.json()["value"]] == ["kept"]
        second = beside("--data-dir", folder, "true", env=env)
        assert second.returncode == 1 and str(server.pid) in second.stderr
    run("client", "remove", "00000000-0000-4000-8000-0000000000c1", "--data-dir", folder)
    variables = told(beside("--data-dir", folder, *PRINT_ENVIRONMENT, env=env))
    assert variables["CONNECTORD_CLIENT_SECRET"] is None and variables["CONNECTORD_TOKEN"]


def test_a_folder_named_by_a_variable_alone_is_not_written_to(env, tmp_path):
    folder = tmp_path / "data"
    assert beside("true", env=env | {"CONNECTORD_DATA_DIR": str(folder)}).returncode == 0
    assert [each.name for each in folder.iterdir()] == ["keys"]


# --- how it ends -------------------------------------------------------------------------------

@pytest.mark.parametrize("words, code", [
    (("true",), 0),
    (("sh", "-c", "exit 7"), 7),
    (("--", "sh", "-c", "exit 255"), 255),
    (("sh", "-c", "kill -9 $$"), 128 + signal.SIGKILL),
    (("sh", "-c", "kill $$"), 128 + signal.SIGTERM),
    (("/nowhere/command",), 127),
    (("connectord-no-such-command",), 127),
    (("/",), 126),
])
def test_exits_as_the_command_did(words, code, env):
    assert beside(*words, env=env).returncode == code


@pytest.mark.parametrize("words, code, complaint", [
    ((), 2, "expected [--] COMMAND"),
    (("--",), 2, "expected [--] COMMAND"),
    (("--lisen", "x", "true"), 2, "did you mean '--listen'?"),
    (("--deterministic", "--", "true"), 2, "--deterministic: expected a value: --deterministic"),
    (("--seed", "/nowhere.json", "true"), 78, "/nowhere.json"),
])
def test_a_server_that_does_not_start(words, code, complaint, env):
    done = beside(*words, env=env)
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr


def test_many_words(env):
    words = ["--flag", "a b", "--", ""] * 300
    done = beside(sys.executable, "-c", "import sys; print(sys.argv[1:])", *words, env=env)
    assert done.stdout == f"{words}\n"


def test_in_a_pipeline(env):
    """Input and output are the command's alone; the server holds neither open."""
    line = f"printf 'a\\nb\\n' | '{BINARY}' run -- sh -c 'cat; echo done' | tac"
    done = subprocess.run(["sh", "-c", line], env=clean_environment(**env), timeout=60, text=True,
                          capture_output=True, check=True)
    assert done.stdout == "done\nb\na\n"


class Running:
    """A command beside a server, which tells its pid and the server's URL and then waits."""
    SCRIPT = ('trap "echo told {0}; exit 3" {0}; echo $$ $CONNECTORD_URL; '
              'while :; do sleep 0.05; done')

    @staticmethod
    def heed_signals():
        """A shell cannot trap what was ignored when it began, as under nohup or in the background."""
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    def __init__(self, env, name="TERM", **options):
        self.process = subprocess.Popen([BINARY, "run", "--", "sh", "-c", self.SCRIPT.format(name)],
                                        env=clean_environment(**env), text=True,
                                        stdout=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=self.heed_signals, **options)
        pid, self.url = self.process.stdout.readline().split()
        self.command = int(pid)

    def serves(self):
        try:
            return httpx.get(self.url + "/health", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1"])
def test_passes_signals_on(name, env):
    running = Running(env, name)
    assert running.serves()
    running.process.send_signal(getattr(signal, "SIG" + name))
    assert running.process.stdout.read() == f"told {name}\n"
    assert running.process.wait(20) == 3
    assert not running.serves()


def test_the_server_outlives_a_signal_to_the_whole_group(env):
    """As Ctrl+C does it: the command ends as it likes, with its server still there."""
    running = Running(env)
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.process.wait(20) == 128 + signal.SIGINT
    assert not running.serves()


def test_the_server_does_not_stay_behind():
    running = Running({})
    running.process.kill()
    running.process.wait(20)
    os.kill(running.command, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while running.serves():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(each) for each in file.read().split()]


def test_a_server_that_dies_is_a_failure(env):
    running = Running(env, stderr=subprocess.PIPE)
    server, = [each for each in children(running.process.pid) if each != running.command]
    os.kill(server, signal.SIGKILL)
    assert "server has ended" in running.process.stderr.readline()
    os.kill(running.command, signal.SIGTERM)
    assert running.process.wait(20) == 3
