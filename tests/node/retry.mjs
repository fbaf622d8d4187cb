// Makes one NDES connector with the stock Graph client, whose own middleware retries what is throttled:
//
//     node retry.mjs ORIGIN TENANT CLIENT_ID CLIENT_SECRET NAME
//
// Not a line about retries is written here: the client decides. Prints the connector as JSON.
import { webcrypto } from 'node:crypto';
import { ClientSecretCredential } from '@azure/identity';
import { Client } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider }
  from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

globalThis.crypto ??= webcrypto; // as in graph_client.mjs

const [origin, tenant, clientId, clientSecret, displayName] = process.argv.slice(2);
const credential = new ClientSecretCredential(tenant, clientId, clientSecret,
  { authorityHost: origin, disableInstanceDiscovery: true });
const graph = Client.initWithMiddleware({
  baseUrl: origin,
  defaultVersion: 'beta',
  customHosts: new Set([new URL(origin).hostname]),
  authProvider: new TokenCredentialAuthenticationProvider(credential,
    { scopes: ['https://graph.microsoft.com/.default'] }),
});
console.log(JSON.stringify(await graph.api('/deviceManagement/ndesConnectors').post({ displayName })));
