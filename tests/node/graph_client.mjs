// Runs the whole life of one entity set with the stock Graph client and the stock credential:
//
//     node graph_client.mjs ORIGIN TENANT CLIENT_ID CLIENT_SECRET SET
//
// ORIGIN is https, trusted by NODE_EXTRA_CA_CERTS. Nothing here works around anything: what a user
// writes to point these two packages at another host is all that is written here. The tenant must be
// one that nobody else uses at the time, since pages are counted. Exits 0, or 1 with the assertion
// that failed.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { ClientSecretCredential } from '@azure/identity';
import { Client, GraphError, PageIterator } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider }
  from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

globalThis.crypto ??= webcrypto; // Node 18 does not call it so yet, and the credential looks for it

const [origin, tenant, clientId, clientSecret, setName] = process.argv.slice(2);
const LAST_CENTURY = '1999-01-01T00:00:35.5795979-08:00';

// What each type is made with, and changed to.
const TYPES = {
  ndesConnectors: {
    type: '#microsoft.graph.ndesConnector',
    versions: ['beta'],
    create: {
      displayName: 'NDES Größe 1', machineName: 'ndes01.example.com', state: 'active',
      lastConnectionDateTime: LAST_CENTURY, roleScopeTagIds: ['0', 'Ω "quoted"'],
    },
    defaults: { connectorVersion: null, enrolledDateTime: '0001-01-01T00:00:00Z' },
    update: { displayName: 'NDES 2', state: 'inactive', roleScopeTagIds: [] },
  },
  domainJoinConnectors: {
    type: '#microsoft.graph.deviceManagementDomainJoinConnector',
    versions: ['beta'],
    create: { displayName: 'ODJ 1', state: 'error', version: '6.2504.2001.8',
              lastConnectionDateTime: LAST_CENTURY },
    defaults: {},
    update: { displayName: null, state: 'active' },
  },
  exchangeConnectors: {
    type: '#microsoft.graph.deviceManagementExchangeConnector',
    versions: ['beta', 'v1.0'],
    create: { serverName: 'mail01', status: 'connected', exchangeConnectorType: 'dedicated',
              lastSyncDateTime: LAST_CENTURY, version: '5.0' },
    defaults: { primarySmtpAddress: null, exchangeAlias: null },
    update: { serverName: 'mail02', status: 'disconnected' },
    async act(client, path) {
      const before = Date.now();
      assert.equal(await client.api(`${path}/microsoft.graph.sync`).post({ syncType: 'fullSync' }), undefined);
      assert.equal(await client.api(`${path}/sync`).post({ syncType: 'deltaSync' }), undefined);
      const after = await client.api(path).get();
      assert.equal(after.status, 'disconnected');
      assert.ok(Math.abs(Date.parse(after.lastSyncDateTime) - before) < 600_000, after.lastSyncDateTime);
      await rejected(client.api(`${path}/sync`).post({ syncType: 'noSync' }), 400, 'ModelValidationFailure');
      await rejected(client.api(`${path}/sync`).post({}), 400, 'BadRequest');
    },
  },
};

function graphClient(scope, version) {
  const credential = new ClientSecretCredential(tenant, clientId, clientSecret,
    { authorityHost: origin, disableInstanceDiscovery: true });
  return Client.initWithMiddleware({
    baseUrl: origin,
    defaultVersion: version,
    customHosts: new Set([new URL(origin).hostname]),
    authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [scope] }),
  });
}

/** The request must fail as a GraphError that tells what the server told. */
async function rejected(request, status, code) {
  const error = await request.then(
    (reply) => assert.fail(`expected ${status}, got ${JSON.stringify(reply)}`), (reason) => reason);
  assert.ok(error instanceof GraphError, String(error));
  assert.equal(error.statusCode, status, error.message);
  assert.equal(error.code, code);
  assert.ok(error.message.length > 0);
  assert.match(error.requestId, /^[0-9a-f]{8}-/);
  assert.ok(!Number.isNaN(error.date.getTime()));
  assert.equal(JSON.parse(error.body).innerError['request-id'], error.requestId);
  return error;
}

function assertHolds(entity, expected) {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(entity[name], value, name);
  }
}

/** Every id of the set, in the order in which a PageIterator meets them, and how often it asked. */
async function iterate(client, path, options) {
  const ids = [];
  let pages = 1;
  const first = await client.api(path).headers(options).top(2).get();
  assert.equal(first.value.length, 2);
  assert.ok(first['@odata.nextLink'].startsWith(`${origin}/`), first['@odata.nextLink']);
  const counting = { api: (link) => { pages += 1; return client.api(link); } };
  const iterator = new PageIterator(counting, first, (entity) => { ids.push(entity.id); return true; },
    { headers: options });
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  return { ids, pages };
}

async function lives(version, facts) {
  const graph = graphClient('https://graph.microsoft.com/.default', version);
  const own = graphClient(`${origin}/.default`, version);
  const set = `/deviceManagement/${setName}`;

  const made = [];
  for (let n = 0; n < 5; n += 1) {
    made.push(await graph.api(set).post({ '@odata.type': facts.type, ...facts.create }));
  }
  const [entity] = made;
  assert.equal(entity['@odata.type'], facts.type);
  assertHolds(entity, { ...facts.defaults, ...facts.create });
  const path = `${set}/${entity.id}`;
  assertHolds(await own.api(path).get(), { id: entity.id, ...facts.create });
  const [chosen] = Object.keys(facts.create);
  const selected = await own.api(path).select(['id', chosen]).get();
  assert.deepEqual(Object.keys(selected).filter((name) => !name.includes('@')).sort(), [chosen, 'id'].sort());

  const { ids, pages } = await iterate(own, set, {});
  assert.deepEqual([...ids].sort(), made.map((each) => each.id).sort());
  assert.equal(pages, 3);
  const narrow = await iterate(graph, set, { Prefer: 'odata.maxpagesize=2' });
  assert.deepEqual(narrow.ids, ids);
  const counted = await graph.api(set).count(true).get();
  assert.equal(counted['@odata.count'], 5);
  assert.equal(counted.value.length, 5);

  const updated = await graph.api(path).update(facts.update);
  assertHolds(updated, { ...facts.create, ...facts.update, id: entity.id });
  assertHolds(await own.api(path).get(), { ...facts.create, ...facts.update });
  if (facts.act) {
    await facts.act(graph, path);
  }

  await rejected(graph.api(set).post({ id: '1', displayName: 3, serverName: 3 }), 400, 'ModelValidationFailure');
  await rejected(graph.api(set).filter('isof(x)').get(), 400, 'BadRequest');
  await rejected(graph.api(`/deviceManagement/${setName}Of`).get(), 400, 'BadRequest');

  for (const { id } of made) {
    assert.equal(await graph.api(`${set}/${id}`).delete(), undefined);
  }
  const gone = await rejected(own.api(path).get(), 404, 'ResourceNotFound');
  assert.ok(gone.message.includes(entity.id));
  await rejected(own.api(path).update(facts.update), 404, 'ResourceNotFound');
  await rejected(own.api(path).delete(), 404, 'ResourceNotFound');
  assert.deepEqual((await own.api(set).get()).value, []);
}

async function wrongSecret() {
  const credential = new ClientSecretCredential(tenant, clientId, `${clientSecret}x`,
    { authorityHost: origin, disableInstanceDiscovery: true });
  await assert.rejects(credential.getToken('https://graph.microsoft.com/.default'),
    /AADSTS7000215: Invalid client secret/);
}

const facts = TYPES[setName];
for (const version of facts.versions) {
  await lives(version, facts);
}
await wrongSecret();
