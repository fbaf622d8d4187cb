"""$metadata: what it declares, read with a parser of XML, against a table here, against the replies
of the server that it describes, and against Graph's own document where that lies beside the checkout
(shared/graph/csdl/)."""
import xml.etree.ElementTree as ElementTree

import httpx
import pytest

from csdl import EDM, EDMX, as_json
from server_process import ROOT, Server

VERSIONS = ["v1.0", "beta"]
GRAPHS_OWN = ROOT.parent / "shared" / "graph" / "csdl"

DATE = ("Edm.DateTimeOffset", False)
TEXT = ("Edm.String", True)
EXCHANGE = "deviceManagementExchangeConnector"
TYPES = {
    EXCHANGE: {
        "connectorServerName": TEXT, "exchangeAlias": TEXT,
        "exchangeConnectorType": ("graph.deviceManagementExchangeConnectorType", False),
        "exchangeOrganization": TEXT, "lastSyncDateTime": DATE, "primarySmtpAddress": TEXT,
        "serverName": TEXT, "status": ("graph.deviceManagementExchangeConnectorStatus", False),
        "version": TEXT},
    "deviceManagementDomainJoinConnector": {
        "displayName": TEXT, "lastConnectionDateTime": DATE,
        "state": ("graph.deviceManagementDomainJoinConnectorState", False),
        "version": ("Edm.String", False)},
    "ndesConnector": {
        "connectorVersion": TEXT, "displayName": TEXT, "enrolledDateTime": DATE,
        "lastConnectionDateTime": DATE, "machineName": TEXT,
        "roleScopeTagIds": ("Collection(Edm.String)", True),
        "state": ("graph.ndesConnectorState", False)},
}
SETS = {"exchangeConnectors": EXCHANGE, "domainJoinConnectors": "deviceManagementDomainJoinConnector",
        "ndesConnectors": "ndesConnector"}
ENUMS = {
    "deviceManagementExchangeConnectorStatus": ["none", "connectionPending", "connected",
                                                "disconnected", "unknownFutureValue"],
    "deviceManagementExchangeConnectorSyncType": ["fullSync", "deltaSync"],
    "deviceManagementExchangeConnectorType": ["onPremises", "hosted", "serviceToService",
                                              "dedicated", "unknownFutureValue"],
    "deviceManagementDomainJoinConnectorState": ["active", "error", "inactive"],
    "ndesConnectorState": ["none", "active", "inactive"],
}
OF_V1 = {EXCHANGE, "exchangeConnectors", "deviceManagementExchangeConnectorStatus",
         "deviceManagementExchangeConnectorSyncType", "deviceManagementExchangeConnectorType"}


def of_version(version, table):
    return {name: value for name, value in table.items() if version == "beta" or name in OF_V1}


def typed(elements):
    """{name: (type, nullable)}"""
    return {e.get("Name"): (e.get("Type"), e.get("Nullable") != "false") for e in elements}


