"""The command line as scripts rely on it: what each command prints where, exit codes, settings, and
the commands that a server prints when it is ready, pasted as they stand."""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import httpx
import pytest

from server_process import BINARY, DEFAULT_TENANT, ROOT, Server, clean_environment, run

CLIENT = "00000000-0000-4000-8000-0000000000c1"
SET = "/beta/deviceManagement/ndesConnectors"


def get(server, token=None, path=SET):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(server.url() + path, headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), "--seed", "demo") as running:
        yield running
        assert running.stop() == 0


# --- words -------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, code, told", [
    ((), 2, "Commands"),
    (("tennat",), 2, "did you mean 'tenant'?"),
    (("tenant",), 2, "tenant license GUID on|off"),
    (("tenant", "ad"), 2, "did you mean 'tenant add'?"),
    (("serve", "--lisen", "x"), 2, "did you mean '--listen'?"),
    (("serve", "--profile", "livee"), 2, "did you mean live?"),
    (("serve", "--listen", "8080"), 2, "expected HOST:PORT"),
    (("serve", "operand"), 2, "no use for"),
    (("token", "--ttl", "soon"), 2, "--ttl: expected a number of seconds, found 'soon'"),
    (("token", "--tenant", "x"), 2, "--tenant: expected a GUID, found 'x'"),
    (("token", "--roles", "A", "--scopes", "B"), 2, "exclude each other"),
    (("tenant", "show"), 2, "expected GUID"),
    (("token", "--user", ""), 2, "--user: expected a user's name"),
    (("seed", "/nowhere.json"), 1, "/nowhere.json"),
    (("config", "check", "--config", "/tmp"), 78, "cannot read '/tmp': Is a directory"),
    (("config", "check", "--seed", "/nowhere.json"), 78, "/nowhere.json"),
    (("config", "check", "--tls-cert", "/nowhere.pem", "--tls-key", "x"), 78, "/nowhere.pem"),
    (("config", "check", "--tls-cert", "/etc/passwd", "--tls-key", "/etc/passwd"), 78,
     "tls-cert '/etc/passwd', tls-key '/etc/passwd': "),
    (("config", "check", "--no-auth", "--public-url", "https://c.example"), 78, "no-auth=any"),
    (("tenant", "list", "--data-dir", "/etc/passwd"), 78, "Not a directory"),
    (("tenant", "add", "--data-dir", "/etc/passwd"), 78, "'/etc/passwd' is none"),
    (("config", "check", "--config", "/nowhere.conf"), 78, "/nowhere.conf"),
    (("config", "check", "--tls-cert", "x"), 78, "tls-key"),
    (("config", "check", "--no-auth", "--listen", "*:1"), 78, "no-auth=any"),
    (("tenant", "list", "--data-dir", "/nowhere"), 1, "there is no data in '/nowhere'"),
])
def test_refusals(words, code, told, tmp_path):
    env = {"XDG_STATE_HOME": str(tmp_path)}
    done = run(*words, check=False, env=env)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


@pytest.mark.parametrize("words", [("help",), ("--help",), ("-h",), ("help", "token"),
                                   ("token", "--help"), ("tenant", "add", "-h"),
                                   ("help", "tenant"), ("serve", "--memory", "--help"),
                                   ("help", "clock"), ("clock", "--help"),
                                   ("clock", "--url", "x", "-h")])
def test_help_is_data(words):
    done = run(*words)
    assert done.stderr == ""
    assert done.stdout.startswith("connectord")


def test_version():
    want = f"connectord {(ROOT / 'VERSION').read_text().strip()}\n"
    assert run("version").stdout == want
    assert run("--version").stdout == want


def test_a_full_disk_is_no_success():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BINARY, "help"], stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False)
    assert done.returncode == 1
    assert "cannot write to stdout" in done.stderr


# --- tokens ------------------------------------------------------------------------------------

def test_token_prints_a_token_alone(server):
    done = run("token", "--data-dir", server.data_dir)
    assert done.stderr == ""
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout)
    assert get(server, done.stdout.strip()).status_code == 200


