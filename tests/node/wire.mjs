// Preloaded by `node --import ./wire.mjs SCRIPT`: fetch(), which all these clients send by, speaks the one
// version of HTTP that WIRE names, "h2" or "http/1.1", and a script whose connections spoke another one
// fails. The clients know nothing of it: an agent for all of fetch is what Node.js has for the purpose.
// (Logging in is not fetch's: @azure/identity speaks HTTP/1.1 by node:https and nothing else.)
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { webcrypto } from 'node:crypto';
import { Agent, setGlobalDispatcher } from 'undici';

globalThis.crypto ??= webcrypto; // Node 18 does not call it so yet, and @azure/identity looks for it

const { WIRE } = process.env;
const spoken = new Set();
assert.ok(['h2', 'http/1.1'].includes(WIRE), `WIRE=${WIRE}`);
setGlobalDispatcher(new Agent({ allowH2: WIRE === 'h2' }));
diagnostics.subscribe('undici:client:connected', ({ socket }) => spoken.add(socket.alpnProtocol || 'no ALPN'));
process.on('exit', (code) => {
  if (code === 0 && ![...spoken].every((each) => each === WIRE) || spoken.size === 0) {
    console.error(`expected ${WIRE}, but the connections spoke: ${[...spoken].join(', ') || 'there were none'}`);
    process.exitCode = 1;
  }
});
