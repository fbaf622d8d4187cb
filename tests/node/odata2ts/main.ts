// The service that odata2ts generates from the served $metadata, which is in generated/, over its own client
// for fetch. It has no batches, an action only where the metadata spell its binding parameter without the
// alias, and no iterator: a page's link goes to the client as it stands.
import assert from 'node:assert/strict';
import { FetchClient, FetchClientError } from '@odata2ts/http-client-fetch';
import { graphService } from './generated/graphService';
import { deviceManagementExchangeConnectorStatus, ndesConnectorState } from './generated/graphModel';

// A quote in a text is the caller's to double: what is generated does not.
const doubled = (text: string) => text.replaceAll("'", "''");

async function main() {
  const { credential, origin, scope } = await import('./login.mjs' as string);
  const { live } = await import('./life.mjs' as string);
  const { token } = await credential.getToken(scope);
  const http = new FetchClient({ headers: { Authorization: `Bearer ${token}` } });
  const graph = new graphService(http, `${origin}/beta`).deviceManagement();

  async function pages(first: Promise<{ data: any }>) {
    const pages = [];
    for (let { data } = await first; ; { data } = await http.get(data['@odata.nextLink'])) {
      pages.push(data.value);
      if (!data['@odata.nextLink']) {
        return pages;
      }
    }
  }

  async function failure(promise: Promise<unknown>) {
    const error: any = await promise.catch((reason) => reason);
    assert.ok(error instanceof FetchClientError, String(error));
    return { status: error.status, message: error.message };
  }

  await live({
    create: async (_: string, entity: any) => (await graph.ndesConnectors().create(entity)).data,
    get: async (_: string, id: string) => (await graph.ndesConnectors(id).query()).data,
    pages: (_: string, size: number) => pages(graph.ndesConnectors().query((builder) => builder.top(size))),
    equal: async (_: string, property: string, value: string) => (await graph.ndesConnectors().query((builder, q) =>
      builder.filter(property === 'state' ? q.state.eq(value as ndesConnectorState) : q.displayName.eq(doubled(value))))).data.value,
    startsWith: async (_: string, _property: string, text: string) => (await graph.ndesConnectors().query((builder, q) =>
      builder.filter(q.displayName.startsWith(text)))).data.value,
    descending: async () => (await graph.ndesConnectors().query((builder, q) =>
      builder.orderBy(q.displayName.desc()))).data.value,
    change: async (_: string, id: string, changes: any) => (await graph.ndesConnectors(id).patch(changes)).data,
    remove: (_: string, id: string) => graph.ndesConnectors(id).delete(),
    failure,
  }, ['ndesConnectors']);

  await live({
    create: async (_: string, entity: any) => (await graph.exchangeConnectors().create(entity)).data,
    get: async (_: string, id: string) => (await graph.exchangeConnectors(id).query()).data,
    pages: (_: string, size: number) => pages(graph.exchangeConnectors().query((builder) => builder.top(size))),
    equal: async (_: string, property: string, value: string) => (await graph.exchangeConnectors().query((builder, q) =>
      builder.filter(property === 'status' ? q.status.eq(value as deviceManagementExchangeConnectorStatus)
        : q.serverName.eq(doubled(value))))).data.value,
    startsWith: async (_: string, _property: string, text: string) => (await graph.exchangeConnectors().query(
      (builder, q) => builder.filter(q.serverName.startsWith(text)))).data.value,
    descending: async () => (await graph.exchangeConnectors().query((builder, q) =>
      builder.orderBy(q.serverName.desc()))).data.value,
    change: async (_: string, id: string, changes: any) => (await graph.exchangeConnectors(id).patch(changes)).data,
    remove: (_: string, id: string) => graph.exchangeConnectors(id).delete(),
    failure,
  }, ['exchangeConnectors']);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
