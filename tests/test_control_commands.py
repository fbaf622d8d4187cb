"""The control API from a shell: clock, faults, requests, policy, reset and sandbox against a running
server, and inside `connectord run`, where they need no option at all."""
import json
import os
import re
import socket
import uuid

import httpx
import pytest

from server_process import BINARY, DEFAULT_TENANT, ROOT, Server, run

SETS = ("ndesConnectors", "domainJoinConnectors", "exchangeConnectors", "roleScopeTags")
SET = "/beta/deviceManagement/ndesConnectors"
JOIN = "/beta/deviceManagement/domainJoinConnectors"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data"), "--seed", "demo") as running:
        yield running
        assert running.stop() == 0


def lines_of(done):
    """What a command printed: nothing, or one line of JSON."""
    assert done.stdout == "" or done.stdout.count("\n") == 1 and done.stdout.endswith("\n")
    return json.loads(done.stdout) if done.stdout else None


def refusal(*words, **options):
    """What a command says that fails, and how it ends."""
    done = run(*words, check=False, **options)
    assert done.returncode != 0 and done.stdout == ""
    return done.returncode, done.stderr


class Sandbox:
    """A tenant of a test's own, made and ended by the commands under test."""

    def __init__(self, server, *flags):
        self.server = server
        self.made = lines_of(run("sandbox", "add", "--url", server.url(), *flags))
        self.tenant = self.made["tenant"]
        self.graph = httpx.Client(base_url=server.url(), trust_env=False, timeout=30, headers={
            "Authorization": f"Bearer {self.made['access_token']}"})

    def command(self, *words, check=True, **options):
        return run(*words, "--url", self.server.url(), "--tenant", self.tenant, check=check,
                   **options)

    def says(self, *words, **options):
        done = self.command(*words, **options)
        assert done.stderr == ""
        return lines_of(done)

    def end(self):
        self.graph.close()
        return run("sandbox", "remove", self.tenant, "--url", self.server.url(), check=False)


@pytest.fixture
def sandbox(server):
    made = Sandbox(server, "--seed", "demo", "--lifetime", "10m")
    yield made
    assert made.end().returncode == 0


# --- clock -------------------------------------------------------------------------------------

def test_clock(sandbox):
    assert sandbox.says("clock")["frozen"] is False
    frozen = sandbox.says("clock", "freeze", "2024-06-01T12:00:00Z")
    assert frozen == {"now": "2024-06-01T12:00:00Z", "frozen": True, "moved": True, "removed": 0}
    assert sandbox.says("clock", "advance", "1d12h")["now"] == "2024-06-03T00:00:00Z"
    assert sandbox.says("clock", "advance", "-36h")["now"] == "2024-06-01T12:00:00Z"
    assert sandbox.says("clock", "set", "2025-01-01T00:00:00+01:00") == {
        "now": "2024-12-31T23:00:00Z", "frozen": True, "moved": True, "removed": 0}
    assert sandbox.says("clock", "show") == sandbox.says("clock")
    assert "removed" not in sandbox.says("clock")
    resumed = sandbox.says("clock", "resume")
    assert (resumed["frozen"], resumed["moved"]) == (False, False)
    assert sandbox.says("clock", "freeze")["frozen"] is True


def test_a_clock_is_one_tenants(server, sandbox):
    sandbox.says("clock", "advance", "400d")
    assert lines_of(run("clock", "--url", server.url()))["moved"] is False


# --- faults ------------------------------------------------------------------------------------

def test_faults_of_a_persona(sandbox):
    shown = sandbox.says("faults", "set", "--persona", "intune-throttled", "--retry-after", "0.25")
    assert shown["rules"]
    reply = sandbox.graph.post(SET, json={"displayName": "x"})
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "0.25")
    assert sum(each["fired"] for each in sandbox.says("faults")["rules"]) == 1
    sandbox.says("faults", "set", "--persona", "intune-throttled", "--retry-after", "none")
    assert "Retry-After" not in sandbox.graph.post(SET, json={"displayName": "x"}).headers
    assert sandbox.says("faults", "clear") is None
    assert sandbox.says("faults", "show")["rules"] == []
    assert sandbox.graph.post(SET, json={"displayName": "x"}).status_code == 201


