// The whole life of connectors, by whatever client: created, paged, filtered, ordered, changed, batched,
// deleted, and missed. A script gives its client's own calls for these:
//
//     create(set, entity)                    the entity that was made
//     get(set, id)                           the entity
//     pages(set, size)                       its pages, each an array, by the client's own iterator
//     equal(set, property, value)            entities, by $filter=property eq 'value'
//     startsWith(set, property, text)        entities, by $filter=startswith(property,'text')
//     descending(set, property)              entities, by $orderby
//     change(set, id, changes)               by PATCH
//     sync(set, id, syncType)                the action
//     batch(set, steps)                      each { create: entity }, { change: entity with id } or
//                                            { remove: id }, in one batch of the client's own
//     remove(set, id)
//     failure(promise)                       { status, code, message }, out of the client's type of error
//
// One that the client does not have is left out, and then not tried. The tenant must be one that nobody
// else uses.
import assert from 'node:assert/strict';

const SETS = {
  ndesConnectors: {
    text: 'displayName', member: 'state', on: 'active', off: 'inactive',
    more: { machineName: 'ndes01.example.com', roleScopeTagIds: ['0', 'Ω "quoted"'] },
  },
  exchangeConnectors: {
    text: 'serverName', member: 'status', on: 'connected', off: 'disconnected',
    more: { exchangeConnectorType: 'dedicated', version: '5.0' },
  },
};
const NAMES = ["Größe 1", "O'Neil & 2", 'Größe 3', 'plain+4', 'Größe 5'];

async function lives(client, set) {
  const { text, member, on, off, more } = SETS[set];
  const names = (entities) => entities.map((each) => each[text]).sort();

  const made = [];
  for (const [n, name] of NAMES.entries()) {
    made.push(await client.create(set, { ...more, [text]: name, [member]: n % 2 ? off : on }));
  }
  const [first] = made;
  assert.deepEqual(names(made), [...NAMES].sort());
  const read = await client.get(set, first.id);
  for (const [name, value] of Object.entries({ id: first.id, ...more, [text]: NAMES[0], [member]: on })) {
    assert.deepEqual(read[name], value, name);
  }

  const pages = await client.pages(set, 2);
  assert.deepEqual(pages.map((page) => page.length), [2, 2, 1]);
  assert.deepEqual(pages.flat().map((each) => each.id).sort(), made.map((each) => each.id).sort());

  assert.deepEqual(names(await client.equal(set, member, off)), ["O'Neil & 2", 'plain+4']);
  assert.deepEqual(names(await client.equal(set, text, "O'Neil & 2")), ["O'Neil & 2"]);
  assert.deepEqual(names(await client.equal(set, text, 'plain+4')), ['plain+4']);
  assert.deepEqual(names(await client.startsWith(set, text, 'Größe')), ['Größe 1', 'Größe 3', 'Größe 5']);
  if (client.descending) {
    assert.deepEqual((await client.descending(set, text)).map((each) => each[text]),
      ['plain+4', "O'Neil & 2", 'Größe 5', 'Größe 3', 'Größe 1']);
  }

  const changed = await client.change(set, first.id, { [member]: off });
  assert.ok(changed === undefined || changed[member] === off, JSON.stringify(changed));
  const after = await client.get(set, first.id);
  assert.deepEqual([after[text], after[member]], [NAMES[0], off]);

  if (set === 'exchangeConnectors' && client.sync) {
    await client.sync(set, first.id, 'fullSync');
    const synced = await client.get(set, first.id);
    const silent = Date.now() - new Date(synced.lastSyncDateTime).getTime();
    assert.ok(Math.abs(silent) < 600_000, `${synced.lastSyncDateTime}`);
  }

  if (client.batch) {
    await client.batch(set, [1, 2, 3].map((n) => ({ create: { [text]: `Batch ${n}`, [member]: on } })));
    const batched = await client.startsWith(set, text, 'Batch');
    assert.deepEqual(names(batched), ['Batch 1', 'Batch 2', 'Batch 3']);
    await client.batch(set, [{ change: { id: batched[0].id, [member]: off } }, { remove: batched[1].id }]);
    made.push(batched[0], batched[2]);
    assert.equal((await client.get(set, batched[0].id))[member], off);
    assert.equal((await client.startsWith(set, text, 'Batch')).length, 2);
  }

  for (const { id } of made) {
    await client.remove(set, id);
  }
  const told = await client.failure(client.get(set, first.id).then(
    (reply) => assert.fail(`read what was deleted: ${JSON.stringify(reply)}`)));
  assert.ok(told.message.includes(first.id), told.message);
  assert.ok([undefined, 404].includes(told.status), `${told.status}`);
  assert.ok([undefined, 'ResourceNotFound'].includes(told.code), `${told.code}`);
  assert.deepEqual((await client.pages(set, 2)).flat(), []);
}

export async function live(client, sets = Object.keys(SETS)) {
  for (const set of sets) {
    await lives(client, set);
  }
}
