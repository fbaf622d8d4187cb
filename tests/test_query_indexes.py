"""Indexes by --query-indexes: made and dropped at a start, named in its log, seen in no answer; and
the bound of texts that a query makes."""
import httpx

from server_process import Server

CONNECTORS = "/beta/deviceManagement/ndesConnectors"
QUERIES = (
    {"$filter": "state eq 'active'"},
    {"$filter": "displayName eq 'NAME 3'", "$count": "true"},
    {"$filter": "startswith(displayName,'name 1')", "$orderby": "displayName desc", "$count": "true"},
    {"$filter": "lastConnectionDateTime lt 2026-01-05T00:00:00Z", "$count": "true"},
    {"$orderby": "lastConnectionDateTime desc", "$top": "7"},
    {"$orderby": "displayName", "$skip": "3", "$top": "4", "$count": "true"},
)


def fill(client):
    for i in range(20):
        reply = client.post(CONNECTORS, json={
            "displayName": f"Name {i}" if i % 7 else None,
            "state": ("none", "active", "inactive")[i % 3],
            "lastConnectionDateTime": f"2026-01-{i % 9 + 1:02}T00:00:00Z"})
        assert reply.status_code == 201, reply.text


def answers(client):
    """What each query finds, on all pages."""
    for query in QUERIES:
        reply = client.get(CONNECTORS, params={"$select": "id,displayName", **query}).json()
        pages = [(reply.get("@odata.count"), reply["value"])]
        while "@odata.nextLink" in reply:
            reply = client.get(reply["@odata.nextLink"]).json()
            pages.append((reply.get("@odata.count"), reply["value"]))
        yield query, pages


def changes(server):
    return [(e["made"], e["dropped"]) for e in server.events if e.get("event") == "indexes"]


def test_answers_are_the_same(tmp_path):
    found = {}
    for flags, expected in ((["--query-indexes", "off"], []),
                            (["--query-indexes", "on"], [(9, 0)]),
                            (["--query-indexes", "on", "--string-comparison", "exact"], [(3, 3)]),
                            (["--query-indexes", "on"], [(3, 3)]),
                            ([], [(0, 9)])):
        with Server(tmp_path, "--no-auth", *flags) as server, \
                httpx.Client(base_url=server.url("http"), trust_env=False) as client:
            assert changes(server) == expected, flags
            if not found:
                fill(client)
                found = dict(enumerate(answers(client)))
            elif "exact" not in flags:
                assert dict(enumerate(answers(client))) == found, flags
            assert server.stop() == 0


def twelve_more(name):
    for _ in range(12):
        name = f"concat({name},{name.split(',')[-1].rstrip(')')})"
    return name


def test_texts_that_a_query_makes_are_bound(tmp_path):
    long, item = twelve_more("displayName"), twelve_more("$this")
    with Server(tmp_path, "--memory", "--no-auth") as server, \
            httpx.Client(base_url=server.url("http"), trust_env=False, timeout=30) as client:
        assert client.post(CONNECTORS, json={"displayName": "x" * 500_000,
                                             "roleScopeTagIds": ["y" * 400_000]}).status_code == 201
        for option, value in (("$filter", f"length({long}) gt 1"), ("$orderby", f"length({long})"),
                              ("$apply", f"filter(length({long}) gt 1)/aggregate($count as n)"),
                              ("$compute", f"length({long}) as letters"),
                              ("$select", f"roleScopeTagIds($filter=length({item}) gt 1)")):
            reply = client.get(CONNECTORS, params={option: value})
            assert reply.status_code == 400, reply.text
            assert reply.json()["error"]["message"] == (
                f"Invalid {option[1:]} clause: An expression makes a text of more than 4194304 "
                "bytes.")
            assert reply.json()["error"]["target"] == option
        reply = client.get(CONNECTORS, params={"$filter": "length(concat(displayName,'x')) eq 500001",
                                               "$select": "id"})
        assert len(reply.json()["value"]) == 1
        assert server.stop() == 0