def test_faults_of_a_file(sandbox, tmp_path):
    rules = {"rules": [{"name": "broken", "when": {"method": "GET"},
                        "answer": {"status": 503, "body": {"a": [1, "ß"]}}}]}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    sandbox.says("faults", "set", tmp_path / "rules.json")
    reply = sandbox.graph.get(SET)
    assert (reply.status_code, reply.json()) == (503, {"a": [1, "ß"]})
    # Through a pipe, with a persona's rules behind its own.
    both = sandbox.says("faults", "set", "-", "--persona", "delete-403", input=json.dumps(rules))
    assert both["rules"][0]["name"] == "broken" and len(both["rules"]) > 1


@pytest.mark.parametrize("text, told", [
    ('{"rules": [\n  {"name": "a",\n   "delay": "5 seconds"}\n]}',
     'line 3, column 13: "delay" must be a duration as "250ms" or "1m30s", found "5 seconds"'),
    ('{"rules": [\n  {"delay": "1s" "name": "a"}\n]}',
     "line 2, column 18: Invalid JSON: expected ',' or '}', found '\"'."),
    ("[]", 'line 1, column 1: expected an object with "rules" or "persona", found an array'),
    ("", "line 1, column 2: Invalid JSON: expected a value, but the text ends here."),
    ('{"rules": [{"name": "a", "delay": "1s"},\n {"name": "a", "delay": "1s"}]}',
     'line 2, column 11: there is a rule "a" already'),
    ('{\n"persona": "odd"}', 'line 2, column 12: there is no persona "odd"; known are: intune')])
@pytest.mark.parametrize("more", [(), ("--persona", "eventual")])
def test_faults_name_the_line_of_the_file(sandbox, tmp_path, text, told, more):
    (tmp_path / "r.json").write_text(text)
    if more and "persona" in text:
        pytest.skip("named in both places")
    done = sandbox.command("faults", "set", tmp_path / "r.json", *more, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"connectord: {tmp_path / 'r.json'}: {told}")
    done = sandbox.command("faults", "set", "-", *more, check=False, input=text)
    assert done.stderr.startswith(f"connectord: stdin: {told}")


def test_faults_of_personas(sandbox, tmp_path):
    shown = sandbox.says("faults", "set", "--persona", "delete-403", "--persona", "eventual")
    assert [each["name"] for each in shown["rules"]] == [
        "delete-403", "delete-403-key-in-parentheses", "eventual"]
    for text, names in (("{}", ["eventual"]), ('{"rules":\n[{"name":"a","delay":"1ms"}]\n}\n\n', ["a", "eventual"])):
        (tmp_path / "r.json").write_text(text)
        shown = sandbox.says("faults", "set", tmp_path / "r.json", "--persona", "eventual")
        assert [each["name"] for each in shown["rules"]] == names
        done = sandbox.command("faults", "set", tmp_path / "r.json", "--persona", "Flaky", check=False)
        assert done.stderr == ('connectord: --persona: there is no persona "Flaky"; known are: '
                               "intune-throttled, delete-403, eventual, flaky\n")
    done = sandbox.command("faults", "set", "--persona", "flaky", "--persona", "flaky", check=False)
    assert done.stderr == 'connectord: --persona: the persona "flaky" was named before\n'


def test_personas(sandbox):
    text = sandbox.command("faults", "personas").stdout
    assert "intune-throttled" in text and "429.intune" in text


# --- requests ----------------------------------------------------------------------------------

