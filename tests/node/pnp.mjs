// PnPjs, with its own pages and batches.
import assert from 'node:assert/strict';
import { GraphCollection, GraphInstance, DefaultHeaders, DefaultInit, graphDelete, graphfi, graphPatch, graphPost }
  from '@pnp/graph';
import '@pnp/graph/batching.js';
import { BearerToken, body, BrowserFetchWithRetry, DefaultParse, HttpRequestError } from '@pnp/queryable';
import { live } from './life.mjs';
import { credential, origin, scope } from './login.mjs';

const { token } = await credential.getToken(scope);
const graph = graphfi().using(DefaultInit(`${origin}/beta`), DefaultHeaders(), BrowserFetchWithRetry(),
  DefaultParse(), BearerToken(token));

const all = (set, root = graph) => root.create(GraphCollection, `deviceManagement/${set}`);
const one = (set, id, root = graph) => root.create(GraphInstance, `deviceManagement/${set}/${id}`);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

await live({
  create: (set, entity) => graphPost(all(set), body(entity)),
  get: (set, id) => one(set, id)(),
  async pages(set, size) {
    const pages = [];
    for await (const page of all(set).top(size)) {
      pages.push(page);
    }
    return pages;
  },
  equal: (set, property, value) => all(set).filter(`${property} eq ${quoted(value)}`)(),
  startsWith: (set, property, text) => all(set).filter(`startswith(${property},${quoted(text)})`)(),
  descending: (set, property) => all(set).orderBy(property, false)(),
  change: (set, id, changes) => graphPatch(one(set, id), body(changes)),
  sync: (set, id, syncType) => graphPost(one(set, `${id}/sync`), body({ syncType })),
  async batch(set, steps) {
    const [batched, execute] = graph.batched();
    const replies = steps.map(({ create, change, remove }) => {
      if (create) {
        return graphPost(all(set, batched), body(create));
      }
      return change ? graphPatch(one(set, change.id, batched), body({ ...change, id: undefined }))
        : graphDelete(one(set, remove, batched));
    });
    await execute();
    return Promise.all(replies);
  },
  remove: (set, id) => graphDelete(one(set, id)),
  async failure(promise) {
    const error = await promise.catch((reason) => reason);
    assert.ok(error instanceof HttpRequestError, String(error));
    const { code, message } = (await error.response.json()).error;
    return { status: error.status, code, message };
  },
});
