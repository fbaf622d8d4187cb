"""Writers that remember what was acknowledged, and the comparison with what is there afterwards."""
import http.client
import json
import random
import threading
import time
from urllib.parse import urlsplit

SET = "/beta/deviceManagement/ndesConnectors"


class Writer(threading.Thread):
    """Creates, patches and deletes connectors of its own until the server is gone.

    After the end: `alive` maps id to the displayNames it may have (the last one acknowledged, and one
    more when a patch was under way), `dead` holds ids whose deletion was acknowledged, `doubtful`
    the ids whose deletion was under way, `unborn` the name of a create that was."""

    def __init__(self, url, token, label, alive=None):
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.random = random.Random(label)
        self.label = label
        self.alive = alive or {}
        self.dead, self.doubtful, self.unborn = set(), set(), set()
        self.acknowledged = 0
        self.unexpected = []
        self.halt = threading.Event()

    def request(self, connection, method, path, body=None):
        connection.request(method, path, body and json.dumps(body), self.headers)
        reply = connection.getresponse()
        text = reply.read()
        if reply.status >= 300:
            self.unexpected.append((method, path, reply.status, text[:200]))
        return reply.status, text

    def create(self, connection, number):
        name = f"{self.label}-{number}"
        self.unborn = {name}
        status, text = self.request(connection, "POST", SET, {"displayName": name})
        self.unborn = set()
        if status == 201:
            self.alive[json.loads(text)["id"]] = {name}
        return status == 201

    def patch(self, connection, key, number):
        name = f"{self.label}-p{number}"
        before = self.alive[key]
        self.alive[key] = before | {name}
        status, _ = self.request(connection, "PATCH", f"{SET}/{key}", {"displayName": name})
        self.alive[key] = {name} if status == 200 else before
        return status == 200

    def delete(self, connection, key):
        names = self.alive.pop(key)
        self.doubtful = {key}
        status, _ = self.request(connection, "DELETE", f"{SET}/{key}")
        self.doubtful = set()
        if status == 204:
            self.dead.add(key)
        else:
            self.alive[key] = names
        return status == 204

    def run(self):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        number = 0
        try:
            while not self.halt.is_set():
                number += 1
                draw = self.random.random()
                key = self.random.choice(list(self.alive)) if len(self.alive) > 3 else None
                if key is None or draw < 0.4:
                    done = self.create(connection, number)
                elif draw < 0.75:
                    done = self.patch(connection, key, number)
                else:
                    done = self.delete(connection, key)
                self.acknowledged += done
        except (OSError, http.client.HTTPException):
            pass  # the server was killed: what was under way is in doubt
        finally:
            connection.close()


def until_acknowledged(writers, count, seconds=60):
    """Waits for so many writes of all of them: a machine may be slow to begin."""
    deadline = time.monotonic() + seconds
    while sum(writer.acknowledged for writer in writers) < count:
        assert time.monotonic() < deadline, "the writers do not come on"
        time.sleep(0.01)


def list_all(url, token=None):
    """id -> displayName of every connector, page by page."""
    parts = urlsplit(url)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    found, target = {}, SET + "?$top=1000&$select=id,displayName"
    while target:
        connection.request("GET", target, headers=headers)
        reply = connection.getresponse()
        page = json.loads(reply.read())
        assert reply.status == 200, page
        for item in page["value"]:
            assert item["id"] not in found, "an id twice in one listing"
            found[item["id"]] = item["displayName"]
        link = page.get("@odata.nextLink")
        target = link and link[link.index(SET):]
    connection.close()
    return found


def differences(found, writers):
    """What was lost and what came back, as text; empty when all is well."""
    wrong = []
    unborn = set().union(*(w.unborn for w in writers))
    doubtful = set().union(*(w.doubtful for w in writers))
    dead = set().union(*(w.dead for w in writers))
    known = set(doubtful)
    for writer in writers:
        known |= set(writer.alive)
        for key, names in writer.alive.items():
            if key not in found:
                wrong.append(f"lost: {key} {names}")
            elif found[key] not in names:
                wrong.append(f"wrong value: {key} is {found[key]!r}, acknowledged {names}")
    for key, name in found.items():
        if key in dead:
            wrong.append(f"back from the dead: {key} {name!r}")
        elif key not in known and name not in unborn:
            wrong.append(f"nobody wrote: {key} {name!r}")
    return wrong