def test_requests(sandbox):
    app = str(uuid.uuid4())
    for name in ("a", "b"):
        assert sandbox.graph.post(SET, json={"displayName": name},
                                  headers={"client-request-id": app}).status_code == 201
    assert sandbox.graph.get(SET + "/nobody").status_code >= 400
    listed = sandbox.says("requests")["requests"]
    assert [each["status"] for each in listed][:2] == [201, 201] and len(listed) == 3
    first = listed[0]["sequence"]
    for words, count in ((("--method", "POST"), 2), (("--status", "201"), 2),
                         (("--status", "4xx"), 1), (("--path", "*/ndesConnectors"), 2),
                         (("--path", "/a b?&#ß*"), 0), (("--since", first), 2), (("--top", 1), 1),
                         (("--faulted",), 0), (("--client-request-id", app), 2),
                         (("--method", "POST", "--status", "4xx"), 0)):
        assert len(sandbox.says("requests", "list", *words)["requests"]) == count, words
    assert sandbox.says("requests", "clear") is None
    assert sandbox.says("requests", "list")["requests"] == []


def test_verify(sandbox):
    for _ in range(2):
        sandbox.graph.get(SET)
    for bound, code in ((("--exactly", "2"), 0), (("--at-least", "1"), 0), (("--at-most", "2"), 0),
                        (("--exactly", "1"), 1), (("--at-least", "3"), 1), (("--at-most", "0"), 1)):
        done = sandbox.command("requests", "verify", "--method", "GET", "--status", "2xx", *bound,
                               check=False)
        assert done.returncode == code
        assert lines_of(done) == {"verified": code == 0, "count": 2}
        if code:
            words = bound[0].removeprefix("--").replace("-", " ")
            first, said, *shown = done.stderr.splitlines()
            assert f"expected {words} {bound[1]} such request" in first and first.endswith(", found 2")
            assert said == "connectord: the last requests of the tenant:"
            assert shown == [f"  GET {SET} 200"] * 2
        else:
            assert done.stderr == ""


def test_verify_when_answers_are_lost(sandbox, tmp_path):
    """A client that repeats a POST whose answer it never had makes two entities: that is seen."""
    (tmp_path / "r.json").write_text(json.dumps({"rules": [
        {"name": "lost", "when": {"method": "POST", "nth": 1}, "connection": "reset", "executes": True},
        {"name": "busy", "when": {"method": "DELETE"}, "answer": {"error": "429.intune"}}]}))
    sandbox.says("faults", "set", tmp_path / "r.json")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.graph.post(SET, json={"displayName": "twice"})
    assert sandbox.graph.post(SET, json={"displayName": "twice"}).status_code == 201
    assert sandbox.graph.delete(SET + "/x").status_code == 429
    made = [each for each in sandbox.graph.get(SET).json()["value"] if each["displayName"] == "twice"]
    assert len(made) == 2

    def verify(*words, check=False):
        return sandbox.command("requests", "verify", "--method", "POST", *words, check=check)

    assert verify("--status", "201", "--exactly", "1").returncode == 0
    assert verify("--executed-status", "201", "--exactly", "2").returncode == 0
    assert verify("--status", "0", "--outcome", "reset", "--executed", "true",
                  "--exactly", "1").returncode == 0
    done = verify("--executed-status", "201", "--exactly", "1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "connectord: the last requests of the tenant:",
        f"  POST {SET} 0 lost (reset, executed with 201)", f"  POST {SET} 201",
        f"  DELETE {SET}/x 429 busy (not executed)", f"  GET {SET} 200"]
    assert "called 'lots' now" in verify("--fault", "lots", "--exactly", "1").stderr
    assert "called" not in verify("--fault", "lost", "--exactly", "3").stderr
    assert verify("--fault", "lots", "--exactly", "0").returncode == 0


@pytest.mark.parametrize("words, told", [
    (("--method", "POST,GET"), "the name of one method"), (("--path", "beta/*"), "begins with / or *"),
    (("--app", "x"), "a GUID"), (("--method", "GET", "--method", "POST"), "more than once"),
    (("--exactly", "1"), "more than once"), (("--executed", "yes"), "true or false"),
    (("--outcome", "lost"), "answered, reset or truncated"), (("--executed-status", "0"), "(100 to 599)"),
    (("--status", "42"), "(100 to 599)")])
def test_verify_refuses_what_no_request_fits(sandbox, words, told):
    done = sandbox.command("requests", "verify", *words, "--exactly", "0", check=False)
    assert done.returncode in (1, 2) and done.stdout == "" and told in done.stderr


