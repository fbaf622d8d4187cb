"""docs/api-coverage.md: a row for each thing that a client of Graph or OData can ask for, with a test that
proves what it says. Here the rows are held against what the server tells of itself, its source, and the
lists of OData's conformance levels; and each test that they name has to be there.

A row is "| `what` | words | status | proofs |". A proof is one of

    tests/test_batch.py::test_order             a function of that file
    cases/batch.json#the example of the page    a case by its name, as it stands in the file
    odata/path:test_found                       a function of src/odata/path_test.c that is run

What is offered anew fails here until it has its row; the failure is the row to be filled in."""
import ast
import functools
import json
import re
from typing import NamedTuple

import httpx
import pytest

from csdl import as_json
from server_process import ROOT, Server
from test_capabilities import WORDS

PAGE = ROOT / "docs" / "api-coverage.md"
METHODS = ("get", "post", "put", "patch", "delete")
VERSIONS = ["v1.0", "beta"]

# How many items each level's list has; of C-min 9 the parts stand by themselves.
LEVELS = {"B-min": 33, "B-int": 17, "B-adv": 16, "C-min": 27, "C-int": 11, "C-adv": 10}
PARTS = {"C-min 9": "abcdefghijklmn"}

# Of RFC 7240, OData 4.01 and Graph's guidelines.
PREFERENCES = {
    "odata.allow-entityreferences", "odata.callback", "odata.continue-on-error",
    "odata.include-annotations", "odata.maxpagesize", "odata.omit-values", "odata.track-changes",
    "return", "respond-async", "wait", "handling", "include-unknown-enum-members", "create-if-missing"}


class Row(NamedTuple):
    name: str
    words: str
    status: str
    proofs: list

    @property
    def is_offered(self):
        return self.status == "yes" or self.status.startswith("beyond Graph: ")


def read_page():
    sections = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        rows = sections.setdefault(heading, [])
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if line.startswith("| ") and not set(line) <= set("|- ") and cells[-1] != "proof":
                assert len(cells) == 4, f"a row has four cells: {line}"
                rows.append(Row(cells[0].strip("`"), *cells[1:3], re.findall("`([^`]+)`", cells[3])))
    return sections


SECTIONS = read_page()
ROWS = [(heading, row) for heading, rows in SECTIONS.items() for row in rows]


def check_rows(heading, wanted, exactly=True):
    """The section has a row for each name of `wanted`, and for nothing else. A dict tells the words."""
    have = [row.name for row in SECTIONS[heading]]
    told = wanted if isinstance(wanted, dict) else {}
    found = [f"| `{name}` | {told.get(name, '...')} | yes | `tests/test_....py::test_...` |"
             for name in sorted(set(wanted) - set(have))]
    if found:
        pytest.fail(f"docs/api-coverage.md, '## {heading}', lacks:\n" + "\n".join(found))
    extra = sorted(set(have) - set(wanted)) if exactly else []
    assert not extra, f"docs/api-coverage.md, '## {heading}', has rows for what there is not: {extra}"


def check_status(heading, offered):
    """What is offered is said to be, and nothing else."""
    for row in SECTIONS[heading]:
        assert row.is_offered == (row.name in offered), \
            f"docs/api-coverage.md, '## {heading}': `{row.name}` says '{row.status}', and is " \
            f"{'' if row.name in offered else 'not '}offered"


# --- the page by itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("heading", SECTIONS)
def test_names_stand_once(heading):
    names = [row.name for row in SECTIONS[heading]]
    assert names and len(names) == len(set(names)), {name for name in names if names.count(name) > 1}


def test_statuses():
    beyond = beyond_ids()
    for heading, row in ROWS:
        kind, _, reason = row.status.partition(": ")
        where = f"'## {heading}', `{row.name}`: {row.status}"
        assert kind in ("yes", "no", "n/a", "beyond Graph") and bool(reason) == (kind != "yes"), where
        assert kind != "beyond Graph" or reason in beyond, where
        assert row.proofs, f"{where}: no test is named"


# --- the proofs -------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def functions_of(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@functools.lru_cache(maxsize=None)
def cases_of(name):
    cases = json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8"))["cases"]
    return {case["name"]: case for case in cases}


