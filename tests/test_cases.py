"""Runs the cases of cases/*.json: requests and the replies expected, as data.

Each case runs three times: on a server with its store in a file over HTTP, and on ones with their
stores in memory over HTTPS, by HTTP/1.1 and by HTTP/2 ("h2", which -k "not h2]" leaves out). A file:

    "about"     what its cases are about
    "flags"     of the server, which files with the same flags share; default: none
    "stores"    ["file"] when the cases need a store that the command line can open beside the server;
                a case may have its own
    "values"    {NAME: value} for all its cases
    "tokens"    {name: token}, further tokens by name; see below
    "setup"     steps that run once before the file's first case; what they save, its cases see
    "cases"     a list of cases

A case is {"name", "steps": [step...]}, or a step with a name. With "columns" and "rows" it is a case
for each row, the columns being names that stand for the row's values; its name must tell them apart.

In every text ${NAME} stands for a value: one saved by an earlier step, a column's, one of the file's
"values", or ORIGIN and HOST (of the server), TENANT (of most tokens), NEW_TENANT (another one for each
case), GUID (a regular expression). Values may hold further names. A text that is nothing but ${NAME}
becomes the value itself, of any type. ${NAME:upper} is its text in capitals.

A step is one of three kinds. A request:

    "request"   "METHOD /path?query", sent byte for byte; or "METHOD ${url}", a URL of this server
    "token"     a name: "all" (default: all permissions), "none", "other" (all, another tenant),
                "new" (all, ${NEW_TENANT}), or one of the file's "tokens"
    "headers"   request fields; null removes one
    "again"     request fields that are sent beside the others, a second time or not
    "json"      the body as JSON, or "body": its text, "hex": its bytes, "form": {name: value}
                ("body" and "headers": a text may be a list of texts and of [text, times])
    "type"      the body's Content-Type; null: none
    "times"     how often it is sent; the last reply counts
    "status"    of the reply
    "reply"     exactly these members, in this order, at every level
    "holds"     members that the reply has among others, in this order, at every level; lists whole
    "absent"    members that it does not have
    "text"      the reply's body as text
    "error"     {"code", "message", "target"}: exactly these in Graph's envelope; no "target", or
                null: none
    "oauth"     {"error", "code", "message"}: exactly these in the token service's shape
    "fields"    reply fields; null: not there
    "save"      {NAME: "member/path"} of the reply ("": all of it); "field:name" is a reply field;
                [path, regular expression] saves what its group matches

An expected text between slashes is a regular expression for the whole value. A list of pages:

    "walk"      "GET /path?query" of the first page; every nextLink is followed as it stands
    "headers"   as above, and sent with every page
    "sizes"     how many entities each page has
    "keeps"     texts that every nextLink has in it
    "context"   of every page
    "items"     what all the pages hold, in their order, each as "reply" compares it

And a command beside the running server:

    "run"       ["tenant", "license", ...], arguments of connectord; its --data-dir is added
    "save"      {NAME: "member/path"} of the JSON that it prints

A token of "tokens" is what "connectord token" makes with the "flags", for the default tenant. The
members of "header" and "claims" are put over its own (null removes one), and it is signed again,
unless "signature" is given: its text, or "kept". "foreign" is signed with another folder's key.
"""
import base64
import contextlib
import json
import re
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from conftest import log_in
from server_process import DEFAULT_TENANT, OTHER_TENANT, Server, run

DIRECTORY = Path(__file__).parent / "cases"
WHERE = [("file", "http"), ("memory", "https"), ("memory", "h2")]
NAME = re.compile(r"\$\{(\w+)(:upper)?\}")
GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


# --- the data ---------------------------------------------------------------------------------

def spelled(value, capitals):
    return str(value).upper() if capitals else str(value)


def fill_in(value, names):
    """`value` with every ${name} in it replaced."""
    if isinstance(value, str):
        whole = NAME.fullmatch(value)
        if whole and not whole[2]:
            return fill_in(names[whole[1]], names)
        return NAME.sub(lambda m: spelled(fill_in(names[m[1]], names), m[2]), value)
    if isinstance(value, list):
        return [fill_in(item, names) for item in value]
    if isinstance(value, dict):
        return {fill_in(k, names): fill_in(v, names) for k, v in value.items()}
    return value