# --- reset -------------------------------------------------------------------------------------

def test_reset(sandbox):
    before = [len(sandbox.graph.get(f"/beta/deviceManagement/{each}").json()["value"])
              for each in SETS]
    for each in sandbox.graph.get(SET).json()["value"]:
        assert sandbox.graph.delete(f"{SET}/{each['id']}").status_code == 204
    sandbox.says("clock", "freeze", "2024-06-01T12:00:00Z")
    sandbox.says("faults", "set", "--persona", "delete-403")
    built_in = 1  # a scope tag, which no seed has
    assert sandbox.says("reset", "--keep", "clock, faults") == {"entities": sum(before) - built_in}
    assert sandbox.says("clock")["frozen"] and sandbox.says("faults")["rules"]
    assert len(sandbox.graph.get(SET).json()["value"]) == before[0]
    sandbox.says("reset")
    assert not sandbox.says("clock")["frozen"] and not sandbox.says("faults")["rules"]


# --- policy ------------------------------------------------------------------------------------

def states(graph):
    return {each["state"] for each in graph.get(JOIN).json()["value"]}


def test_policy_over_http(sandbox):
    policy = sandbox.says("policy")
    assert policy["domainJoinConnectors"]["on"] is False and policy["removals"] == []
    changed = sandbox.says("policy", "set", "domainJoinConnectors", "on", "error=never",
                           "inactive=2h", "remove=never")["domainJoinConnectors"]
    assert (changed["on"], changed["error"], changed["inactive"], changed["remove"]) == (
        True, None, "2h", None)
    sandbox.says("clock", "advance", "5d")
    assert states(sandbox.graph) == {"inactive"}
    count = len(sandbox.graph.get(JOIN).json()["value"])
    assert sandbox.says("policy", "set", "domainJoinConnectors", "on", "remove=3h")[
        "removed"] == count
    assert sandbox.says("policy", "set", "domainJoinConnectors", "off")["domainJoinConnectors"][
        "inactive"] == "2h"


def test_policy_in_the_folder(server):
    """Beside the running server, which sees it with its next request."""
    def policy(*words, check=True, **options):
        return run("policy", *words, "--data-dir", server.data_dir, check=check, **options)

    tenant = run("tenant", "add", "--data-dir", server.data_dir).stdout.strip()
    headers = {"Authorization": f"Bearer {server.token('--tenant', tenant)}"}
    made = httpx.post(server.url() + JOIN, headers=headers, trust_env=False, json={
        "displayName": "x", "state": "active", "lastConnectionDateTime": "2020-01-01T00:00:00Z"})
    assert made.status_code == 201
    here = ("--tenant", tenant)
    # A server that was named does not matter when a folder is.
    done = policy("set", "domainJoinConnectors", "on", "remove=never", *here,
                  env={"CONNECTORD_URL": "http://127.0.0.1:1"})
    assert lines_of(done) and done.stderr == (
        f"connectord: policy of the data folder '{server.data_dir}'\n")
    with httpx.Client(base_url=server.url(), headers=headers, trust_env=False) as graph:
        assert states(graph) == {"inactive"}
    assert lines_of(policy("show", *here))["domainJoinConnectors"]["on"] is True
    assert lines_of(policy())["domainJoinConnectors"]["on"] is False
    for words, told in ((("set", "domainJoin", "on"), "'domainJoin'"),
                        (("set", "ndesConnectors", "on", "inactive=soon"), '"soon"'),
                        (("show", "--tenant", str(uuid.uuid4())), "does not exist")):
        done = policy(*words, check=False)
        assert (done.returncode, done.stdout) == (1, "") and told in done.stderr


def test_policy_of_a_server_in_memory(tmp_path):
    with Server(tmp_path, "--memory") as server:
        code, told = refusal("policy", "--data-dir", tmp_path)
        assert code == 1 and "runs with --memory" in told
        over_http = lines_of(run("policy", "set", "ndesConnectors", "on", "--url", server.url()))
        assert over_http["ndesConnectors"]["on"] is True


