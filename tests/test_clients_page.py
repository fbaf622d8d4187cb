"""docs/clients.md shows the code of the tests, and the versions that they ran with."""
import json
import re
import textwrap

import pytest

from server_process import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(js|ts|python|go)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets():
    """Each block of code, with the file that its section names."""
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        named = re.search(r"^\[(tests/[^]]*)\]\(\.\./\1\)$", section, re.MULTILINE)
        for block in FENCE.finditer(section):
            assert named, f"no file named for:\n{block[2]}"
            yield named[1], block[2]


def flush_left(text):
    """Lines without what indents them: a block may stand deeper in the file than on the page."""
    return "\n".join(line.strip() for line in textwrap.dedent(text).strip().splitlines())


@pytest.mark.parametrize("file, code", snippets())
def test_snippet_is_the_tests_own(file, code):
    assert flush_left(code) in flush_left((ROOT / file).read_text(encoding="utf-8"))


def versions():
    """Name and version of each client, from where the tests take them."""
    packages = json.loads((ROOT / "tests" / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    yield from ((name, version) for name, version in packages.items() if name not in ("typescript", "undici"))
    python = (ROOT / "tests" / "python" / "requirements.txt").read_text(encoding="utf-8")
    yield from re.findall(r"^(azure-identity|msgraph-beta-sdk)==(\S+)", python, re.MULTILINE)
    go = (ROOT / "tests" / "go" / "go.mod").read_text(encoding="utf-8")
    yield from re.findall(r"^\t\S*?(azidentity|microsoftgraph/msgraph-sdk-go) (\S+)$", go, re.MULTILINE)


@pytest.mark.parametrize("name, version", versions())
def test_version_is_the_tests_own(name, version):
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and name in line]
    assert any(re.search(rf"(^|[ |]){re.escape(version)}([,| ]|$)", row) for row in rows), f"{name} {version}"