def read(text):
    """What a document declares, without its order and its descriptions."""
    root = ElementTree.fromstring(text)
    assert (root.tag, root.get("Version")) == (EDMX + "Edmx", "4.0")
    schemas = root.findall(f"{EDMX}DataServices/{EDM}Schema")
    assert len(schemas) == 1
    schema = schemas[0]
    assert {e.tag for e in schema} <= {EDM + name for name in (
        "EnumType", "EntityType", "Action", "EntityContainer", "Annotation", "Annotations")}
    container = schema.find(EDM + "EntityContainer")
    return {
        "namespace": (schema.get("Namespace"), schema.get("Alias")),
        "enums": {e.get("Name"): [(m.get("Name"), m.get("Value")) for m in e.findall(EDM + "Member")]
                  for e in schema.findall(EDM + "EnumType")},
        "types": {e.get("Name"): {
            "attributes": {k: v for k, v in e.attrib.items() if k != "Name"},
            "key": [k.get("Name") for k in e.iter(EDM + "PropertyRef")],
            "properties": typed(e.findall(EDM + "Property")),
            "navigation": {n.get("Name"): (n.get("Type"), n.get("ContainsTarget"))
                           for n in e.findall(EDM + "NavigationProperty")},
        } for e in schema.findall(EDM + "EntityType")},
        "actions": [(a.get("Name"), a.get("IsBound"), list(typed(a.findall(EDM + "Parameter")).items()))
                    for a in schema.findall(EDM + "Action")],
        "container": (container.get("Name"),
                      [(e.tag, e.get("Name"), e.get("Type")) for e in container]),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as running:
        yield running


def ask(server, path, **headers):
    return httpx.get(f"{server.url()}/{path}", headers=headers, trust_env=False)


def document(server, version):
    reply = ask(server, f"{version}/$metadata")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/xml")
    return reply.text


@pytest.mark.parametrize("version", VERSIONS)
def test_as_the_table_says(server, version):
    entity = {"BaseType": "graph.entity"}
    types = {name: {"attributes": entity, "key": [], "properties": properties, "navigation": {}}
             for name, properties in of_version(version, TYPES).items()}
    types["entity"] = {"attributes": {"Abstract": "true"}, "key": ["id"],
                       "properties": {"id": ("Edm.String", False)}, "navigation": {}}
    types["deviceManagement"] = {
        "attributes": entity, "key": [], "properties": {},
        "navigation": {name: (f"Collection(graph.{kind})", "true")
                       for name, kind in of_version(version, SETS).items()}}
    assert read(document(server, version)) == {
        "namespace": ("microsoft.graph", "graph"),
        "enums": {name: [(member, str(value)) for value, member in enumerate(members)]
                  for name, members in of_version(version, ENUMS).items()},
        "types": types,
        "actions": [("sync", "true", [
            ("bindingParameter", (f"graph.{EXCHANGE}", True)),
            ("syncType", ("graph.deviceManagementExchangeConnectorSyncType", False))])],
        "container": ("GraphService", [(EDM + "Singleton", "deviceManagement",
                                        "microsoft.graph.deviceManagement")]),
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_as_graph_says(server, version):
    path = GRAPHS_OWN / f"{version}.xml"
    if not path.exists():
        pytest.skip(f"Graph's document is not at {path}")
    assert read(document(server, version)) == read(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", VERSIONS)
def test_descriptions(server, version):
    """Each means something that is declared, and each thing declared is described."""
    text = document(server, version)
    declared = read(text)
    want = {f"deviceManagement/{name}"
            for name in declared["types"]["deviceManagement"]["navigation"]}
    for name, found in declared["types"].items():
        if name not in ("entity", "deviceManagement"):
            want |= {name, *(f"{name}/{part}" for part in found["properties"])}
    for name, members in declared["enums"].items():
        want |= {name, *(f"{name}/{member}" for member, _ in members)}
    for name, _, parameters in declared["actions"]:
        bound = parameters[0][1][0].replace("graph.", "microsoft.graph.")
        want.add(f"{name}({bound})")
    want.add("GraphService/deviceManagement")
    annotations = as_json(text)["microsoft.graph"]["$Annotations"]
    got = {target for target, terms in annotations.items() if terms.get("@Org.OData.Core.V1.Description")}
    assert got == {f"microsoft.graph.{name}" for name in want}
    assert annotations.keys() - got == {"microsoft.graph.entity/id", "microsoft.graph.GraphService"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_in_json(server, version):
    text = document(server, version)
    reply = ask(server, f"{version}/$metadata?$format=json")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json() == as_json(text)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", ["minimal", "full"])
def test_as_replies_are(server, version, level):
    """What replies show is declared, and what they say of types at the full level is the same."""
    types = read(document(server, version))["types"]
    token = {"Authorization": f"Bearer {server.token()}",
             "Accept": f"application/json;odata.metadata={level}"}
    for name in types["deviceManagement"]["navigation"]:
        url = f"{server.url()}/{version}/deviceManagement/{name}"
        made = httpx.post(url, json={}, headers=token, trust_env=False).json()
        declared = types[SETS[name]]["properties"]
        assert {key for key in made if "@" not in key and key[0] != "#"} == {"id", *declared}
        for key, (kind, _) in declared.items():
            told = made.get(f"{key}@odata.type")
            short = kind.replace("Edm.", "").replace("graph.", "microsoft.graph.")
            assert told == (None if level == "minimal" or kind == "Edm.String" else f"#{short}")
