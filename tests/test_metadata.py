"""$metadata: what it declares, read with a parser of XML, against a table here, against the replies
of the server that it describes, and against Graph's own documents where these lie beside the checkout
(shared/graph/csdl/; beta's are two)."""
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
    "certificateConnectorDetails": {
        "connectorName": TEXT, "connectorVersion": TEXT, "enrollmentDateTime": DATE,
        "lastCheckinDateTime": DATE, "machineName": TEXT},
    "roleScopeTag": {
        "description": TEXT, "displayName": TEXT, "isBuiltIn": ("Edm.Boolean", False)},
}
COMPLEX = {
    "certificateConnectorHealthMetricValue": {
        "dateTime": DATE, "failureCount": ("Edm.Int64", False), "successCount": ("Edm.Int64", False)},
    "connectorStatusDetails": {
        "connectorInstanceId": TEXT, "connectorName": ("graph.connectorName", False),
        "eventDateTime": DATE, "status": ("graph.connectorHealthState", False)},
    "keyLongValuePair": {"name": ("Edm.String", False), "value": ("Edm.Int64", False)},
    "timeSeriesParameter": {
        "endDateTime": ("Edm.DateTimeOffset", True), "metricName": TEXT, "startDateTime": DATE},
}
SETS = {"exchangeConnectors": EXCHANGE, "domainJoinConnectors": "deviceManagementDomainJoinConnector",
        "ndesConnectors": "ndesConnector",
        "certificateConnectorDetails": "certificateConnectorDetails",
        "roleScopeTags": "roleScopeTag"}
ENUMS = {
    "deviceManagementExchangeConnectorStatus": ["none", "connectionPending", "connected",
                                                "disconnected", "unknownFutureValue"],
    "deviceManagementExchangeConnectorSyncType": ["fullSync", "deltaSync"],
    "deviceManagementExchangeConnectorType": ["onPremises", "hosted", "serviceToService",
                                              "dedicated", "unknownFutureValue"],
    "deviceManagementDomainJoinConnectorState": ["active", "error", "inactive"],
    "ndesConnectorState": ["none", "active", "inactive"],
    "connectorHealthState": ["healthy", "warning", "unhealthy", "unknown"],
    "connectorName": [
        "applePushNotificationServiceExpirationDateTime", "vppTokenExpirationDateTime",
        "vppTokenLastSyncDateTime", "windowsAutopilotLastSyncDateTime",
        "windowsStoreForBusinessLastSyncDateTime", "jamfLastSyncDateTime",
        "ndesConnectorLastConnectionDateTime", "appleDepExpirationDateTime", "appleDepLastSyncDateTime",
        "onPremConnectorLastSyncDateTime", "googlePlayAppLastSyncDateTime",
        "googlePlayConnectorLastModifiedDateTime", "windowsDefenderATPConnectorLastHeartbeatDateTime",
        "mobileThreatDefenceConnectorLastHeartbeatDateTime", "chromebookLastDirectorySyncDateTime",
        "futureValue"],
}
# Functions that are declared here and not in the fragments: deltas, which test_deltas looks at, and
# one of which the fragments tell in words.
FUNCTIONS = {"hasCustomRoleScopeTag": ([("bindingParameter", "Collection(graph.roleScopeTag)", True, None)],
                                       "Edm.Boolean")}
BEYOND_GRAPH = {"delta"}
DETAILS = "graph.certificateConnectorDetails"
ACTIONS = {
    "sync": ([("bindingParameter", f"graph.{EXCHANGE}", True, None),
              ("syncType", "graph.deviceManagementExchangeConnectorSyncType", False, None)], None),
    "getHealthMetrics": ([("bindingParameter", DETAILS, True, None),
                          ("metricNames", "Collection(Edm.String)", True, "false")],
                         "Collection(graph.keyLongValuePair)"),
    "getHealthMetricTimeSeries": ([("bindingParameter", DETAILS, True, None),
                                   ("timeSeries", "graph.timeSeriesParameter", True, None)],
                                  "Collection(graph.certificateConnectorHealthMetricValue)"),
    "getRoleScopeTagsById": ([("bindingParameter", "Collection(graph.roleScopeTag)", True, None),
                              ("roleScopeTagIds", "Collection(Edm.String)", True, "false")],
                             "Collection(graph.roleScopeTag)"),
}
OF_V1 = {EXCHANGE, "exchangeConnectors", "sync", "deviceManagementExchangeConnectorStatus",
         "deviceManagementExchangeConnectorSyncType", "deviceManagementExchangeConnectorType"}