# --- sandboxes ---------------------------------------------------------------------------------

def test_sandbox(server, tmp_path):
    policy = {"domainJoinConnectors": {"on": True}}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    seed = json.dumps({"ndesConnectors": [{"displayName": "seeded"}]})
    made = lines_of(run("sandbox", "add", "--seed", "-", "--policy", tmp_path / "policy.json",
                        "--name", "Ruß", "--lifetime", "90s", "--url", server.url(), input=seed))
    assert made["tenant"] != DEFAULT_TENANT and made["control"].endswith(made["tenant"])
    reply = httpx.get(made["graph"] + SET, trust_env=False,
                      headers={"Authorization": f"Bearer {made['access_token']}"})
    assert [each["displayName"] for each in reply.json()["value"]] == ["seeded"]
    # The address that it was told is a server's, too.
    shown = lines_of(run("policy", "--url", made["control"]))
    assert shown["domainJoinConnectors"]["on"] is True
    assert "Ruß" in run("tenant", "list", "--data-dir", server.data_dir).stdout
    remove = ("sandbox", "remove", made["tenant"], "--url", server.url())
    assert run(*remove).stdout == ""
    code, told = refusal(*remove)
    assert code == 1 and told.startswith("connectord: ")
    assert refusal("sandbox", "remove", DEFAULT_TENANT, "--url", server.url())[0] == 1


# --- which server ------------------------------------------------------------------------------

def test_the_server_of_the_settings(server):
    address = server.url().removeprefix("http://")
    for env in ({"CONNECTORD_LISTEN": address}, {"CONNECTORD_URL": server.url()}):
        assert lines_of(run("clock", env=env))["moved"] is False
    assert lines_of(run("clock", "--listen", address))["moved"] is False
    # What is given outranks what connectord run told.
    env = {"CONNECTORD_URL": "http://127.0.0.1:1"}
    assert lines_of(run("clock", "--url", server.url(), env=env))["moved"] is False


def test_https(server, tmp_path):
    secure = server.url("https")
    assert lines_of(run("clock", "--url", secure, "--data-dir", server.data_dir))
    (tmp_path / "ca.pem").write_text(run("ca", "export", "--data-dir", server.data_dir).stdout)
    assert lines_of(run("clock", "--url", secure, "--ca", tmp_path / "ca.pem"))
    env = {"CONNECTORD_URL_TLS": secure, "CONNECTORD_CA_FILE": str(tmp_path / "ca.pem")}
    assert lines_of(run("clock", env=env))
    (tmp_path / "other.pem").write_text(run("ca", "export", "--data-dir", tmp_path).stdout)
    code, told = refusal("clock", "--url", secure, "--ca", tmp_path / "other.pem")
    assert code == 1 and "cannot trust the server" in told and secure in told


def test_inside_run(tmp_path):
    """The command needs no option; the folder that happens to be the default is left alone."""
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    script = (f"set -e; '{BINARY}' clock advance 5d; '{BINARY}' policy set ndesConnectors on; "
              f"'{BINARY}' requests verify --exactly 0; '{BINARY}' reset; "
              f"'{BINARY}' sandbox add --seed demo")
    done = run("run", "--seed", "demo", "--", "sh", "-c", script, env=env)
    assert done.stderr == ""
    clock, policy, verdict, reset, sandbox = map(json.loads, done.stdout.splitlines())
    assert clock["moved"] and policy["ndesConnectors"]["on"] and verdict["verified"]
    assert reset["entities"] > 0 and sandbox["access_token"]
    assert not (tmp_path / "state").exists()


