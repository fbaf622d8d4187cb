"""Pages of other origins in a real browser: what their scripts may ask, and what they may read of the answers.

tests/test_http.py and tests/test_no_auth.py ask for the fields of CORS; here a browser goes by them."""
import json
import uuid

import httpx
import pytest

from browser_page import BROWSER, told_by
from server_process import DEFAULT_TENANT, Server

pytestmark = pytest.mark.skipif(not BROWSER, reason="there is no chromium")

SET = "/beta/deviceManagement/ndesConnectors"
STRANGER = "stranger.example"  # a page of no name of this machine

LIFE = """
  const auth = { Authorization: "Bearer <token>" }, json = { ...auth, "Content-Type": "application/json" };
  const made = await ask("<set>", { method: "POST", headers: { ...json, "Repeatability-Request-ID": "<id>",
    "Repeatability-First-Sent": new Date().toUTCString() }, body: '{"displayName":"NDES-01"}' });
  const at = made.headers.location, change = (tag, name) => ask(at, { method: "PATCH",
    headers: { ...json, "If-Match": tag, Prefer: "return=minimal" }, body: JSON.stringify({ displayName: name }) });
  const changed = await change(made.headers.etag, "NDES-02"), late = await change(made.headers.etag, "NDES-03");
  told.push(made, changed, late, await ask(at, { headers: auth }), await ask("<set>?$top=1000", { headers: auth }),
    await ask(at, { method: "DELETE", headers: { ...auth, "If-Match": "*" } }), await ask(at, { headers: auth }),
    await ask("<set>", { method: "POST", headers: json, body: '{"displayName":"throttled"}' }), await ask("<set>"));
"""
CLOSED = """
  for (const path of ["/health", "/_connectord/clock", "/<tenant>/v2.0/.well-known/openid-configuration"])
    told.push(await ask("<origin>" + path));
"""
STEALTHY = """
  told.push(await ask("<set>"), await ask("<set>", { method: "POST", body: "{}",
    headers: { "Content-Type": "application/json" } }));
"""


def script(text, origin, **more):
    for name, value in {"set": origin + SET, "origin": origin, **more}.items():
        text = text.replace(f"<{name}>", value)
    return text


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"ndesConnectors": [{"displayName": f"NDES-{n}"} for n in range(100)]}))
    with Server(folder / "store", "--etags", "--seed", seed) as running:
        yield running


@pytest.mark.parametrize("scheme, host", [("http", "127.0.0.1"), ("https", "localhost"), ("http", STRANGER)])
def test_a_connectors_life(tmp_path, server, scheme, host):
    """Whoever has a token may be a page of any origin."""
    rule = {"when": {"method": ["POST"], "nth": 2}, "answer": {"error": "429.intune", "retryAfter": 7}}
    httpx.put(f"{server.url()}/_connectord/faults", json={"rules": [rule]}, trust_env=False).raise_for_status()
    made, changed, late, read, page, deleted, gone, throttled, nobody = told_by(
        tmp_path, script(LIFE, server.url(scheme), token=server.token(), id=str(uuid.uuid4())), host, STRANGER)

    assert made["status"] == 201 and made["headers"]["location"].startswith(server.url(scheme))
    assert made["headers"]["repeatability-result"] == "accepted"
    assert made["headers"]["x-connectord-beyond-graph"] == "repeatability, etags"
    assert made["headers"]["odata-version"] == "4.0" and uuid.UUID(made["headers"]["request-id"])
    assert changed["status"] == 204 and changed["headers"]["preference-applied"] == "return=minimal"
    assert late["status"] == 412 and json.loads(late["text"])["error"]["target"] == "If-Match"
    assert (read["status"], json.loads(read["text"])["displayName"]) == (200, "NDES-02")
    assert read["headers"]["etag"] == changed["headers"]["etag"] != made["headers"]["etag"]
    assert len(json.loads(page["text"])["value"]) == 101
    assert int(page["headers"]["content-length"]) < len(page["text"]) / 2  # gzip, which the browser took off
    assert (deleted["status"], gone["status"]) == (204, 404)
    assert (throttled["status"], throttled["headers"]["retry-after"]) == (429, "7")
    assert throttled["headers"]["x-connectord-fault"] == "rule-1"
    assert nobody["status"] == 401 and nobody["headers"]["www-authenticate"].startswith("Bearer ")


def test_what_no_page_reads(tmp_path, server):
    assert told_by(tmp_path, script(CLOSED, server.url(), tenant=DEFAULT_TENANT)) == [{"error": "TypeError"}] * 3


def test_without_tokens(tmp_path):
    """Only a page of this machine reads and writes."""
    with Server(None, "--no-auth") as open_to_all:
        answers = told_by(tmp_path / "own", script(STEALTHY, open_to_all.url()))
        assert [answer["status"] for answer in answers] == [200, 201]
        answers = told_by(tmp_path / "other", script(STEALTHY, open_to_all.url()), STRANGER, STRANGER)
        assert answers == [{"error": "TypeError"}] * 2
        assert httpx.get(f"{open_to_all.url()}{SET}/$count", trust_env=False).text == "1"
