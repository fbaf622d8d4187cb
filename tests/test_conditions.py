"""Conditions of writes: two clients at once, time that changes states, and reads of the past."""
import contextlib
import threading
import uuid

import pytest

from server_process import Server
from tenant import DOMAIN_JOIN, NDES, Tenant, sandbox

CLIENTS = 8
ROUNDS = 20


@pytest.fixture(scope="module", name="tagged", params=["file", "memory"])
def server_with_tags(request, tmp_path_factory):
    flags = [] if request.param == "file" else ["--memory"]
    with Server(tmp_path_factory.mktemp("tags"), "--etags", "--threads", "4", *flags) as running:
        yield running
        assert running.stop() == 0
        assert not [e for e in running.events if e.get("status") == 500]


@pytest.fixture(name="tenant")
def own_tenant(tagged):
    with sandbox(tagged.url()) as made:
        yield made


@pytest.fixture(name="crowd")
def clients_of_one_tenant(tenant):
    """Each with a connection of its own, which stands."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Tenant(tenant.url, tenant.tenant, tenant.token))
                   for _ in range(CLIENTS)]
        for client in clients:
            client.get(f"{NDES}?$top=1")
        yield clients


def at_once(crowd, method, target, headers, body):
    """The statuses of one request by each, and the replies that were successes."""
    replies, start = [None] * CLIENTS, threading.Barrier(CLIENTS)

    def run(index):
        start.wait()
        replies[index] = crowd[index].ask(method, target, headers=headers, json=body(index))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ([reply.status_code for reply in replies],
            [reply.json() for reply in replies if reply.content and reply.status_code < 300])


def test_of_all_that_name_one_tag_one_wins(tenant, crowd):
    made = tenant.make()
    target, tag = f"{NDES}/{made['id']}", made["@odata.etag"]
    for _ in range(ROUNDS):
        statuses, done = at_once(crowd, "PATCH", target, {"If-Match": tag},
                                 lambda index: {"displayName": f"of {index}"})
        assert sorted(statuses) == [200] + [412] * (CLIENTS - 1)
        now = tenant.get(target)
        assert (now["displayName"], now["@odata.etag"]) == \
            (done[0]["displayName"], done[0]["@odata.etag"])
        assert now["@odata.etag"] != tag
        tag = now["@odata.etag"]


def test_even_if_they_all_write_the_same(tenant, crowd):
    made = tenant.make(displayName="same")
    statuses, _ = at_once(crowd, "PATCH", f"{NDES}/{made['id']}",
                          {"If-Match": made["@odata.etag"]}, lambda _: {"displayName": "same"})
    assert sorted(statuses) == [200] + [412] * (CLIENTS - 1)


def test_of_all_that_would_create_one_does(tenant, crowd):
    for _ in range(ROUNDS):
        target = f"{NDES}/{uuid.uuid4()}"
        statuses, done = at_once(crowd, "PATCH", target, {"If-None-Match": "*"},
                                 lambda index: {"displayName": f"of {index}"})
        assert sorted(statuses) == [201] + [412] * (CLIENTS - 1)
        assert tenant.get(target)["displayName"] == done[0]["displayName"]


def test_create_if_missing_loses_nobody(tenant, crowd):
    """One creates and all others update what it made."""
    target = f"{NDES}/{uuid.uuid4()}"
    statuses, _ = at_once(crowd, "PATCH", target, {"Prefer": "create-if-missing"},
                          lambda index: {"displayName": f"of {index}"})
    assert sorted(statuses) == [200] * (CLIENTS - 1) + [201]
    assert tenant.get(target)["@odata.etag"].endswith(f".{CLIENTS}\"")


def test_of_all_that_delete_one_does(tenant, crowd):
    made = tenant.make()
    statuses, _ = at_once(crowd, "DELETE", f"{NDES}/{made['id']}",
                          {"If-Match": made["@odata.etag"]}, lambda _: None)
    assert sorted(statuses) == [204] + [412] * (CLIENTS - 1)


def test_time_changes_a_state_and_so_its_tag(tenant):
    tenant.policy(ndesConnectors={"on": True, "inactive": "5d", "remove": "30d"})
    made = tenant.make()
    target, tag = f"{NDES}/{made['id']}", made["@odata.etag"]
    assert tenant.ask("GET", target, headers={"If-None-Match": tag}).status_code == 304
    tenant.clock(advance="6d")
    reply = tenant.ask("GET", target, headers={"If-None-Match": tag})
    assert (reply.status_code, reply.json()["state"]) == (200, "inactive")
    assert reply.headers["ETag"] == reply.json()["@odata.etag"] != tag
    page = tenant.get(f"{NDES}?$select=id")["value"]
    assert page == [{"@odata.type": "#microsoft.graph.ndesConnector",
                     "@odata.etag": reply.headers["ETag"], "id": made["id"]}]
    change = {"displayName": "x"}
    assert tenant.ask("PATCH", target, json=change, headers={"If-Match": tag}).status_code == 412
    assert tenant.ask("PATCH", target, json=change,
                      headers={"If-Match": reply.headers["ETag"]}).status_code == 200


def test_what_is_gone_may_be_made_again(tenant):
    tenant.policy(domainJoinConnectors={"on": True})
    target = f"{DOMAIN_JOIN}/{uuid.uuid4()}"
    long_ago = {"lastConnectionDateTime": "2020-01-01T00:00:00Z"}
    insert = {"If-None-Match": "*"}
    assert tenant.ask("PATCH", target, json=long_ago, headers=insert).status_code == 201
    assert tenant.ask("GET", target).status_code == 404
    assert tenant.ask("PATCH", target, json={}, headers={"If-Match": "*"}).status_code == 412
    reply = tenant.ask("PATCH", target, json={"displayName": "again"}, headers=insert)
    assert (reply.status_code, reply.json()["state"]) == (201, "active")
    assert tenant.get(target)["displayName"] == "again"
    assert [target.endswith(each["id"]) for each in tenant.policy()["removals"]] == [True]


def test_a_read_of_the_past_has_its_tag(tenant):
    made = tenant.make(displayName="old")
    target, old = f"{NDES}/{made['id']}", made["@odata.etag"]
    tenant.rules({"name": "stale", "when": {"method": "GET"}, "read": "stale", "staleFor": "5m"})
    reply = tenant.ask("PATCH", target, json={"displayName": "new"})
    new = reply.headers["ETag"]
    assert tenant.get(target)["@odata.etag"] == old != new
    assert tenant.ask("GET", target, headers={"If-None-Match": old}).status_code == 304
    assert tenant.ask("GET", target, headers={"If-None-Match": new}).status_code == 200
    assert [each["@odata.etag"] for each in tenant.get(NDES)["value"] if each["id"] == made["id"]] \
        in ([], [old])
    reply = tenant.ask("PATCH", target, json={"displayName": "newer"}, headers={"If-Match": old})
    assert reply.status_code == 412
    other = f"{NDES}/{uuid.uuid4()}"
    reply = tenant.ask("PATCH", other, json={}, headers={"Prefer": "create-if-missing"})
    assert reply.status_code == 201
    assert tenant.ask("GET", other).status_code == 404  # it was made lately
    tenant.control("DELETE", "/faults")
    assert tenant.get(target)["@odata.etag"] == new
    assert tenant.ask("GET", other).status_code == 200


def test_the_journal_has_the_answers(tenant):
    made = tenant.make()
    target = f"{NDES}/{made['id']}"
    tenant.ask("GET", target, headers={"If-None-Match": made["@odata.etag"]})
    tenant.ask("PATCH", target, json={}, headers={"If-Match": "\"other\""})
    tenant.ask("PATCH", f"{NDES}/{uuid.uuid4()}", json={}, headers={"If-None-Match": "*"})
    assert [tenant.count(status=status) for status in (304, 412, 201)] == [1, 1, 2]
