"""The examples of the pages on querying, deltas, batches, preferences and repeatable requests, against a
server: each is sent as it stands on its page, so none can go stale. What a page shows of an answer is
looked for in the answer, where "…" and "..." stand for any text."""
import base64
import email.utils
import json
import re
import uuid

import httpx
import pytest

from multipart import answers
from server_process import ROOT, Server, run

SEED = {"ndesConnectors": [
    {"displayName": "NDES Paris", "state": "active", "lastConnectionDateTime": "-4m", "machineName": "paris"},
    {"displayName": "NDES South", "state": "inactive", "lastConnectionDateTime": "-30d", "machineName": "south",
     "roleScopeTagIds": ["0", "7"]}]}
SETS = "/beta/deviceManagement"


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(name):
    """Title of the section, place in it, and text of each block that names no language."""
    for title, section in re.findall(r"^#+ (.*)\n((?:(?!#+ ).*\n?)*)", page(name), re.M):
        for number, text in enumerate(re.findall(r"^```(\w*)\n(.*?)^```$", section, re.M | re.S)):
            if not text[0]:
                yield title, number, text[1].rstrip("\n")


def block(name, title, number=0):
    return next(text for at, place, text in blocks(name) if (at, place) == (title, number))


def shown(text):
    """A pattern of what a page shows of a body."""
    text = re.sub(r"\n\s*", "", text.strip()).replace("0190…", "…")  # an id of those days
    return ".*".join(re.escape(part) for part in re.split(r"…|\.\.\.", text))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    seed = folder / "seed.json"
    seed.write_text(json.dumps(SEED))
    with Server(folder / "store", "--seed", seed) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url(), trust_env=False, timeout=30,
                      headers={"Authorization": f"Bearer {server.token()}"}) as made:
        yield made


@pytest.fixture
def empty(server):
    """A client of a tenant that has nothing yet."""
    with httpx.Client(base_url=server.url(), trust_env=False, timeout=30,
                      headers={"Authorization": f"Bearer {server.token('--tenant', uuid.uuid4())}"}) as made:
        yield made