class CaseFile:
    """One file of cases, its tables spread out."""

    def __init__(self, path):
        data = json.loads(path.read_text())
        self.name = path.stem
        self.flags = tuple(data.get("flags", []))
        self.stores = data.get("stores", ["file", "memory"])
        self.values = data.get("values", {})
        self.tokens = data.get("tokens", {})
        self.setup = data.get("setup", [])
        self.cases = [c for case in data["cases"] for c in self.spread(case)]
        names = [case["name"] for case in self.cases]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, f"{path}: more than one case is called {twice}"

    @staticmethod
    def spread(case):
        if "rows" not in case:
            return [{**case, "names": {}}]
        rows = []
        for row in case["rows"]:
            assert len(row) == len(case["columns"]), f"{case['name']}: {row}"
            names = dict(zip(case["columns"], row))
            title = re.sub(r"\$\{(\w+)\}", lambda m: str(names[m[1]]), case["name"])
            rows.append({**case, "names": names, "name": title.replace("${", "{")})
        return rows


def pytest_generate_tests(metafunc):
    if metafunc.function is test_case:
        metafunc.parametrize("file, case, store, scheme", [
            pytest.param(file, case, store, scheme, id=f"{file.name}: {case['name']} [{scheme}]")
            for file in map(CaseFile, sorted(DIRECTORY.glob("*.json")))
            for store, scheme in WHERE
            for case in file.cases if store in case.get("stores", file.stores)])


# --- servers and tokens -----------------------------------------------------------------------

class Stage:
    """A running server, a client over one transport, and the tokens fetched for it."""

    def __init__(self, folder, store, scheme, flags):
        self.store, self.scheme = store, scheme
        self.server = Server(folder, *(["--memory"] if store == "memory" else []), *flags).start()
        verify = True
        if scheme != "http":
            ca_file = folder / "ca-export.pem"
            ca_file.write_text(run("ca", "export", "--data-dir", folder).stdout)
            verify = str(ca_file)
        self.origin = self.server.url("http" if scheme == "http" else "https")
        self.client = httpx.Client(verify=verify, timeout=30, trust_env=False, http2=scheme == "h2")
        self.foreign_folder = folder.parent / f"{folder.name}-foreign"
        self.tokens = {}
        self.saved = {}  # by file: what its setup saved

    def fetch(self, tenant):
        client = self.client
        client.base_url = self.origin
        reply = log_in(client, tenant)
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    def token(self, file, name, names):
        tenants = {"all": DEFAULT_TENANT, "other": OTHER_TENANT, "new": names["NEW_TENANT"]}
        key = tenants.get(name, (file.name, name))
        if key not in self.tokens:
            self.tokens[key] = self.fetch(key) if name in tenants else \
                self.make_token(fill_in(file.tokens[name], names))
        return self.tokens[key]

    def make_token(self, spec):
        folder = self.foreign_folder if spec.get("foreign") else self.server.data_dir
        token = run("token", "--data-dir", folder, *spec.get("flags", [])).stdout.strip()
        if not {"claims", "header", "signature"} & set(spec):
            return token
        parts = [json.loads(base64.urlsafe_b64decode(p + "==")) for p in token.split(".")[:2]]
        for part, changes in zip(parts, (spec.get("header", {}), spec.get("claims", {}))):
            part.update(changes)
            for name in [n for n, value in part.items() if value is None]:
                del part[name]
        message = b".".join(base64url(json.dumps(part).encode()) for part in parts).decode()
        signature = spec.get("signature")
        if signature == "kept":
            signature = token.split(".")[2]
        elif signature is None:
            signature = base64url(self.sign(message.encode())).decode()
        return f"{message}.{signature}"

    def sign(self, message):
        key = self.server.data_dir / "keys" / "issuer.pem"
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=message,
                              capture_output=True, check=True, timeout=60).stdout

    def close(self):
        self.client.close()
        try:
            assert self.server.stop() == 0
        finally:
            if self.server.process.poll() is None:
                self.server.kill()
        failures = [e for e in self.server.events
                    if e.get("event") == "request_failed" and e.get("status") == 500]
        assert not failures, "a 500 is a bug of the server"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """The stage for (store, scheme, flags), made when it is first asked for."""
    made = {}
    with contextlib.ExitStack() as closing:
        def get(*key):
            if key not in made:
                made[key] = Stage(tmp_path_factory.mktemp("cases"), *key)
                closing.callback(made[key].close)
            return made[key]

        yield get


