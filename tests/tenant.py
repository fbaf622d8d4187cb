"""A tenant in a test's hand: Graph with its token, and the control API behind its address."""
import time

import httpx

NDES = "/beta/deviceManagement/ndesConnectors"
DOMAIN_JOIN = "/beta/deviceManagement/domainJoinConnectors"
EXCHANGE = "/beta/deviceManagement/exchangeConnectors"


class Tenant:
    """`tenant` None is the default one. Without a token the control API is asked for one."""

    def __init__(self, url, tenant=None, token=None, verify=True):
        self.url, self.tenant = url, tenant
        self.prefix = "/_connectord" + (f"/tenants/{tenant}" if tenant else "")
        self.http = httpx.Client(base_url=url, verify=verify, timeout=60, trust_env=False)
        self.requests = 0
        self.token = token or self.control("POST", "/token", {})["access_token"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def send(self, method, target, **options):
        self.requests += 1
        return self.http.request(method, target, **options)

    # --- Graph ---

    def ask(self, method, target, **options):
        """The reply, whatever it is."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.send(method, target, headers=headers, **options)

    def get(self, target):
        reply = self.ask("GET", target)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def make(self, target=NDES, **members):
        reply = self.ask("POST", target, json=members)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def ids(self, target):
        return [each["id"] for each in self.get(target)["value"]]

    # --- the control API ---

    def told(self, method, path, body=None, **options):
        """The reply of the control API, whatever it is."""
        if body is not None:
            options["json"] = body
        return self.send(method, self.prefix + path, **options)

    def control(self, method, path, body=None):
        """What the control API answers; it must be a success."""
        reply = self.told(method, path, body)
        assert reply.status_code in (200, 201, 204), reply.text
        return reply.json() if reply.content else None

    def clock(self, **members):
        return self.control("PUT", "/clock", members) if members else self.control("GET", "/clock")

    def rules(self, *rules, **members):
        if rules:
            members["rules"] = list(rules)
        return self.control("PUT", "/faults", members)

    def until_matched(self, count=1, rule=0, seconds=30):
        """Waits until so many requests have met the rule: the server has read and begun them."""
        deadline = time.monotonic() + seconds
        while self.control("GET", "/faults")["rules"][rule]["matched"] < count:
            assert time.monotonic() < deadline, f"{count} requests did not come in time"
            time.sleep(0.01)

    def policy(self, **sets):
        return self.control("PUT", "/policy", sets) if sets else self.control("GET", "/policy")

    def journal(self, **filters):
        reply = self.told("GET", "/requests", params=filters)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def count(self, **filters):
        """How many requests of the journal fit, as the server counts them."""
        return self.control("POST", "/requests/verify", {**filters, "atLeast": 0})["count"]


def sandbox(url, verify=True, **members):
    """A tenant of its own for a test."""
    with httpx.Client(base_url=url, verify=verify, timeout=60, trust_env=False) as http:
        reply = http.post("/_connectord/sandbox", json=members)
    assert reply.status_code == 201, reply.text
    made = reply.json()
    tenant = Tenant(url, made["tenant"], made["access_token"], verify)
    tenant.made = made
    return tenant