@pytest.mark.parametrize("name, status", [("querying.md", "200"), ("repeatable-requests.md", "201 201")])
def test_shell(tmp_path, name, status):
    """What is to be pasted into the shell that `connectord run` starts."""
    script, = re.findall(r"^```sh\n(.*?)^```$", page(name), re.M | re.S)
    env = {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = run("run", "--seed", "demo", "--", "sh", "-e", env=env, input=f"curl() {{ command curl -i \"$@\"; }}\n{script}")
    assert re.findall(r"HTTP/1.1 (\d+) ", done.stdout) == status.split(), done.stdout


# --- querying.md --------------------------------------------------------------------------------

OPTIONS = ("$select", "$orderby", "$search", "$apply", "$compute", "$filter")


def expressions():
    """Each line of the blocks of an option, as a list of options by name. Those behind the first are written on the
    page with an `&`, and an alias with words around it."""
    for option in OPTIONS:
        for line in block("querying.md", option).splitlines():
            line = re.sub(r" +with (@.*) as an option of its own$", r"&\1", line)
            first, *more = re.split(r"&(?=[$@]\w+=)", line)
            yield [(option, first), *(tuple(each.split("=", 1)) for each in more)]


@pytest.mark.parametrize("options", expressions(), ids=lambda options: options[0][0] + "=" + options[0][1][:40])
def test_expression(client, options):
    answer = client.get(f"{SETS}/ndesConnectors", params=options)
    assert answer.status_code == 200, answer.text


def conditions():
    """What the section on $filter says between its lines, made whole where it is a part of a condition."""
    section = page("querying.md").split("\n## $filter\n")[1].split("\n## ")[0]
    for text, whole in (("in ('a','b')", "displayName {}"), ('in ["a","b"]', "displayName {}"),
                        ("$count($filter=$this eq '0')", "roleScopeTagIds/{} eq 1"),
                        ("$filter($this eq '0')/$count", "roleScopeTagIds/{} eq 1"),
                        ("microsoft.graph.ndesConnector/displayName", "{} eq 'x'"),
                        ("cast('P1D',Edm.Duration)", "now() sub lastConnectionDateTime gt {}"),
                        ("microsoft.graph.ndesConnectorState'active'", "state eq {}"),
                        ("duration'P1DT2H'", "now() sub lastConnectionDateTime gt {}"),
                        ("not (state eq 'none')", "{}"), ("not contains(displayName,'x')", "{}"),
                        ("not (displayName eq 'x')", "{}"), ("'0' in roleScopeTagIds", "{}"),
                        ('hassubset(roleScopeTagIds,["0","7"])', "{}"), ('roleScopeTagIds eq ["0","7"]', "{}")):
        assert f"`{text}`" in section, text
        yield whole.format(text)


@pytest.mark.parametrize("text", conditions())
def test_condition(client, text):
    answer = client.get(f"{SETS}/ndesConnectors", params={"$filter": text})
    assert answer.status_code == 200, answer.text


def test_filter_mistakes(client):
    """The messages at the end of the page, each from the filter that stands in front of it or in it."""
    told = block("querying.md", "$filter", 1).splitlines()
    for text, message in zip(("not foo", "state eq 'active"), told, strict=True):
        error = client.get(f"{SETS}/ndesConnectors", params={"$filter": text}).json()["error"]
        assert error["message"] == message


def requests_of(text):
    """The requests of a block: method, address, headers, body. One that has none goes on to the next line."""
    for part in re.split(r"\n(?=(?:GET|POST|PATCH|PUT|DELETE) /)", text):
        head, _, body = part.partition("\n\n")
        line, *fields = head.splitlines()
        method, target = line.removesuffix(" HTTP/1.1").split(" ", 1)
        yield method, target, dict(field.split(": ", 1) for field in fields), body


@pytest.mark.parametrize("method, target, headers, body", requests_of(block("querying.md", "Addresses")))
def test_address(client, method, target, headers, body):
    known = client.get(f"{SETS}/ndesConnectors", params={"$top": 1}).json()["value"][0]["id"]
    target = target.replace("{id}", known)
    answer = client.request(method, target, headers=headers, content=body or None)
    if "(@k)" in target:     # a key that nobody made: not found, and not misread
        assert answer.status_code == 404, answer.text
        assert "a/b" in answer.text
        answer = client.get(re.sub("'.*'", f"'{known}'", target))
    assert answer.status_code == 200, answer.text


# --- delta.md -----------------------------------------------------------------------------------

def whole(text, pattern):
    assert re.fullmatch(shown(pattern), text), f"{text}\n is not what the page shows:\n{pattern}"


def test_delta(empty):
    first, answer = block("delta.md", "Delta queries").split("\n\n")
    made = empty.post(f"{SETS}/ndesConnectors", json={"displayName": "NDES01", "state": "active"}).json()
    (method, target, headers, _), = requests_of(first)
    round_one = empty.request(method, target, headers=headers)
    whole(round_one.text, answer)
    assert "delta" in round_one.headers["x-connectord-beyond-graph"]

    address = f"{SETS}/ndesConnectors/{made['id']}"
    empty.patch(address, json={"displayName": "NDES02"})
    minimal = empty.get(round_one.json()["@odata.deltaLink"], headers={"Prefer": "return=minimal"})
    whole(json.dumps(minimal.json()["value"], separators=(",", ":")), f"[{block('delta.md', 'Only what changed')}]")
    assert minimal.headers["Preference-Applied"] == "return=minimal"

    removed = dict(re.findall(r"^\| (deleted|left out by `\$filter` now) \| `(.*)` \|$", page("delta.md"), re.M))
    empty.delete(address)
    gone = empty.get(minimal.json()["@odata.deltaLink"]).json()["value"]
    whole(json.dumps(gone, separators=(",", ":")), f"[{removed['deleted']}]")
    changed = empty.get(f"{SETS}/ndesConnectors/delta", params={"$filter": "state eq 'active'"}).json()
    made = empty.post(f"{SETS}/ndesConnectors", json={"state": "inactive"}).json()
    gone = empty.get(changed["@odata.deltaLink"]).json()["value"]
    assert made["id"] == gone[0]["id"]
    whole(json.dumps(gone, separators=(",", ":")), f"[{removed['left out by `$filter` now']}]")


def test_a_delta_that_ended(empty):
    """The address of the 410, after the eight days that it takes."""
    (_, target, _, _), = requests_of(block("delta.md", "Delta queries").split("\n\n")[0])
    link = empty.get(target).json()["@odata.deltaLink"]
    tenant = empty.headers["Authorization"].split(".")[1]
    tenant = json.loads(base64.urlsafe_b64decode(tenant + "=="))["tid"]
    clock = f"/_connectord/tenants/{tenant}/clock"
    assert empty.put(clock, json={"advance": "8d"}).status_code == 200
    head, body = block("delta.md", "When a token ends").split("\n\n")
    line, location = head.splitlines()
    answer = empty.get(link)
    assert f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}" == line
    whole(answer.text, body)
    whole(f"Location: {answer.headers['Location']}", location)
    assert empty.get(answer.headers["Location"]).status_code == 200


