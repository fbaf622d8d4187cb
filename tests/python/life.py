"""Runs the whole life of connectors with the beta Graph SDK for Python, unmodified:

    life.py ORIGIN TENANT CLIENT_ID CLIENT_SECRET

ORIGIN is https, trusted by SSL_CERT_FILE (httpx) and REQUESTS_CA_BUNDLE (the credential). The environment
variable WIRE names the version of HTTP, "h2" or "http/1.1", that every answer has to have come by; the
SDK's own is h2. The tenant must be one that nobody else uses. Exits 0, or 1 with what failed.
"""
import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import httpx
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta import GraphRequestAdapter, GraphServiceClient
from msgraph_beta.generated.device_management.exchange_connectors.item.sync.sync_post_request_body import \
    SyncPostRequestBody
from msgraph_beta.generated.models.device_management_exchange_connector import DeviceManagementExchangeConnector
from msgraph_beta.generated.models.device_management_exchange_connector_status import \
    DeviceManagementExchangeConnectorStatus
from msgraph_beta.generated.models.device_management_exchange_connector_sync_type import \
    DeviceManagementExchangeConnectorSyncType
from msgraph_beta.generated.models.ndes_connector import NdesConnector
from msgraph_beta.generated.models.ndes_connector_state import NdesConnectorState
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core import GraphClientFactory, PageIterator
from msgraph_core.authentication import AzureIdentityAuthenticationProvider
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

NAMES = ["Größe 1", "O'Neil & 2", "Größe 3", "plain+4", "Größe 5"]
spoken = set()


async def note(response):
    spoken.add(response.http_version)


def log_in(origin, tenant, client_id, secret, client):
    credential = ClientSecretCredential(tenant, client_id, secret, authority=origin,
                                        disable_instance_discovery=True)
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"],
        allowed_hosts=[urlsplit(origin).hostname])
    adapter = GraphRequestAdapter(provider, client)
    adapter.base_url = f"{origin}/beta"
    graph = GraphServiceClient(request_adapter=adapter)
    return graph, adapter


@dataclass
class Kind:
    """What the life of one set needs to know of it."""
    members: object   # the request builder of the set
    item: object      # that of a member, by its id
    query: type       # the options of a GET
    model: type
    text: str         # a property, as the model calls it, and as it is on the wire
    wire_name: str
    member: str       # another one, of an enumeration, and two values for it
    on: object
    off: object

    def make(self, **values):
        return self.model(**values)

    def texts(self, entities):
        return sorted(getattr(each, self.text) for each in entities)


async def lives(kind, adapter):
    made = [await kind.members.post(kind.make(**{kind.text: name, kind.member: kind.off if n % 2 else kind.on}))
            for n, name in enumerate(NAMES)]
    first = made[0]
    read = await kind.item(first.id).get()
    assert (read.id, getattr(read, kind.text), getattr(read, kind.member)) == (first.id, NAMES[0], kind.on)

    page = await kind.members.get(asked(kind, top=2))
    assert len(page.value) == 2
    paged = []
    await PageIterator(page, adapter).iterate(lambda each: paged.append(each) or True)
    assert [each.id for each in paged] == sorted({each.id for each in made})

    for expression, expected in (
            (f"{kind.member} eq '{kind.off.value}'", ["O'Neil & 2", "plain+4"]),
            (f"{kind.wire_name} eq 'O''Neil & 2'", ["O'Neil & 2"]),
            (f"{kind.wire_name} eq 'plain+4'", ["plain+4"]),
            (f"startswith({kind.wire_name},'Größe')", ["Größe 1", "Größe 3", "Größe 5"])):
        found = await kind.members.get(asked(kind, filter=expression))
        assert kind.texts(found.value) == expected, expression
    ordered = await kind.members.get(asked(kind, orderby=[f"{kind.wire_name} desc"]))
    assert [getattr(each, kind.text) for each in ordered.value] == \
        ["plain+4", "O'Neil & 2", "Größe 5", "Größe 3", "Größe 1"]

    changed = await kind.item(first.id).patch(kind.make(**{kind.member: kind.off}))
    assert getattr(changed, kind.member) == kind.off
    assert getattr(await kind.item(first.id).get(), kind.text) == NAMES[0]

    if kind.model is DeviceManagementExchangeConnector:
        await kind.item(first.id).sync.post(
            SyncPostRequestBody(sync_type=DeviceManagementExchangeConnectorSyncType.FullSync))
        synced = (await kind.item(first.id).get()).last_sync_date_time
        assert abs(datetime.now(timezone.utc) - synced) < timedelta(minutes=10), synced

    await batched(kind, adapter)
    for each in (await kind.members.get()).value:
        await kind.item(each.id).delete()
    await gone(kind, first.id)
    assert (await kind.members.get()).value == []