def test_token_is_accepted_whatever_the_server_listens_on(server):
    """The command line sees neither the server's flags nor its ports."""
    for env in ({}, {"CONNECTORD_LISTEN": "127.0.0.1:1"}, {"CONNECTORD_LISTEN_TLS": "*:1"}):
        token = run("token", "--data-dir", server.data_dir, env=env).stdout.strip()
        assert get(server, token).status_code == 200


def test_token_of_another_folder_is_refused(server, tmp_path):
    token = run("token", "--data-dir", tmp_path).stdout.strip()
    assert get(server, token).status_code == 401


def test_a_new_key_is_told(server, tmp_path):
    for words, file in ((("token",), "issuer.pem"), (("ca", "export"), "ca.pem")):
        made = run(*words, "--data-dir", tmp_path / "typo")
        assert f"made a new key in '{tmp_path / 'typo'}'" in made.stderr
        assert (tmp_path / "typo" / "keys" / file).exists()
        assert run(*words, "--data-dir", tmp_path / "typo").stderr == ""


def test_expired_token(server):
    assert get(server, server.token("--ttl", "-1")).status_code == 401


def test_roles_and_scopes(server):
    read = "DeviceManagementConfiguration.Read.All"
    for flags in (("--roles", read), ("--scopes", read), ("--user", "a@b.example", "--scopes", read)):
        token = server.token(*flags)
        assert get(server, token).status_code == 200
        reply = httpx.post(server.url() + SET, json={"displayName": "x"}, trust_env=False,
                           headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code == 403


def test_unknown_permission_is_a_warning(server):
    done = run("token", "--data-dir", server.data_dir, "--roles",
               "DeviceManagementConfiguration.ReadWrite.Al")
    assert "did you mean 'DeviceManagementConfiguration.ReadWrite.All'?" in done.stderr
    assert done.stdout


def test_token_of_an_unknown_tenant_makes_it(server):
    tenant = "77777777-7777-4777-8777-777777777777"
    assert get(server, server.token("--tenant", tenant)).json()["value"] == []
    assert httpx.post(server.url() + SET, json={"displayName": "x"}, trust_env=False,
                      headers={"Authorization": f"Bearer {server.token('--tenant', tenant)}"}
                      ).status_code == 201


# --- tenants and clients, beside a running server ----------------------------------------------

def test_licence_counts_at_once(server):
    tenant = run("tenant", "add", "--name", "Contoso", "--data-dir",
                 server.data_dir).stdout.strip()
    token = server.token("--tenant", tenant)
    assert get(server, token).status_code == 200
    for switch, status in (("off", 400), ("on", 200)):
        run("tenant", "license", tenant, switch, "--data-dir", server.data_dir)
        assert get(server, token).status_code == status
    shown = json.loads(run("tenant", "show", tenant, "--json", "--data-dir",
                           server.data_dir).stdout)
    assert (shown["id"], shown["name"], shown["licensed"]) == (tenant, "Contoso", True)
    listed = json.loads(run("tenant", "list", "--json", "--data-dir", server.data_dir).stdout)
    assert shown in listed and DEFAULT_TENANT in [each["id"] for each in listed]
    again = run("tenant", "add", tenant, "--data-dir", server.data_dir, check=False)
    assert again.returncode == 1


def log_in(server, app, secret, tenant=DEFAULT_TENANT):
    return httpx.post(f"{server.url()}/{tenant}/oauth2/v2.0/token", trust_env=False, data={
        "grant_type": "client_credentials", "client_id": app, "client_secret": secret,
        "scope": "https://graph.microsoft.com/.default"})


def test_clients(server):
    def client(*words):
        return run("client", *words, "--data-dir", server.data_dir, check=False)

    made = json.loads(client("add", "--name", "pipeline", "--json", "--roles",
                             "DeviceManagementConfiguration.Read.All").stdout)
    assert log_in(server, made["app"], made["secret"]).status_code == 200
    assert log_in(server, made["app"], "wrong").status_code == 401
    assert log_in(server, made["app"], made["secret"],
                  "77777777-7777-4777-8777-777777777777").status_code >= 400

    assert client("add", "--app", made["app"]).returncode == 1
    replaced = client("add", "--app", made["app"].upper(), "--replace")
    secret = replaced.stdout.split()[-1]
    assert log_in(server, made["app"], made["secret"]).status_code == 401
    assert log_in(server, made["app"], secret).status_code == 200
    row, = [each for each in json.loads(client("list", "--json").stdout)
            if each["app"] == made["app"]]
    assert row["name"] == "pipeline"  # kept, like the roles
    assert row["roles"] == ["DeviceManagementConfiguration.Read.All"]
    default, = [each for each in json.loads(client("list", "--json").stdout)
                if each["app"] == CLIENT]
    assert (default["roles"], default["defaultSecret"]) == (None, True)
    listed = client("list").stdout
    assert secret not in listed
    assert listed.split("\n")[0].split() == ["APP", "TENANT", "CREATED", "SECRET", "NAME", "ROLES"]
    assert re.search(f"{made['app']}.* own .*pipeline .*DeviceManagementConfiguration.Read.All\n",
                     listed)

    assert client("remove", made["app"]).returncode == 0
    assert log_in(server, made["app"], secret).status_code == 400  # unauthorized_client
    assert client("remove", made["app"]).returncode == 1


def test_seed_all_or_none(server, tmp_path):
    good = {"displayName": "seeded"}
    (tmp_path / "seed.json").write_text(json.dumps({"ndesConnectors": [good, {"state": "odd"}]}))
    tenant = "88888888-8888-4888-8888-888888888888"
    words = ("seed", tmp_path / "seed.json", "--tenant", tenant, "--data-dir", server.data_dir)
    run("tenant", "add", tenant, "--data-dir", server.data_dir)
    done = run(*words, check=False)
    assert done.returncode == 1
    assert "seed.json" in done.stderr and "line 1" in done.stderr
    assert get(server, server.token("--tenant", tenant)).json()["value"] == []

    (tmp_path / "seed.json").write_text(json.dumps({"ndesConnectors": [good]}))
    run(*words)
    value, = get(server, server.token("--tenant", tenant)).json()["value"]
    assert value["displayName"] == "seeded"


# --- starting ----------------------------------------------------------------------------------

def test_second_server_names_the_first(server):
    done = run("serve", "--data-dir", server.data_dir, "--listen", "127.0.0.1:0", check=False)
    assert done.returncode == 1
    event = json.loads(done.stderr.splitlines()[-1])
    assert event["event"] == "start_failed"
    assert str(server.pid) in event["reason"]


def test_at_a_terminal_a_failed_start_is_a_sentence(tmp_path):
    ours, theirs = pty.openpty()
    done = subprocess.run([BINARY, "serve", "--data-dir", "/dev/null/none", "--listen",
                           "127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=theirs, timeout=60,
                          env=clean_environment())
    os.close(theirs)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    assert done.returncode == 78
    assert said.startswith("connectord: Expected a folder, but '/dev/null'") and "{" not in said


def test_ready_event(server):
    ready, = [each for each in server.events if each.get("event") == "ready"]
    assert ready["pid"] == server.process.pid
    assert ready["data_dir"] == str(server.data_dir)
    assert ready["profile"] == "documented"
    assert ready["version"] == (ROOT / "VERSION").read_text().strip()
    assert [url.split(":")[0] for url in ready["urls"]] == ["http", "https"]
    assert ready["listeners"] == ready["urls"]
    assert ready["public_urls"] == []


def test_modes_of_the_folder(tmp_path):
    folder = tmp_path / "made" / "here"
    with Server(folder) as server:
        get(server, server.token())
        server.stop()
    for path, mode in ((folder, 0o700), (folder / "keys", 0o700),
                       (folder / "keys" / "issuer.pem", 0o600),
                       (folder / "keys" / "ca.pem", 0o600),
                       (folder / "keys" / "server.pem", 0o600)):
        assert path.stat().st_mode & 0o777 == mode, path


def test_memory_leaves_nothing(tmp_path):
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "TMPDIR": str(tmp_path)}
    with Server(None, "--seed", "demo", env=env) as server:
        assert log_in(server, CLIENT, "connectord").status_code == 200
        assert server.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_memory_with_a_folder_keeps_keys_alone(tmp_path):
    with Server(tmp_path, "--memory") as server:
        assert get(server, server.token()).status_code == 200
        server.stop()
    assert [each.name for each in tmp_path.iterdir()] == ["keys"]


def test_commands_see_that_data_is_in_memory(tmp_path):
    words = (("seed", "demo"), ("tenant", "add"), ("tenant", "list"), ("client", "list"))
    with Server(tmp_path, "--memory") as server:
        for each in words:
            done = run(*each, "--data-dir", tmp_path, check=False)
            assert (done.returncode, done.stdout) == (1, "")
            assert "runs with --memory" in done.stderr
        assert [each.name for each in tmp_path.iterdir()] == ["keys"]
        with Server(tmp_path):  # one that has the folder itself: it is meant
            run("seed", "demo", "--data-dir", tmp_path)
        assert server.stop() == 0
    run("tenant", "list", "--data-dir", tmp_path)


def test_a_taken_port_is_no_wrong_setting(server):
    done = run("serve", "--memory", "--listen", server.url().removeprefix("http://"), check=False)
    assert done.returncode == 1
    assert "in use" in done.stderr


def test_default_client_needs_loopback(tmp_path):
    public = ("--listen", "0.0.0.0:0", "--builtin-issuer", "on")
    refused = run("serve", "--data-dir", tmp_path, *public, check=False)
    assert refused.returncode == 78
    reason = json.loads(refused.stderr.splitlines()[-1])["reason"]
    for way_out in (f"(connectord client remove {CLIENT})", f"(connectord client add --app {CLIENT})",
                    f"both with --data-dir '{tmp_path}'", "allow-default-client if that is meant"):
        assert way_out in reason
    # Where no command reaches the data none is advised.
    refused = run("serve", "--memory", *public, check=False)
    assert refused.returncode == 78
    assert "client remove" not in refused.stderr and "allow-default-client" in refused.stderr

    with Server(tmp_path, *public, "--allow-default-client") as server:
        assert server.wait_for_event("plain_http_exposed")["level"] == "warning"
        assert server.wait_for_event("default_client_allowed")["level"] == "warning"
        ready = server.wait_for_event("ready")
        assert ready["listeners"][0].startswith("http://0.0.0.0:")
    # A proxy in front of a listener on loopback makes it everybody's.
    proxied = run("serve", "--data-dir", tmp_path, "--listen", "127.0.0.1:0", "--public-url",
                  "https://c.example", check=False)
    assert proxied.returncode == 78 and "allow-default-client" in proxied.stderr
    with Server(tmp_path, "--public-url", "https://c.localhost") as server:
        assert server.wait_for_event("ready")["public_urls"] == ["https://c.localhost"]
    run("client", "add", "--app", CLIENT, "--data-dir", tmp_path)
    with Server(tmp_path, *public):
        pass


def test_issuer_is_off_where_others_can_reach_it(tmp_path):
    with Server(tmp_path, "--listen", "0.0.0.0:0") as server:
        assert log_in(server, CLIENT, "connectord").status_code == 404
        assert server.wait_for_event("no_issuer")


def test_no_auth(tmp_path):
    with Server(tmp_path, "--no-auth", "--seed", "demo") as server:
        assert get(server).status_code == 200
        assert get(server, "not.a.token").status_code == 401  # one that is sent is checked
        assert server.wait_for_event("no_auth")


def test_settings_from_everywhere(tmp_path):
    (tmp_path / "c.conf").write_text("profile = live\nlog-level = warning\nseed = demo\n")
    env = {"CONNECTORD_CONFIG": str(tmp_path / "c.conf"), "CONNECTORD_LOG_LEVEL": "info",
           "CONNECTORD_PORT": "tcp://10.0.0.1:80"}
    with Server(tmp_path / "data", "--profile", "documented", env=env) as server:
        ready, = [each for each in server.events if each.get("event") == "ready"]
        assert ready["profile"] == "documented"
        assert server.wait_for_event("seeded")["entities"] > 0
        assert server.wait_for_event("setting_unknown")["name"] == "CONNECTORD_PORT"


def test_config_show_can_be_read_back(tmp_path):
    words = ("--listen", "127.0.0.1:1,[::1]:2", "--strict", "--limit-idle-s", "7")
    shown = run("config", "show", *words).stdout
    (tmp_path / "c.conf").write_text(shown)
    assert run("config", "show", "--config", tmp_path / "c.conf").stdout.replace(
        f"; config = {tmp_path / 'c.conf'}", "; config is not set") == shown
    origins = json.loads(run("config", "show", "--origin", "--json", *words).stdout)
    assert origins["limit-idle-s"] == {"value": 7, "origin": "--limit-idle-s"}
    assert origins["listen"]["value"] == ["127.0.0.1:1", "[::1]:2"]
    assert origins["listen-tls"]["value"] == []


def test_notifies_the_service_manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        with Server(None, env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as server:
            assert manager.recv(100) == b"READY=1"
            server.stop()
            assert manager.recv(100) == b"STOPPING=1"


# --- the end -----------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_on_a_signal(number):
    with Server() as server:
        os.kill(server.pid, number)
        assert server.process.wait(20) == 0
        server.wait_for_event("stopped")


def test_hanging_up_a_terminal_does_not_end_it():
    with Server() as server:
        os.kill(server.pid, signal.SIGHUP)
        time.sleep(0.2)
        assert get(server, path="/health").status_code == 200


def one_thread(*flags):
    return Server(None, "--threads", "1", *flags)


def open_request(server):
    """A connection with half a request on it, which is in flight.

    A server of one thread has read it when it answers who came later."""
    host, port = server.url().removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 30)
    connection.sendall(b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
    for _ in range(2):  # the first may have been accepted together with it
        assert get(server, path="/health").status_code == 200
    return connection


def test_finishes_what_is_in_flight():
    with one_thread() as server, open_request(server) as connection:
        os.kill(server.pid, signal.SIGTERM)
        server.wait_for_event("stopping")
        connection.sendall(b"}")
        assert connection.recv(100).startswith(b"HTTP/1.1 405 ")
        assert server.process.wait(20) == 0


def test_second_signal_does_not_wait():
    with one_thread() as server, open_request(server):
        os.kill(server.pid, signal.SIGTERM)
        server.wait_for_event("stopping")
        time.sleep(1.2)  # an echo of the first is none
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(20) == 1


def test_the_echo_of_a_signal_is_none():
    """timeout(1) sends its signal twice."""
    for _ in range(5):
        with one_thread() as server, open_request(server) as connection:
            begun = time.monotonic()
            os.kill(server.pid, signal.SIGTERM)
            server.wait_for_event("stopping")
            os.kill(server.pid, signal.SIGTERM)
            late = time.monotonic() - begun > 0.8  # then it was none, or not for certain
            connection.sendall(b"}")
            code = server.process.wait(20)
        if not late:
            break
    assert (late, code) == (False, 0)


def test_drain_has_an_end():
    with one_thread("--limit-drain-s", "1") as server, open_request(server):
        begun = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert 0.5 < time.monotonic() - begun < 10


# --- health ------------------------------------------------------------------------------------

def test_health(server, tmp_path):
    def health(*words, **options):
        return run("health", *words, "--data-dir", server.data_dir, check=False, **options)

    secure = server.url("https")
    assert health(server.url()).stdout == "ok\n"
    assert health(secure).returncode == 0
    assert health(secure.replace("127.0.0.1", "localhost") + "/health").returncode == 0
    address = server.url().removeprefix("http://")
    assert health(env={"CONNECTORD_LISTEN": address}).returncode == 0
    assert health(env={"CONNECTORD_LISTEN": address.replace("127.0.0.1", "*")}).returncode == 0

    foreign = tmp_path / "ca.pem"
    foreign.write_text(run("ca", "export", "--data-dir", tmp_path / "other").stdout)
    untrusted = health(secure, "--ca", foreign)
    assert untrusted.returncode == 1 and "cannot trust the server" in untrusted.stderr
    assert health(server.url() + "/elsewhere").returncode == 1
    assert health("http://127.0.0.1:1").returncode == 1
    assert health("ftp://127.0.0.1").returncode == 2
    assert health(secure.replace("https", "http"), "--timeout-s", "1").returncode == 1


@pytest.mark.parametrize("bytes_sent, told", [
    (b"H", "no answer in time"),  # again and again: the deadline is over all of it
    (b"\x15\x03\x01\n", "not HTTP/1.1"),
])
def test_health_of_no_server_of_ours(bytes_sent, told):
    ended = threading.Event()

    def drip(listener):
        connection, _ = listener.accept()
        with connection:
            while not ended.wait(0.2):
                try:
                    connection.sendall(bytes_sent)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        begun = time.monotonic()
        done = run("health", f"http://127.0.0.1:{listener.getsockname()[1]}", "--timeout-s", "1",
                   check=False)
        ended.set()
        thread.join()
    assert (done.returncode, done.stdout) == (1, "") and told in done.stderr
    assert time.monotonic() - begun < 10


# --- the first commands ------------------------------------------------------------------------

def pasted_lines(text):
    """The commands for a POSIX shell, as they were printed."""
    shell = text.split("PowerShell:")[0]
    shell = shell[re.search("A token,|No token is needed", shell).start():]
    return "\n".join(line[2:] for line in shell.splitlines() if line.startswith("  "))


@pytest.mark.parametrize("flags", [(), ("--memory",), ("--no-auth",), ("--profile", "live")])
def test_first_commands_work_as_pasted(flags, tmp_path):
    where = [] if flags == ("--memory",) else ["--data-dir", str(tmp_path / "my data")]
    process = subprocess.Popen(
        [BINARY, "serve", "--hello", "--seed", "demo", "--listen", "127.0.0.1:0", "--listen-tls",
         "127.0.0.1:0", *where, *flags], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=clean_environment(XDG_STATE_HOME=str(tmp_path)))
    try:
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("Ctrl+C"):
                break
        script = pasted_lines(text)
        assert script.count("curl ") >= 3
        # Elsewhere than in a build folder nobody may write: there the CA goes beside the reader.
        done = subprocess.run(["sh", "-euc", re.sub(r"(?m)^(curl )", r"\1-sS --fail-with-body ",
                                                    script)],
                              cwd=tmp_path, env=clean_environment(XDG_STATE_HOME=str(tmp_path)),
                              text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        assert done.stdout.count("My connector") >= 2  # created, then in the list over HTTPS
        assert script.count(" clock ") == 2
        clock, rules, resumed = map(json.loads, re.findall(r'^\{"(?:now|rules).*', done.stdout, re.M))
        assert clock["moved"] and rules["rules"] and not resumed["moved"]
    finally:
        process.terminate()
        assert process.wait(20) == 0


# --- what it says at its start -----------------------------------------------------------------

def beyond_graph(*flags):
    with Server(None, *flags) as running:
        return [event for event in running.events if event["event"] == "beyond_graph"]


def test_beyond_graph_is_one_line():
    """A line for each row hid what newcomers are told behind it; refused rows are not told."""
    rows, *operations = beyond_graph()
    assert {"delta", "compute", "repeatability"} <= set(rows["rows"])
    assert [(each["set"], each["operation"]) for each in operations] == [("domainJoinConnectors", "delete")]
    assert beyond_graph("--strict") == beyond_graph("--profile", "live") == []
