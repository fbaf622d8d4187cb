"""Addresses that OData has and Graph has not, where a request and its reply do not tell all: links that are
as long as they may be, bodies that are compressed, and what the journal has of it. The rest is in
cases/addresses.json."""
import gzip
import json

import pytest

from multipart import answers, change_set, part, statuses, together
from server_process import Server
from tenant import NDES, sandbox

TEXT = {"Content-Type": "text/plain"}


@pytest.fixture(name="tenant")
def own_tenant(server):
    with sandbox(server.url()) as made:
        yield made


def ask_in_body(tenant, options, target=NDES, **fields):
    return tenant.ask("POST", f"{target}/$query", content=options, headers={**TEXT, **fields})


def test_the_longest_options_have_links_that_work(tenant):
    """Half of limit-head-bytes: a token goes with a link."""
    keys = {tenant.make()["id"] for _ in range(3)}
    options = "$top=1&$filter=displayName ne 'x{}'"
    room = 16384 - len(options.format("").replace(" ", "%20"))
    reply = ask_in_body(tenant, options.format("y" * room))
    found = []
    while True:
        assert reply.status_code == 200, reply.text
        found += [each["id"] for each in reply.json()["value"]]
        if "@odata.nextLink" not in reply.json():
            break
        assert len(reply.json()["@odata.nextLink"]) > 16384
        reply = tenant.ask("GET", reply.json()["@odata.nextLink"])
    assert len(found) == 3 and set(found) == keys
    assert ask_in_body(tenant, options.format("y" * (room + 1))).status_code == 413


def test_the_limit_follows_that_of_heads(tmp_path):
    with Server(tmp_path, "--limit-head-bytes", "4096") as server, sandbox(server.url()) as tenant:
        assert ask_in_body(tenant, f"custom={'x' * 2041}").status_code == 200
        assert ask_in_body(tenant, f"custom={'x' * 2042}").status_code == 413


def test_a_compressed_body(tenant):
    tenant.make(displayName="one")
    options = gzip.compress(b"$select=displayName&$filter=displayName eq 'one'")
    reply = ask_in_body(tenant, options, **{"Content-Encoding": "gzip"})
    assert reply.status_code == 200 and [each["displayName"] for each in reply.json()["value"]] == ["one"]
    assert ask_in_body(tenant, options, **{"Content-Encoding": "br"}).status_code == 415
    assert ask_in_body(tenant, b"\x1f\x8b", **{"Content-Encoding": "gzip"}).status_code == 400


def test_the_journal_and_rules_have_the_request_as_it_came(tenant):
    ask_in_body(tenant, "$top=1", f"{NDES}").raise_for_status()
    tenant.ask("POST", f"{NDES}/$query?$skip=1", content="$top=1", headers=TEXT).raise_for_status()
    key = tenant.make()["id"]
    tenant.get(f"{NDES}(@k)?@k='{key}'")
    assert [(each["method"], each["path"], each["query"], each["status"], each["executed"])
            for each in tenant.journal()["requests"]] == [
        ("POST", f"{NDES}/$query", "", 200, True), ("POST", f"{NDES}/$query", "$skip=1", 200, True),
        ("POST", NDES, "", 201, True), ("GET", f"{NDES}(@k)", f"@k='{key}'", 200, True)]
    tenant.rules({"name": "no", "when": {"method": "POST"}, "answer": {"status": 500}})
    assert ask_in_body(tenant, "$top=1").status_code == 500


def test_pages_of_browsers(tenant):
    reply = ask_in_body(tenant, "$top=1", Origin="https://contoso.example")
    assert reply.status_code == 200 and reply.headers["access-control-allow-origin"] == "*"


def test_in_a_multipart_batch(tenant):
    key = tenant.make(displayName="one")["id"]

    def ask(*parts):
        reply = tenant.ask("POST", "/beta/$batch", content=together("b", parts),
                           headers={"Content-Type": "multipart/mixed; boundary=b"})
        assert reply.status_code == 200, reply.text
        return answers(reply.headers["content-type"], reply.content)

    query = part("POST", f"{NDES}/$query", **TEXT) + "$select=displayName"
    alias = part("PATCH", f"{NDES}(@k)?@k='{key}'", {"displayName": "two"})
    assert statuses(ask(query, change_set(alias))) == [200, [200]]
    assert tenant.get(f"{NDES}/{key}")["displayName"] == "two"
    assert statuses(ask(change_set(query, part("DELETE", f"{NDES}/{key}")))) == [400]
    assert tenant.ids(NDES) == [key]


def test_tags(tmp_path):
    """A 304 is for a GET: whoever asks by a POST is answered."""
    with Server(tmp_path, "--etags") as server, sandbox(server.url()) as tenant:
        made = tenant.ask("POST", NDES, json={})
        tag, path = made.headers["etag"], f"{NDES}/{made.json()['id']}"
        assert tenant.ask("GET", path, headers={"If-None-Match": tag}).status_code == 304
        reply = ask_in_body(tenant, "$select=id", path, **{"If-None-Match": tag})
        assert reply.status_code == 200 and reply.headers["etag"] == tag
        assert ask_in_body(tenant, "$select=id", path, **{"If-Match": 'W/"1.1"'}).status_code == 412
        assert json.loads(reply.text)["@odata.etag"] == tag