def test_what_works_on_folders_goes_to_the_server_of_run(tmp_path):
    """Nothing is made or read in the folder that happens to be the default."""
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    (tmp_path / "seed.json").write_text('{"ndesConnectors":[{"displayName":"mine"}]}')
    call = ('curl -s -o /dev/null -w "%{http_code} " -H "Authorization: Bearer $TOKEN" '
            f'$CONNECTORD_URL{SET}')
    script = "; ".join((
        "set -e", f"'{BINARY}' seed demo", f"'{BINARY}' seed '{tmp_path}/seed.json'",
        f"'{BINARY}' export >'{tmp_path}/export.json'", f"'{BINARY}' reset >&2",
        f"'{BINARY}' import '{tmp_path}/export.json'", f"'{BINARY}' export",
        f"for words in '' '--ttl 60 --user a@b.c' '--ttl -60' '--roles X'; do "
        f"TOKEN=$('{BINARY}' token $words); {call}; done"))
    done = run("run", "--", "sh", "-c", script, env=env)
    exported = (tmp_path / "export.json").read_text()
    assert '"mine"' in exported and done.stdout == exported + "200 200 401 403 "
    assert "13 entities were added.\n1 entity was added.\n" in done.stderr
    assert "14 entities were imported.\n" in done.stderr
    for words in (("tenant", "list"), ("client", "list"), ("ca", "export")):
        code, told = refusal("run", BINARY, *words, env=env)
        assert code == 2 and "CONNECTORD_URL names a server whose" in told and "unset it" in told
    assert not (tmp_path / "state").exists()
    # The flag outranks the server, the variable of the same folder does not.
    folder = env | {"CONNECTORD_URL": "http://127.0.0.1:1",
                    "CONNECTORD_DATA_DIR": str(tmp_path / "folder")}
    assert "refused" in refusal("seed", "demo", env=folder)[1]
    assert "13 entities" in run("seed", "demo", "--data-dir", tmp_path / "folder",
                                env=folder).stderr
    assert run("tenant", "list", "--data-dir", tmp_path / "folder", env=folder).stdout


def test_what_the_server_refuses_of_a_seed(sandbox, tmp_path):
    (tmp_path / "big.json").write_text(" " * 5_000_000 + "{}")
    for words, told in ((("seed", tmp_path / "big.json"), "longer than 4194304 bytes"),
                        (("import", "-"), "seed, line 1"), (("seed", "/nowhere"), "cannot read"),
                        (("token", "--app", "x"), "expected a GUID"),
                        (("token", "--public-url", "https://h.example"), "a server knows its own")):
        done = sandbox.command(*words, check=False, input='{"nobody":[]}')
        assert done.returncode in (1, 2) and done.stdout == "" and told in done.stderr, words
    stranger = ("--tenant", str(uuid.uuid4()))
    code, told = refusal("import", "-", "--url", sandbox.server.url(), *stranger, input="{}")
    assert code == 1 and told.startswith("connectord: ")


def test_the_tenant_of_the_environment(server, tmp_path):
    (tmp_path / "rules.json").write_text('{"rules":[{"name":"mine","answer":{"status":503}}]}')
    add = ("sandbox", "add", "--url", server.url(), "--clock", "2024-06-01T12:00:00Z")
    done = run(*add, "--faults", "-", "--persona", "flaky", "--persona", "eventual", "--persona",
               "delete-403", "--env", input=(tmp_path / "rules.json").read_text())
    told = dict(re.findall(r"^export (CONNECTORD_\w+)='([^']*)'$", done.stdout, re.M))
    assert list(told) == ["CONNECTORD_URL", "CONNECTORD_TENANT_ID", "CONNECTORD_TOKEN"]
    assert done.stdout.count("\n") == 3
    clock = lines_of(run("clock", env=told))
    assert clock == {"now": "2024-06-01T12:00:00Z", "frozen": True, "moved": True}
    names = [each["name"] for each in lines_of(run("faults", env=told))["rules"]]
    assert names[:2] == ["mine", "flaky-500"] and names[-3:-1] == ["eventual", "delete-403"]
    run("faults", "clear", env=told)
    run("seed", "demo", env=told)
    reply = httpx.get(told["CONNECTORD_URL"] + SET, trust_env=False,
                      headers={"Authorization": f"Bearer {told['CONNECTORD_TOKEN']}"})
    assert reply.json()["value"]
    # A flag, or the address of a tenant, outranks it.
    other = lines_of(run(*add, "--persona", "flaky", "--faults", tmp_path / "rules.json"))
    for words in (("--tenant", DEFAULT_TENANT), ("--url", other["control"])):
        assert lines_of(run("clock", *words, env=told))["moved"] is (words[0] == "--url")
    assert len(lines_of(run("faults", "--url", other["control"]))["rules"]) == 7
    for tenant in (told["CONNECTORD_TENANT_ID"], other["tenant"]):
        run("sandbox", "remove", tenant, "--url", server.url())
    for words, said in ((("--persona", "nobody", "--persona", "flaky"), "no persona"),
                        (("--persona", "nobody"), "no persona"), (("--clock", "x"), "'set'"),
                        (("--faults", "-"), "expected a JSON object"),
                        (("--faults", "-", "--persona", "flaky"), "expected a JSON object"),
                        (("--persona", "flaky", "--persona", "flaky"), "flaky")):
        code, told = refusal(*add[:4], *words, input="[]")
        assert code == 1 and said in told, words
    code, told = refusal("clock", "--url", server.url(), env={"CONNECTORD_TENANT_ID": "x"})
    assert code == 2 and "CONNECTORD_TENANT_ID: expected a GUID" in told


