// The SDK that kiota generates, in beta: its models, serialisers, adapter, pages and batches. Packages with
// request builders for deviceManagement are not published for JavaScript, so the builders' part, which is a
// URL template and a model, is written here. The argument "gzip" takes kiota's chain that compresses what it
// sends.
//
// Its batch (msgraph-sdk-core 1.0.0-preview.17) sends bodies as base64 and drops headers, and cannot read
// bodies that are objects: only the statuses of a batch are looked at.
import assert from 'node:assert/strict';
import { HttpMethod, RequestInformation } from '@microsoft/kiota-abstractions';
import { MiddlewareFactory } from '@microsoft/kiota-http-fetchlibrary';
import { GraphBetaRequestAdapter } from '@microsoft/msgraph-beta-sdk';
import * as models from '@microsoft/msgraph-beta-sdk/models/index.js';
import { createODataErrorFromDiscriminatorValue } from '@microsoft/msgraph-beta-sdk/models/oDataErrors/index.js';
import { BatchRequestContent, createGraphClientFactory, GraphAzureIdentityAuthenticationProvider, PageIterator }
  from '@microsoft/msgraph-sdk-core';
import { live } from './life.mjs';
import { credential, origin, rest, scope } from './login.mjs';

const gzip = rest[0] === 'gzip' && createGraphClientFactory({ graphServiceTargetVersion: 'beta',
  graphServiceLibraryClientVersion: '' }, undefined, undefined, MiddlewareFactory.getPerformanceMiddlewares());

const authentication = new GraphAzureIdentityAuthenticationProvider(credential, [scope], undefined,
  new Set([new URL(origin).hostname]), undefined, false);
const adapter = new GraphBetaRequestAdapter(authentication, undefined, undefined, gzip || undefined);
adapter.baseUrl = `${origin}/beta`;

const SETS = {
  ndesConnectors: [models.createNdesConnectorFromDiscriminatorValue, models.serializeNdesConnector,
    models.createNdesConnectorCollectionResponseFromDiscriminatorValue],
  exchangeConnectors: [models.createDeviceManagementExchangeConnectorFromDiscriminatorValue,
    models.serializeDeviceManagementExchangeConnector,
    models.createDeviceManagementExchangeConnectorCollectionResponseFromDiscriminatorValue],
};
const errors = { XXX: createODataErrorFromDiscriminatorValue };

function request(method, path, query = {}, body = undefined, serialize = undefined) {
  const made = new RequestInformation(method, `{+baseurl}/deviceManagement/${path}{?%24filter,%24orderby,%24top}`,
    { baseurl: adapter.baseUrl });
  made.headers.tryAdd('Accept', 'application/json');
  for (const [name, value] of Object.entries(query)) {
    made.queryParameters[`%24${name}`] = value;
  }
  if (body) {
    made.setContentFromParsable(adapter, 'application/json', body, serialize);
  }
  return made;
}

const create = (set, entity) => request(HttpMethod.POST, set, {}, entity, SETS[set][1]);
const change = (set, id, changes) => request(HttpMethod.PATCH, `${set}/${id}`, {}, changes, SETS[set][1]);
const remove = (set, id) => request(HttpMethod.DELETE, `${set}/${id}`);
const page = (set, query) => adapter.send(request(HttpMethod.GET, set, query), SETS[set][2], errors);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

await live({
  create: (set, entity) => adapter.send(create(set, entity), SETS[set][0], errors),
  get: (set, id) => adapter.send(request(HttpMethod.GET, `${set}/${id}`), SETS[set][0], errors),
  async pages(set, size) {
    const first = await page(set, { top: size });
    const pages = [];
    let last;
    const iterator = new PageIterator(adapter, first, (entity) => {
      if (iterator.currentPage !== last) {
        last = iterator.currentPage;
        pages.push([]);
      }
      pages.at(-1).push(entity);
      return true;
    }, SETS[set][2], errors);
    await iterator.iterate();
    return pages;
  },
  equal: async (set, property, value) => (await page(set, { filter: `${property} eq ${quoted(value)}` })).value,
  startsWith: async (set, property, text) => (await page(set, { filter: `startswith(${property},${quoted(text)})` })).value,
  descending: async (set, property) => (await page(set, { orderby: `${property} desc` })).value,
  change: (set, id, changes) => adapter.send(change(set, id, changes), SETS[set][0], errors),
  sync: (set, id, syncType) => adapter.sendNoResponseContent(request(HttpMethod.POST, `${set}/${id}/sync`, {},
    { syncType }, (writer, { syncType: type }) => writer.writeStringValue('syncType', type)), errors),
  async batch(set, steps) {
    const batch = new BatchRequestContent(adapter, errors);
    const ids = steps.map((step) => batch.addBatchRequest(step.create ? create(set, step.create)
      : step.change ? change(set, step.change.id, { ...step.change, id: undefined })
        : remove(set, step.remove)).id);
    const statuses = await (await batch.postAsync()).getResponsesStatusCodes();
    assert.deepEqual(ids.map((id) => statuses.get(id)),
      steps.map((step) => (step.create ? 201 : step.change ? 200 : 204)));
  },
  remove: (set, id) => adapter.sendNoResponseContent(remove(set, id), errors),
  async failure(promise) {
    const told = await promise.catch((reason) => reason);
    assert.ok(told.errorEscaped, told); // kiota's error is the model, and no Error
    assert.match(told.errorEscaped.innerError.requestId, /^[0-9a-f]{8}-/);
    assert.ok(told.errorEscaped.innerError.date instanceof Date);
    return { status: told.responseStatusCode, ...told.errorEscaped };
  },
});
