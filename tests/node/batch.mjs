// Sends batches with the stock Graph client's own classes for them:
//
//     node batch.mjs ORIGIN TENANT CLIENT_ID CLIENT_SECRET
//
// The requests are Fetch's, made as the client's documentation shows: of any host, which the client
// strips. What comes back are Fetch's responses, which it makes of the parts. The tenant must be one
// that nobody else uses. Exits 0, or 1 with the assertion that failed.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { ClientSecretCredential } from '@azure/identity';
import { BatchRequestContent, BatchResponseContent, Client } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider }
  from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

globalThis.crypto ??= webcrypto; // as in graph_client.mjs

const [origin, tenant, clientId, clientSecret] = process.argv.slice(2);
const credential = new ClientSecretCredential(tenant, clientId, clientSecret,
  { authorityHost: origin, disableInstanceDiscovery: true });
const graph = Client.initWithMiddleware({
  baseUrl: origin,
  defaultVersion: 'beta',
  customHosts: new Set([new URL(origin).hostname]),
  authProvider: new TokenCredentialAuthenticationProvider(credential,
    { scopes: ['https://graph.microsoft.com/.default'] }),
});
const NDES = 'https://elsewhere/deviceManagement/ndesConnectors';

function step(id, method, url, body, dependsOn) {
  const headers = body ? { 'Content-Type': 'application/json' } : {};
  const request = new Request(url, { method, headers, body: body && JSON.stringify(body) });
  return dependsOn ? { id, request, dependsOn } : { id, request };
}

async function send(steps, version = 'beta') {
  const content = await new BatchRequestContent(steps).getContent();
  return new BatchResponseContent(await graph.api('/$batch').version(version).post(content));
}

// A chain: made, changed, read, deleted, gone.
const made = await (await send([step('1', 'POST', NDES, { displayName: 'NDES Größe' })])).getResponseById('1').json();
const chain = await send([
  step('change', 'PATCH', `${NDES}/${made.id}`, { state: 'inactive' }),
  step('read', 'GET', `${NDES}/${made.id}`, undefined, ['change']),
  step('delete', 'DELETE', `${NDES}/${made.id}`, undefined, ['read']),
  step('gone', 'GET', `${NDES}/${made.id}`, undefined, ['delete']),
  step('after', 'GET', NDES, undefined, ['gone']),
]);
assert.equal(chain.getResponseById('change').status, 200);
const read = chain.getResponseById('read');
assert.deepEqual([read.status, read.ok], [200, true]);
assert.deepEqual(await read.json(), { ...made, state: 'inactive' });
assert.equal(chain.getResponseById('delete').status, 204);
assert.equal(await chain.getResponseById('delete').text(), '');
assert.equal((await chain.getResponseById('gone').json()).error.code, 'ResourceNotFound');
assert.equal(chain.getResponseById('after').status, 424);
assert.equal((await chain.getResponseById('after').json()).error.code, 'FailedDependency');

// Side by side, as many as the client allows.
const creates = await send(Array.from({ length: 20 }, (_, i) =>
  step(`${i}`, 'POST', NDES, { displayName: `NDES ${i}` })));
const ids = new Set();
for (const [id, response] of creates.getResponsesIterator()) {
  assert.equal(response.status, 201);
  const connector = await response.json();
  assert.equal(connector.displayName, `NDES ${id}`);
  assert.ok(response.headers.get('Location').includes(connector.id));
  ids.add(connector.id);
}
assert.equal(ids.size, 20);

// What is no JSON comes as base64 text; the other version.
const count = await send([step('n', 'GET', `${NDES}/$count`)]);
assert.equal(Buffer.from(await count.getResponseById('n').text(), 'base64').toString(), '20');
const v1 = await send([step('x', 'GET', 'https://elsewhere/deviceManagement/exchangeConnectors')], 'v1.0');
assert.deepEqual((await v1.getResponseById('x').json()).value, []);