def of_version(version, table):
    return {name: value for name, value in table.items() if version == "beta" or name in OF_V1}


def typed(elements):
    """{name: (type, nullable)}"""
    return {e.get("Name"): (e.get("Type"), e.get("Nullable") != "false") for e in elements}


def action(element):
    """([(parameter, type, nullable, Unicode)], the type that is returned)"""
    returned = element.find(EDM + "ReturnType")
    return ([(p.get("Name"), p.get("Type"), p.get("Nullable") != "false", p.get("Unicode"))
             for p in element.findall(EDM + "Parameter")],
            None if returned is None else returned.get("Type"))


def read(text):
    """What a document declares, without its order and its descriptions."""
    root = ElementTree.fromstring(text)
    assert (root.tag, root.get("Version")) == (EDMX + "Edmx", "4.0")
    schemas = root.findall(f"{EDMX}DataServices/{EDM}Schema")
    assert len(schemas) == 1
    schema = schemas[0]
    assert {e.tag for e in schema} <= {EDM + name for name in (
        "EnumType", "ComplexType", "EntityType", "Action", "Function", "EntityContainer",
        "Annotation", "Annotations")}
    container = schema.find(EDM + "EntityContainer")
    assert all(a.get("IsBound") == "true" for a in schema.findall(EDM + "Action"))
    functions = schema.findall(EDM + "Function")
    assert {f.get("Name") for f in functions} <= BEYOND_GRAPH | set(FUNCTIONS)
    return {
        "namespace": (schema.get("Namespace"), schema.get("Alias")),
        "enums": {e.get("Name"): [(m.get("Name"), m.get("Value")) for m in e.findall(EDM + "Member")]
                  for e in schema.findall(EDM + "EnumType")},
        "complex": {e.get("Name"): typed(e.findall(EDM + "Property"))
                    for e in schema.findall(EDM + "ComplexType")},
        "types": {e.get("Name"): {
            "attributes": {k: v for k, v in e.attrib.items() if k != "Name"},
            "key": [k.get("Name") for k in e.iter(EDM + "PropertyRef")],
            "properties": typed(e.findall(EDM + "Property")),
            "navigation": {n.get("Name"): (n.get("Type"), n.get("ContainsTarget"))
                           for n in e.findall(EDM + "NavigationProperty")},
        } for e in schema.findall(EDM + "EntityType")},
        "actions": {a.get("Name"): action(a) for a in schema.findall(EDM + "Action")},
        "container": container is not None and (
            container.get("Name"), [(e.tag, e.get("Name"), e.get("Type")) for e in container]),
    }


def merged(one, other):
    """Two documents of one schema; what both declare of a type is joined."""
    types = dict(one["types"])
    for name, found in other["types"].items():
        mine = types.get(name, found)
        assert (mine["attributes"], mine["key"]) == (found["attributes"], found["key"])
        types[name] = {**mine, "properties": {**mine["properties"], **found["properties"]},
                       "navigation": {**mine["navigation"], **found["navigation"]}}
    parts = {part: {**one[part], **other[part]} for part in ("enums", "complex", "actions")}
    return {**one, **parts, "types": types}


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
def test_deltas(server, version):
    schema = ElementTree.fromstring(document(server, version)).find(f"{EDMX}DataServices/{EDM}Schema")
    of_sets = sorted(f"Collection(graph.{name})" for name in of_version(version, SETS).values())
    functions = [f for f in schema.findall(EDM + "Function") if f.get("Name") in BEYOND_GRAPH]
    assert all(f.get("IsBound") == "true" for f in schema.findall(EDM + "Function"))
    assert {f.get("Name"): action(f) for f in schema.findall(EDM + "Function")
            if f not in functions} == of_version(version, FUNCTIONS)
    assert sorted(f.find(EDM + "Parameter").get("Type") for f in functions) == of_sets
    assert sorted(f.find(EDM + "ReturnType").get("Type") for f in functions) == of_sets