# --- comparing --------------------------------------------------------------------------------

def assert_same(got, want, where, whole):
    """`whole`: objects have no other members than those wanted."""
    if isinstance(want, dict):
        assert isinstance(got, dict), f"{where}: {got!r} is no object"
        order = list(got) if whole else [name for name in got if name in want]
        assert order == list(want), f"{where}: members {order}, expected {list(want)}"
        for name, value in want.items():
            assert_same(got[name], value, f"{where}.{name}", whole)
    elif isinstance(want, list):
        assert isinstance(got, list) and len(got) == len(want), f"{where}: {got!r}"
        for index, value in enumerate(want):
            assert_same(got[index], value, f"{where}[{index}]", whole)
    elif isinstance(want, str) and len(want) > 2 and want[0] == want[-1] == "/":
        assert isinstance(got, str) and re.fullmatch(want[1:-1], got), \
            f"{where}: {got!r} does not match {want}"
    else:
        assert got == want and type(got) is type(want), f"{where}: {got!r}, expected {want!r}"


def check_error(reply, want):
    want = {name: value for name, value in want.items() if value is not None}
    assert reply.headers["content-type"] == "application/json"
    assert "odata-version" not in reply.headers
    body = reply.json()
    assert list(body) == ["error"]
    assert_same({k: v for k, v in body["error"].items() if k != "innerError"}, want, "error", True)
    assert list(body["error"])[-1] == "innerError"
    inner = {"date": r"/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/",
             "request-id": reply.headers["request-id"],
             "client-request-id": reply.headers["client-request-id"]}
    if want["code"] == "ModelValidationFailure":
        inner = {"message": body["error"]["message"], **inner}
    assert_same(body["error"]["innerError"], inner, "innerError", True)


def check_oauth(reply, want):
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert_same(reply.json(), {
        "error": want["error"],
        "error_description": f"AADSTS{want['code']}: {want['message']}",
        "error_codes": [want["code"]],
        "timestamp": r"/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/",
        "trace_id": reply.headers["request-id"],
        "correlation_id": reply.headers["client-request-id"]}, "reply", True)


def find(reply, path):
    if path.startswith("field:"):
        return reply.headers[path[6:]]
    return follow(reply.json(), path)


def follow(value, path):
    for name in path.split("/") if path else []:
        value = value[int(name) if isinstance(value, list) else name]
    return value


def check(step, reply, method, names):
    assert reply.status_code == step["status"], reply.text
    assert re.fullmatch(GUID, reply.headers["request-id"])
    if method == "HEAD" or reply.status_code == 204:
        assert reply.content == b""
    if reply.status_code == 204:
        assert "content-type" not in reply.headers
    for name, want in fill_in(step.get("fields", {}), names).items():
        assert_same(reply.headers.get(name), want, f"field {name}", True)
    if "error" in step:
        check_error(reply, fill_in(step["error"], names))
    if "oauth" in step:
        check_oauth(reply, fill_in(step["oauth"], names))
    if "text" in step:
        assert_same(reply.text, fill_in(step["text"], names), "body", True)
    if "reply" in step:
        assert_same(reply.json(), fill_in(step["reply"], names), "reply", True)
    if "holds" in step:
        assert_same(reply.json(), fill_in(step["holds"], names), "reply", False)
    for name in step.get("absent", []):
        assert name not in reply.json(), name


# --- running ----------------------------------------------------------------------------------

def join(text):
    """A text, or a list of texts and of [text, times]."""
    if isinstance(text, str):
        return text
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in text)


def body_of(step, names):
    """The bytes of the body and its Content-Type, (None, None) for none."""
    if "json" in step:
        return json.dumps(fill_in(step["json"], names)).encode(), "application/json"
    if "form" in step:
        return urlencode(fill_in(step["form"], names)).encode(), "application/x-www-form-urlencoded"
    if "hex" in step:
        return bytes.fromhex(fill_in(step["hex"], names)), "application/json"
    if "body" not in step:
        return None, None
    return join(fill_in(step["body"], names)).encode(), "application/json"