def test_a_tracked_list(empty):
    (method, target, headers, _), = requests_of(block("delta.md", "A list that is tracked"))
    answer = empty.request(method, target, headers=headers)
    assert answer.headers["Preference-Applied"] == "odata.track-changes"
    assert empty.get(answer.json()["@odata.deltaLink"]).status_code == 200


# --- batch.md -----------------------------------------------------------------------------------

def test_batch(empty):
    (method, target, headers, body), = requests_of(block("batch.md", "JSON batches"))
    body, answer = body.split("\n\n")
    whole(empty.request(method, target, headers=headers, content=body).text, answer.replace("https://...", "http://..."))


def test_atomicity_group(empty):
    answer = empty.post("/beta/$batch", headers={"Content-Type": "application/json"},
                        content=block("batch.md", "Atomicity groups")).json()["responses"]
    assert [each["status"] for each in answer] == [201, 200, 200]
    assert (answer[2]["body"]["displayName"], answer[2]["body"]["machineName"]) == ("NDES-01", "host")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_multipart_batch(empty, ending):
    """Behind the head of the block everything is body, requests of its own among it."""
    head, _, body = block("batch.md", "Multipart batches").partition("\n\n")
    (method, target, headers, _), = requests_of(head)
    answer = empty.request(method, target, headers=headers, content=body.replace("\n", ending))
    assert answer.status_code == 200, answer.text
    (made, changed), read = answers(answer.headers["Content-Type"], answer.content)
    assert (made.status, changed.status, read.status) == (201, 200, 200)
    assert [each["machineName"] for each in read.json()["value"]] == ["host"]


# --- conditions.md ------------------------------------------------------------------------------

def preferences():
    """Preference, and what it goes with, of each row of the table."""
    table = page("conditions.md").split("| preference | with | what |")[1].split("\n\n")[0]
    for names, method in re.findall(r"^\| (`.*?`) \| (.*?) \|", table, re.M):
        yield from ((name.replace("=n", "=1"), method) for name in re.findall("`(.*?)`", names))


def said_with(client, preference, method):
    """The reply to a request of that kind with this preference."""
    headers = {"Prefer": preference}
    sets = f"{SETS}/ndesConnectors"
    made = client.post(sets, json={"displayName": "one"}).json()["id"]
    link = client.get(f"{sets}/delta").json()["@odata.deltaLink"]
    client.patch(f"{sets}/{made}", json={"displayName": "two"})
    sent = {"`GET` of a set, and of its `/delta`": ("GET", sets, None), "`GET` of a set": ("GET", sets, None),
            "`GET` of a deltaLink": ("GET", link, None), "`POST`, `PATCH` of an entity": ("POST", sets, {}),
            "the same": ("PATCH", f"{sets}/{made}", {}),
            "`PUT`, `PATCH` of a property": ("PUT", f"{sets}/{made}/displayName", {"value": "x"}),
            "`PATCH`": ("PATCH", f"{sets}/{uuid.uuid4()}", {}), "whatever shows or takes members": ("GET", sets, None)}
    return client.request(*sent[method][:2], json=sent[method][2], headers=headers)


@pytest.mark.parametrize("preference, method", preferences())
def test_preference(empty, preference, method):
    answer = said_with(empty, preference, method)
    assert answer.is_success, answer.text
    assert answer.headers["Preference-Applied"] == preference


# --- repeatable-requests.md ---------------------------------------------------------------------

def test_repeatable_request(empty):
    (method, target, headers, body), = requests_of(block("repeatable-requests.md", "Repeatable requests"))
    assert email.utils.parsedate_to_datetime(headers["Repeatability-First-Sent"]) and len(body)
    headers["Repeatability-First-Sent"] = email.utils.formatdate(usegmt=True)
    first, again = (empty.request(method, target, headers=headers, content=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201) and again.content == first.content
    assert empty.get(f"{target}/$count").text == "1"