@functools.lru_cache(maxsize=None)
def unit_tests_of(name):
    text = (ROOT / "src" / f"{name}_test.c").read_text(encoding="utf-8")
    return set(re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", text))


def is_there(proof):
    try:
        if "::" in proof:
            path, name = proof.split("::")
            return name.startswith("test_") and name in functions_of(path)
        if proof.startswith("cases/"):
            path, name = proof.removeprefix("cases/").split("#", 1)
            return name in cases_of(path)
        path, name = proof.split(":")
        return name in unit_tests_of(path)
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize("heading", SECTIONS)
def test_proofs_are_there(heading):
    lost = [f"`{row.name}`: {proof}" for row in SECTIONS[heading] for proof in row.proofs
            if not is_there(proof)]
    assert not lost, f"docs/api-coverage.md, '## {heading}', names tests that there are not:\n" + \
        "\n".join(lost)


@pytest.mark.parametrize("proof", [
    "tests/test_none.py::test_x", "tests/test_batch.py::test_none", "tests/test_batch.py::reply_of",
    "cases/none.json#x", "cases/batch.json#none", "odata/none:test_x", "odata/path:test_none", "x", ""])
def test_proofs_that_are_not_there(proof):
    assert not is_there(proof)


def text_of(proof):
    """Where a proof would name what it is about."""
    if "::" in proof:
        return (ROOT / proof.split("::")[0]).read_text(encoding="utf-8")
    if proof.startswith("cases/"):
        path, name = proof.removeprefix("cases/").split("#", 1)
        return json.dumps([cases_of(path)[name], values_of(path)])
    return (ROOT / "src" / f"{proof.split(':')[0]}_test.c").read_text(encoding="utf-8")


@functools.lru_cache(maxsize=None)
def values_of(name):
    return json.loads((ROOT / "tests" / "cases" / name).read_text(encoding="utf-8")).get("values")


@pytest.mark.parametrize("heading", [
    "Query options", "Words of $filter", "Fields of requests", "Fields of replies", "Preferences"])
def test_proofs_name_what_they_prove(heading):
    """One of a row's at least. Of the others, paths are made of values, and items are wordings."""
    for row in SECTIONS[heading]:
        name = re.escape(row.name.removeprefix("$").removeprefix("odata."))
        assert any(re.search(rf"\b{name}\b", text_of(proof), re.I) for proof in row.proofs), \
            f"docs/api-coverage.md, '## {heading}': no proof of `{row.name}` speaks of it"


# --- what the server tells of itself ----------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def documents(server):
    """Of each version: the OpenAPI document and the CSDL as JSON."""
    found = {}
    for version in VERSIONS:
        base = f"{server.url()}/{version}"
        found[version] = (
            httpx.get(f"{base}/openapi.json", trust_env=False).raise_for_status().json(),
            as_json(httpx.get(f"{base}/$metadata", trust_env=False).text)["microsoft.graph"])
    return found


def plain_path(path, schema):
    """With one spelling of keys, and one for all properties of a type's entities, which $metadata lists
    and tests/test_openapi.py looks for."""
    found = re.fullmatch(r"(.*)/\{(\w+)-id\}(?:/(\w+)(/\$(?:value|count))?)?", path)
    if not found:
        return path
    before, kind, name, behind = found.groups()
    if name == "id" or name and name in schema[kind]:
        name = "{property}"
    return f"{before}/{{id}}" + (f"/{name}" if name else "") + (behind or "")


def test_operations(documents):
    versions = {}
    for version, (openapi, schema) in documents.items():
        for path, item in openapi["paths"].items():
            for method in METHODS:
                if method in item:
                    name = f"{method.upper()} {plain_path(path, schema)}"
                    versions.setdefault(name, {})[version] = True
    versions = {name: ", ".join(found) for name, found in versions.items()}
    check_rows("Operations", versions)
    check_status("Operations", versions)
    for row in SECTIONS["Operations"]:
        assert row.words == versions[row.name], \
            f"docs/api-coverage.md: `{row.name}` says '{row.words}' and is in {versions[row.name]}"


def parameters(documents, place):
    """The names of all parameters that stand there."""
    found = set()
    for openapi, _ in documents.values():
        for item in openapi["paths"].values():
            for operation in (item[method] for method in METHODS if method in item):
                for each in operation.get("parameters", ()):
                    if "$ref" in each:
                        each = openapi["components"]["parameters"][each["$ref"].split("/")[-1]]
                    if each["in"] == place:
                        found.add(each["name"])
    return found


def test_options(documents):
    text = (ROOT / "src" / "odata" / "option_table.c").read_text(encoding="utf-8")
    offered = parameters(documents, "query")
    check_rows("Query options", offered | set(re.findall(r'SLICE_INIT\("(\$\w+)"\)', text)))
    check_status("Query options", offered)


def test_filter_words(documents):
    for _, schema in documents.values():
        terms = schema["$Annotations"]["microsoft.graph.GraphService"]
        offered = set(terms["@Org.OData.Capabilities.V1.FilterFunctions"])
        check_rows("Words of $filter", offered | {word.lower() for word in WORDS})
        check_status("Words of $filter", offered)


def source_of(part):
    files = sorted((ROOT / "src" / part).glob("*.c"))
    return "\n".join(each.read_text(encoding="utf-8") for each in files
                     if not re.match(r"control|oauth|.*_test", each.stem))


def test_request_fields(documents):
    """Those that the document has, and those that the source looks for."""
    source = source_of("http")
    compared = r"(?:request->fields\[\w+\]\.|field->)name, "
    read = set(re.findall(rf'(?:http_request_(?:field|has)\([^;"]*|{compared})SLICE\("([\w-]+)"', source))
    for name in re.findall(rf"{compared}([A-Z_]+)\)", source):
        read |= set(re.findall(rf'#define {name} +SLICE\("([\w-]+)"\)', source))
    assert {"Prefer", "Accept", "OData-Version"} <= read
    spelled = {row.name.lower(): row.name for row in SECTIONS["Fields of requests"]}
    wanted = read - {"Vary"} | parameters(documents, "header")  # of a reply: more is written behind it
    check_rows("Fields of requests", {spelled.get(name.lower(), name) for name in wanted}, exactly=False)


def test_reply_fields(server, documents):
    """Those of some replies, those that a page may read, those that the document has; and of those with
    a row that is offered, each is somewhere in the source."""
    token, page = {"Authorization": f"Bearer {server.token()}"}, {"Origin": "http://page.example"}
    path = f"{server.url()}/beta/deviceManagement/ndesConnectors"
    replies = [httpx.request(method, path, headers={**token, **headers}, json=body, trust_env=False)
               for method, headers, body in [
                   ("GET", {"Prefer": "odata.maxpagesize=1", **page}, None), ("POST", page, {}),
                   ("PUT", {}, {}), ("GET", {"Authorization": ""}, None),
                   ("OPTIONS", {**page, "Access-Control-Request-Method": "GET",
                                "Access-Control-Request-Headers": "x"}, None)]]
    replies.append(httpx.get(f"{server.url()}/beta/openapi.json", trust_env=False))
    wanted = {name.lower() for reply in replies for name in reply.headers}
    for reply in replies:
        exposed = reply.headers.get("access-control-expose-headers", "")
        wanted |= {name.strip().lower() for name in exposed.split(",") if name}
    for openapi, _ in documents.values():
        wanted |= {name.lower() for item in openapi["paths"].values() for method in METHODS
                   for response in item.get(method, {}).get("responses", {}).values()
                   for name in response.get("headers", {})}
        wanted |= {name.lower() for name in openapi["components"]["headers"]}
    spelled = {row.name.lower(): row.name for row in SECTIONS["Fields of replies"]}
    check_rows("Fields of replies", {spelled.get(name, name) for name in wanted}, exactly=False)
    source = (source_of("http") + source_of("server")).lower()
    for row in SECTIONS["Fields of replies"]:
        assert not row.is_offered or row.name.lower() in source, row.name


def test_preferences():
    check_rows("Preferences", PREFERENCES)


# --- what goes beyond Graph -------------------------------------------------------------------------


def beyond_ids():
    """Of both tables of docs/profiles.md, which a unit test holds against the source."""
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    chapter = page.split("\n## Beyond Graph\n")[1].split("\nNot beyond Graph")[0]
    return re.findall(r"^\| `([\w-]+)` \|", chapter, re.M)


def test_beyond_graph():
    check_rows("Beyond Graph", beyond_ids())


# --- the conformance levels -------------------------------------------------------------------------


def test_levels():
    items = {f"{level} {number}" for level, count in LEVELS.items() for number in range(1, count + 1)}
    for item, parts in PARTS.items():
        items = items - {item} | {item + part for part in parts}
    have = {heading: {row.name for row in rows} for heading, rows in SECTIONS.items()
            if heading.startswith("OData ")}
    assert len(have) == len(LEVELS)
    for heading, level in zip(have, LEVELS):
        check_rows(heading, {item for item in items if item.startswith(level)})