def send(stage, file, step, names, method, target):
    content, content_type = body_of(step, names)
    headers = {}
    token = fill_in(step.get("token", "all"), names)
    if token != "none":
        headers["Authorization"] = f"Bearer {stage.token(file, token, names)}"
    if content is not None:
        headers["Content-Type"] = content_type
    given = {"Content-Type": step["type"]} if "type" in step else {}
    for name, value in {**given, **fill_in(step.get("headers", {}), names)}.items():
        headers.pop(name, None)
        value = fill_in(value, names)
        if value is not None:
            headers[name] = join(value)
    headers = [*headers.items(), *fill_in(step.get("again", {}), names).items()]
    # httpcore waits for the window of a stream that was answered and reset while it still sends, and
    # sees neither: where that took longer than the server lingers the request is made again.
    attempts = 3 if stage.scheme == "h2" and content and len(content) > 1 << 20 else 1
    for left in reversed(range(attempts)):
        try:
            # The target goes out as it stands: a URL type would tidy what a case means to send.
            return stage.client.request(method, stage.origin, content=content, headers=headers,
                                        extensions={"target": target.encode()})
        except httpx.ReadTimeout:
            if not left:
                raise


def target_of(stage, url):
    """What to ask for to get `url`, which may be the path alone."""
    if url.startswith("/"):
        return url
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == stage.origin, url
    return url[len(stage.origin):]


def run_request(stage, file, step, names):
    method, url = fill_in(step["request"], names).split(" ", 1)
    for _ in range(step.get("times", 1)):
        reply = send(stage, file, step, names, method, target_of(stage, url))
    filled = {**step, "status": fill_in(step["status"], names)}
    check(filled, reply, method, names)
    for name, place in step.get("save", {}).items():
        if isinstance(place, str):
            names[name] = find(reply, place)
        else:
            names[name] = re.search(place[1], find(reply, place[0]))[1]


def run_walk(stage, file, step, names):
    method, url = fill_in(step["walk"], names).split(" ", 1)
    expected = fill_in(step["sizes"], names)
    sizes, items = [], []
    while url:
        reply = send(stage, file, step, names, method, target_of(stage, url))
        check({**step, "status": 200}, reply, method, names)
        page = reply.json()
        if "context" in step:
            assert page["@odata.context"] == fill_in(step["context"], names)
        sizes.append(len(page["value"]))
        items += page["value"]
        url = page.get("@odata.nextLink")
        for text in fill_in(step.get("keeps", []), names) if url else []:
            assert text in url, f"{text!r} is not in {url}"
        assert len(sizes) <= len(expected), f"more pages than expected: {sizes}, then {url}"
    assert sizes == expected
    if "items" in step:
        assert_same(items, fill_in(step["items"], names), "items", True)


def run_command(stage, file, step, names):
    done = run(*fill_in(step["run"], names), "--data-dir", stage.server.data_dir)
    for name, path in step.get("save", {}).items():
        names[name] = follow(json.loads(done.stdout), path)


OF_CASES = {"name", "names", "columns", "rows", "stores"}
OF_REQUESTS = {"token", "headers", "again", "json", "body", "hex", "form", "type", "fields"}
STEPS = {
    "request": (run_request, OF_REQUESTS | {"times", "status", "reply", "holds", "absent", "text",
                                            "error", "oauth", "save"}),
    "walk": (run_walk, OF_REQUESTS | {"sizes", "keeps", "context", "items"}),
    "run": (run_command, {"save"}),
}


def run_step(stage, file, step, names):
    kind, = set(STEPS) & set(step)
    run_it, members = STEPS[kind]
    unknown = set(step) - members - OF_CASES - {kind}
    assert not unknown, f"a step has no {unknown}"
    run_it(stage, file, step, names)


def test_case(stages, file, case, store, scheme):
    stage = stages(store, scheme, file.flags)
    base = {"ORIGIN": stage.origin, "HOST": urlsplit(stage.origin).netloc, "TENANT": DEFAULT_TENANT,
            "GUID": GUID, **file.values}
    if file.name not in stage.saved:
        names = {**base, "NEW_TENANT": str(uuid.uuid4())}
        for step in file.setup:
            run_step(stage, file, step, names)
        stage.saved[file.name] = names
    names = {**stage.saved[file.name], "NEW_TENANT": str(uuid.uuid4()), **case["names"]}
    for step in case.get("steps", [case]):
        run_step(stage, file, step, names)
