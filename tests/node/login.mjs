// What every script is called with, and the stock credential made of it:
//
//     node --import ./wire.mjs SCRIPT ORIGIN TENANT CLIENT_ID CLIENT_SECRET ...
//
// ORIGIN is https, trusted by NODE_EXTRA_CA_CERTS.
import { ClientSecretCredential } from '@azure/identity';

export const [origin, tenant, clientId, clientSecret, ...rest] = process.argv.slice(2);
export const scope = 'https://graph.microsoft.com/.default';
export const credential = new ClientSecretCredential(tenant, clientId, clientSecret,
  { authorityHost: origin, disableInstanceDiscovery: true });