@pytest.mark.parametrize("version", VERSIONS)
def test_as_the_table_says(server, version):
    entity = {"BaseType": "graph.entity"}
    types = {name: {"attributes": entity, "key": [], "properties": properties, "navigation": {}}
             for name, properties in of_version(version, TYPES).items()}
    types["entity"] = {"attributes": {"Abstract": "true"}, "key": ["id"],
                       "properties": {"id": ("Edm.String", False)}, "navigation": {}}
    types["deviceManagement"] = {
        "attributes": entity, "key": [],
        "properties": {} if version == "v1.0" else {
            "connectorStatus": ("Collection(graph.connectorStatusDetails)", True)},
        "navigation": {name: (f"Collection(graph.{kind})", "true")
                       for name, kind in of_version(version, SETS).items()}}
    assert read(document(server, version)) == {
        "namespace": ("microsoft.graph", "graph"),
        "enums": {name: [(member, str(value)) for value, member in enumerate(members)]
                  for name, members in of_version(version, ENUMS).items()},
        "complex": of_version(version, COMPLEX),
        "types": types,
        "actions": of_version(version, ACTIONS),
        "container": ("GraphService", [(EDM + "Singleton", "deviceManagement",
                                        "microsoft.graph.deviceManagement")]),
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_as_graph_says(server, version):
    path = GRAPHS_OWN / f"{version}.xml"
    if not path.exists():
        pytest.skip(f"Graph's document is not at {path}")
    graphs_own = read(path.read_text(encoding="utf-8"))
    siblings = GRAPHS_OWN / f"{version}-siblings.xml"
    if siblings.exists():
        graphs_own = merged(graphs_own, read(siblings.read_text(encoding="utf-8")))
    assert read(document(server, version)) == graphs_own


@pytest.mark.parametrize("version", VERSIONS)
def test_descriptions(server, version):
    """Each means something that is declared, and each thing declared is described."""
    text = document(server, version)
    declared = read(text)
    want = {f"deviceManagement/{name}"
            for part in ("navigation", "properties")
            for name in declared["types"]["deviceManagement"][part]}
    for name, properties in declared["complex"].items():
        want |= {name, *(f"{name}/{part}" for part in properties)}
    for name, found in declared["types"].items():
        if name not in ("entity", "deviceManagement"):
            want |= {name, *(f"{name}/{part}" for part in found["properties"])}
    for name, members in declared["enums"].items():
        want |= {name, *(f"{name}/{member}" for member, _ in members)}
    for name, (parameters, _) in {**declared["actions"], **of_version(version, FUNCTIONS)}.items():
        bound = parameters[0][1].replace("graph.", "microsoft.graph.")
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


def check_kinds(shown, declared, level):
    """What is said of the types of values beside them."""
    for key, (kind, _) in declared.items():
        told = shown.get(f"{key}@odata.type")
        short = kind.replace("Edm.", "").replace("graph.", "microsoft.graph.")
        silent = level == "minimal" or kind in ("Edm.String", "Edm.Boolean")
        assert told == (None if silent else f"#{short}")


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
        assert {key for key in made if "@" not in key and key[0] != "#"} == {
            "id", *types[SETS[name]]["properties"]}
        check_kinds(made, types[SETS[name]]["properties"], level)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", ["minimal", "full"])
def test_as_answers_are(server, version, level):
    """The same of complex values: what actions return and what the singleton works out."""
    declared = read(document(server, version))
    headers = {"Authorization": f"Bearer {server.token()}",
               "Accept": f"application/json;odata.metadata={level}"}
    root = f"{server.url()}/{version}/deviceManagement"
    answers = {f"{root}/{name}": (kind, httpx.get(f"{root}/{name}", headers=headers, trust_env=False))
               for name, (kind, _) in declared["types"]["deviceManagement"]["properties"].items()}
    sent = {"lastCheckinDateTime": "2026-01-31T08:00:00Z"}
    body = {"timeSeries": {"metricName": "checkinsOnRecord", "startDateTime": "2026-01-01T00:00:00Z"}}
    for name, (parameters, kind) in declared["actions"].items():
        if kind is None or parameters[0][1].startswith("Collection("):
            continue
        path = next(each for each, bound in SETS.items() if f"graph.{bound}" == parameters[0][1])
        key = httpx.post(f"{root}/{path}", json=sent, headers=headers, trust_env=False).json()["id"]
        url = f"{root}/{path}/{key}/{name}"
        answers[url] = (kind, httpx.post(url, headers=headers, trust_env=False, json={
            each: body[each] for each, *_ in parameters[1:] if each in body}))
    assert len(answers) == (3 if version == "beta" else 0)
    for url, (kind, reply) in answers.items():
        items = reply.json()["value"]
        assert items, url
        name = kind.removeprefix("Collection(graph.").removesuffix(")")
        for item in items:
            assert {key for key in item if "@" not in key} == declared["complex"][name].keys()
            assert item["@odata.type"].removeprefix("#") == f"microsoft.graph.{name}"
            check_kinds(item, declared["complex"][name], level)
