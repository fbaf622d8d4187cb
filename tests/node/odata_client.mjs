// @odata/client. It has no iterator: its pages are asked for by $skip. Its batches are multipart/mixed, or
// JSON where it is told so.
import assert from 'node:assert/strict';
import OData from '@odata/client';
import { live } from './life.mjs';
import { credential, origin, rest, scope } from './login.mjs';

const { token } = await credential.getToken(scope);
const client = OData.OData.New4({
  serviceEndpoint: `${origin}/beta/`,
  commonHeaders: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
});
const all = (set) => client.getEntitySet(`deviceManagement/${set}`);
// What stands in an option is the caller's to encode: this client does not.
const quoted = (text) => encodeURIComponent(`'${text.replaceAll("'", "''")}'`);
const [kind] = rest; // "multipart" or "json"

await live({
  create: (set, entity) => all(set).create(entity),
  get: (set, id) => all(set).retrieve(id),
  async pages(set, size) {
    const pages = [];
    for (;;) {
      const page = await all(set).query(client.newOptions().top(size).skip(size * pages.length));
      if (page.length > 0) {
        pages.push(page);
      }
      if (page.length < size) {
        return pages;
      }
    }
  },
  equal: (set, property, value) => all(set).query(client.newFilter().property(property).eq(quoted(value))),
  startsWith: (set, property, text) =>
    all(set).query(client.newOptions().filter(`startswith(${property},${quoted(text)})`)),
  descending: (set, property) => all(set).query(client.newOptions().orderby(property, 'desc')),
  change: (set, id, changes) => all(set).update(id, changes),
  sync: (set, id, syncType) => all(set).action('microsoft.graph.sync', id, { syncType }),
  async batch(set, steps) {
    const collection = `deviceManagement/${set}`;
    const requests = steps.map(({ create, change, remove }) => {
      if (create) {
        return client.newBatchRequest({ collection, method: 'POST', entity: create });
      }
      return change
        ? client.newBatchRequest({ collection, id: change.id, method: 'PATCH', entity: { ...change, id: undefined } })
        : client.newBatchRequest({ collection, id: remove, method: 'DELETE' });
    });
    const replies = await (kind === 'json' ? client.execBatchRequestsJson(requests) : client.execBatchRequests(requests));
    assert.equal(replies.length, steps.length);
    for (const [i, { create, change }] of steps.entries()) {
      assert.equal(replies[i].status, create ? 201 : change ? 200 : 204);
      if (create) {
        assert.ok((await replies[i].json()).id);
      }
    }
  },
  remove: (set, id) => all(set).delete(id),
  async failure(promise) {
    const error = await promise.catch((reason) => reason);
    assert.equal(error.constructor.name, 'ODataServerError', String(error)); // of a file that is not exported
    return { message: error.message };
  },
});