async def batched(kind, adapter):
    """Makes two in a batch; changes one and deletes the other in the next.

    Of the replies only the statuses are read: msgraph-core 1.5.2 loses bodies that are JSON objects."""
    async def post(**requests):
        items = {name: BatchRequestItem(request, id=name) for name, request in requests.items()}
        return (await BatchRequestBuilder(adapter).post(BatchRequestContent(items))).get_response_status_codes()

    made = {f"made{n}": kind.members.to_post_request_information(kind.make(**{kind.text: f"Batch {n}"}))
            for n in (1, 2)}
    assert await post(**made) == {"made1": 201, "made2": 201}
    first, second = (await kind.members.get(asked(
        kind, filter=f"startswith({kind.wire_name},'Batch')", orderby=[kind.wire_name]))).value
    assert [getattr(each, kind.text) for each in (first, second)] == ["Batch 1", "Batch 2"]
    assert await post(
        changed=kind.item(first.id).to_patch_request_information(kind.make(**{kind.member: kind.off})),
        removed=kind.item(second.id).to_delete_request_information()) == {"changed": 200, "removed": 204}
    assert getattr(await kind.item(first.id).get(), kind.member) == kind.off
    await gone(kind, second.id)


async def gone(kind, entity_id):
    """What was deleted is refused as the SDK's own type of error."""
    try:
        await kind.item(entity_id).get()
    except ODataError as told:
        assert told.response_status_code == 404
        assert told.error.code == "ResourceNotFound"
        assert entity_id in told.error.message
        assert len(told.error.inner_error.request_id) == 36
        return
    raise AssertionError(f"{entity_id} was deleted and is there")


def asked(kind, **options):
    return RequestConfiguration(query_parameters=kind.query(**options))


async def main(origin, tenant, client_id, secret):
    plain = httpx.AsyncClient(http2=os.environ["WIRE"] == "h2", event_hooks={"response": [note]}, timeout=60)
    client = GraphClientFactory.create_with_default_middleware(client=plain)
    graph, adapter = log_in(origin, tenant, client_id, secret, client)
    ndes, exchange = graph.device_management.ndes_connectors, graph.device_management.exchange_connectors
    await lives(Kind(ndes, ndes.by_ndes_connector_id, ndes.NdesConnectorsRequestBuilderGetQueryParameters,
                     NdesConnector, "display_name", "displayName",
                     "state", NdesConnectorState.Active, NdesConnectorState.Inactive), adapter)
    await lives(Kind(exchange, exchange.by_device_management_exchange_connector_id,
                     exchange.ExchangeConnectorsRequestBuilderGetQueryParameters,
                     DeviceManagementExchangeConnector, "server_name", "serverName",
                     "status", DeviceManagementExchangeConnectorStatus.Connected,
                     DeviceManagementExchangeConnectorStatus.Disconnected), adapter)
    expected = {"h2": "HTTP/2", "http/1.1": "HTTP/1.1"}[os.environ["WIRE"]]
    assert spoken == {expected}, f"expected {expected}, but the answers came by {spoken}"


asyncio.run(main(*sys.argv[1:]))