def test_show_and_list_are_one(sandbox):
    for group in ("clock", "faults", "requests", "policy"):
        for word in ("show", "list"):
            sandbox.says(group, word)


def test_a_clock_runs_on(sandbox):
    sandbox.says("clock", "freeze", "2024-06-01T12:00:00Z")
    run_on = sandbox.says("clock", "run")
    assert (run_on["frozen"], run_on["moved"]) == (False, True)
    assert run_on["now"].startswith("2024-06-01T12:00:")


def test_inside_run_over_tls_alone(tmp_path):
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = run("run", "--listen-tls", "127.0.0.1:0", "--", BINARY, "clock", "advance", "-5d",
               env=env)
    assert lines_of(done)["moved"] is True


def test_inside_run_verify_ends_the_test(tmp_path):
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = run("run", BINARY, "requests", "verify", "--at-least", "1", env=env, check=False)
    assert done.returncode == 1 and "expected at least 1 such request, found 0" in done.stderr


# --- what goes wrong ---------------------------------------------------------------------------

def test_nobody_answers(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, told = refusal("clock", "--url", url)
        default = refusal("clock", "--listen", url.removeprefix("http://"))
    assert code == 1 and told.startswith(f"connectord: {url}: ") and told.endswith("refused\n")
    assert default[1].endswith("refused; name the server with --url or CONNECTORD_URL\n")


def test_it_is_off(tmp_path):
    for flags in (("--control", "off"), ("--builtin-issuer", "off")):
        with Server(tmp_path, *flags) as server:
            code, told = refusal("faults", "set", "--persona", "flaky", "--url", server.url())
            assert code == 1 and f"the control API is off at {server.url()}" in told
            assert "--builtin-issuer on" in told and "--control" in told


def test_the_server_says_why(sandbox):
    for words in (("clock", "advance", "soon"), ("faults", "set", "--persona", "nobody"),
                  ("reset", "--keep", "nothing-like-it"),
                  ("policy", "set", "nobody", "on")):
        done = sandbox.command(*words, check=False)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert re.fullmatch(r"connectord: [^{]+\n", done.stderr), done.stderr
    stranger = ("--tenant", str(uuid.uuid4()))
    code, told = refusal("clock", "--url", sandbox.server.url(), *stranger)
    assert code == 1 and "answered" not in told


@pytest.mark.parametrize("words, code, told", [
    (("clock", "frezee"), 2, "did you mean 'clock freeze'?"),
    (("clok",), 2, "did you mean 'clock'?"),
    (("clock", "thaw"), 2, "did you mean 'clock run'?"),
    (("clock", "unfreeze"), 2, "did you mean 'clock run'?"),
    (("requests", "verfy"), 2, "did you mean 'requests verify'?"),
    (("clock", "set", "5d"), 2, "expected a time such as 2024-06-01T12:00:00Z, found '5d'"),
    (("clock", "set"), 2, "expected TIME"),
    (("clock", "advance"), 2, "expected DURATION"),
    (("clock", "advance", ""), 2, "found nothing"),
    (("clock", "--tenant", "x"), 2, "--tenant: expected a GUID"),
    (("clock", "--url", "8080"), 2, "expected a URL such as"),
    (("clock", "--url", "http://h/x"), 2, "without a path, found one with '/x'"),
    (("clock", "--listen", "127.0.0.1:0"), 2, "the settings leave the port to the server"),
    (("clock", "--url", f"http://h/_connectord/tenants/{DEFAULT_TENANT}", "--tenant",
      DEFAULT_TENANT), 2, "names a tenant already"),
    (("faults", "set"), 2, "expected FILE, - or --persona NAME"),
    (("faults", "set", "--persona", "x", "--retry-after", "-1"), 2, "expected seconds or none"),
    (("faults", "set", "x", "--retry-after", "1"), 2, "belongs to --persona"),
    (("faults", "set", "/nowhere.json"), 1, "cannot read '/nowhere.json'"),
    (("faults", "set", "/"), 1, "cannot read '/': Is a directory"),
    (("requests", "list", "--status", "6xx"), 2, "expected a status such as 429 or 4xx"),
    (("requests", "list", "--since", "x"), 2, "--since: expected a number, found 'x'"),
    (("requests", "list", "--app", "x"), 2, "--app: expected a GUID"),
    (("requests", "verify"), 2, "expected one of --exactly N"),
    (("requests", "verify", "--exactly", "1", "--at-most", "1"), 2, "expected one of --exactly N"),
    (("requests", "verify", "--exactly", "-1"), 2, "--exactly: expected a number"),
    (("policy", "set", "ndesConnectors"), 2, "expected SET on|off"),
    (("policy", "set", "ndesConnectors", "maybe"), 2, "expected on or off, found 'maybe'"),
    (("policy", "set", "ndesConnectors", "on", "inactive"), 2, "such as inactive=5d"),
    (("sandbox", "remove", "x"), 2, "expected a tenant's GUID"),
    (("sandbox",), 2, "sandbox remove GUID"),
])
def test_refusals(words, code, told, tmp_path):
    got, said = refusal(*words, env={"XDG_STATE_HOME": str(tmp_path)})
    assert got == code and told in said


def test_a_file_that_is_no_json(tmp_path):
    for content, told in (("{", "byte 1"), ("", "byte 0")):
        (tmp_path / "rules.json").write_text(content)
        code, said = refusal("sandbox", "add", "--policy", tmp_path / "rules.json")
        assert code == 1 and "rules.json: " in said and told in said


# --- the README --------------------------------------------------------------------------------

def test_a_testers_first_hour(tmp_path):
    """The README's section, pasted into the shell that it starts."""
    section = (ROOT / "README.md").read_text().split("## A tester's first hour\n")[1]
    section = section.split("\n## ")[0]
    assert len(section.splitlines()) <= 25
    start, session = re.findall(r"```sh\n(.*?)```", section, re.S)
    assert start == "build/connectord run --seed demo -- sh\n"
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = run("run", "--seed", "demo", "--", "sh", "-e", env=env, cwd=ROOT,
               input=session.replace("build/connectord", f"'{BINARY}'"))
    assert done.stderr == ""
    assert '"state":"inactive"' in done.stdout and '"state":"active"' not in done.stdout
    assert '"verified":true' in done.stdout and '"access_token":' in done.stdout


def test_side_by_side(tmp_path):
    """The example of docs/testing.md: three tenants of one server, at the same time."""
    page = (ROOT / "docs" / "testing.md").read_text().split("## Side by side\n")[1]
    script, = re.findall(r"```sh\n(.*?)```", page.split("\n## ")[0], re.S)
    (tmp_path / "connectord").symlink_to(BINARY.resolve())
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"),
           "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = run("run", "--", "sh", "-e", env=env, input=script)
    assert done.stderr == "" and not (tmp_path / "state").exists()
    assert done.stdout.count('"verified":true') == script.count(" & ") == 3
