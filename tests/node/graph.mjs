// The Graph client, with its own pages and batches: what graph_client.mjs does not do.
import assert from 'node:assert/strict';
import { BatchRequestContent, BatchResponseContent, Client, GraphError, PageIterator }
  from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider }
  from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';
import { live } from './life.mjs';
import { credential, origin, scope } from './login.mjs';

const graph = Client.initWithMiddleware({
  baseUrl: origin,
  defaultVersion: 'beta',
  customHosts: new Set([new URL(origin).hostname]),
  authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [scope] }),
});
const path = (set, id) => `/deviceManagement/${set}${id ? `/${id}` : ''}`;
// What stands in an option is the caller's to encode: this client does not.
const quoted = (text) => encodeURIComponent(`'${text.replaceAll("'", "''")}'`);

await live({
  create: (set, entity) => graph.api(path(set)).post(entity),
  get: (set, id) => graph.api(path(set, id)).get(),
  async pages(set, size) {
    const pages = [[]];
    const first = await graph.api(path(set)).top(size).get();
    const asking = { api: (link) => { pages.push([]); return graph.api(link); } };
    const iterator = new PageIterator(asking, first, (entity) => { pages.at(-1).push(entity); return true; });
    await iterator.iterate();
    return pages;
  },
  equal: async (set, property, value) =>
    (await graph.api(path(set)).filter(`${property} eq ${quoted(value)}`).get()).value,
  startsWith: async (set, property, text) =>
    (await graph.api(path(set)).filter(`startswith(${property},${quoted(text)})`).get()).value,
  descending: async (set, property) => (await graph.api(path(set)).orderby(`${property} desc`).get()).value,
  change: (set, id, changes) => graph.api(path(set, id)).patch(changes),
  sync: (set, id, syncType) => graph.api(`${path(set, id)}/sync`).post({ syncType }),
  async batch(set, steps) {
    const content = new BatchRequestContent(steps.map(({ create, change, remove }, i) => {
      const send = (method, id, body) => ({
        id: `${i}`,
        request: new Request(`https://elsewhere${path(set, id)}`, {
          method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
        }),
      });
      if (create) {
        return send('POST', undefined, create);
      }
      return change ? send('PATCH', change.id, { ...change, id: undefined }) : send('DELETE', remove);
    }));
    const reply = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    for (const [i, { create, change }] of steps.entries()) {
      assert.equal(reply.getResponseById(`${i}`).status, create ? 201 : change ? 200 : 204);
    }
  },
  remove: (set, id) => graph.api(path(set, id)).delete(),
  async failure(promise) {
    const error = await promise.catch((reason) => reason);
    assert.ok(error instanceof GraphError, String(error));
    return { status: error.statusCode, code: error.code, message: error.message };
  },
});
