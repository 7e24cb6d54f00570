/** A service in cells: who is where, what fails together, and a tenant that moves while it is in use. */

import { Instant } from '@quorate/patterns/base';
import {
  AssignedShards,
  blastRadius,
  CellGate,
  CellRouter,
  CellTable,
  type GateEffect,
  type GateInput,
  keyUnit,
  Migration,
  type MigrationEffect,
  type MigrationInput,
  planBuckets,
  ShuffleShards,
} from '@quorate/patterns/cells';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

// Two cells share 16 buckets; what would a third one get?
const table = CellTable.of(Array.from({ length: 16 }, (_, bucket) => (bucket < 8 ? 'east' : 'west')));
const plan = planBuckets(table, [{ id: 'east' }, { id: 'west' }, { id: 'north', bucketsMax: 6 }]);
if (plan.kind === 'moves')
  say(`a third cell gets ${plan.moves.length} buckets: ${plan.moves.map(({ unit }) => unit).join(' ')}`);

// The tenant acme gets a cell of its own, while a client writes.
const gates = new Map(['east', 'west', 'north'].map((cell) => [cell, CellGate.first(cell, table)]));
let migration = new Migration({ redirectMs: 60_000 }, Instant.of(0), { table: table.data, lastMove: 0, moves: [] });
const inFlight: MigrationEffect[] = [];
const step = (input: MigrationInput, now = 0): void => {
  migration.step(input, Instant.of(now), inFlight);
};
const tell = (cell: string, input: GateInput): void => {
  const out: GateEffect[] = [];
  gates.get(cell)?.step(input, out);
  for (const effect of out) {
    if (effect.kind === 'copy') tell(cell, { ...effect, kind: 'received' });
    if (effect.kind === 'catch-up') tell(cell, { ...effect, kind: 'caught-up' });
    if (effect.kind === 'confirm') step({ kind: 'confirmed', cell, confirmation: effect.confirmation });
  }
};
/** Carries out the next command, and says which. */
const next = (): string | undefined => {
  const effect = inFlight.shift();
  if (effect?.kind === 'command') {
    tell(effect.cell, effect.command);
    return `${effect.cell}: ${effect.command.kind}`;
  }
  return effect === undefined ? undefined : next();
};
const router = new CellRouter(table);
const write = (): string => {
  const way: string[] = [];
  for (let route = router.route('acme'); route.kind === 'send'; ) {
    const answer = gates.get(route.cell)?.admit(route.request) ?? { kind: 'not-here' };
    way.push(`${route.cell} ${answer.kind}`);
    const follows = router.next(route, answer);
    if (answer.kind === 'accept') tell(route.cell, { kind: 'finished', unit: answer.unit, key: 'acme' });
    if (follows.kind === 'refresh') router.install(migration.table);
    if (follows.kind === 'refresh') route = router.route('acme', follows);
    else if (follows.kind === 'send') route = follows;
    else break;
  }
  return way.join(', ');
};
say(`\na write of acme: ${write()}`);
step({ kind: 'move', unit: keyUnit('acme'), to: 'north' });
for (let command = next(); command !== undefined; command = next()) {
  say(`${command.padEnd(16)} a write: ${write()}`);
  // Whoever runs the migration crashes at each step, and goes on from what is durable.
  migration = new Migration({ redirectMs: 60_000 }, Instant.of(0), migration.snapshot);
}
say(`acme is in ${migration.table.homeOf('acme').cell} since epoch ${migration.table.homeOf('acme').since}`);

// Workers that all cells use: what does one customer take along?
const workers = Array.from({ length: 12 }, (_, i) => ({ id: `worker-${i}`, zone: `zone-${i % 3}` }));
const shards = ShuffleShards.of(workers, { perZone: 1 });
say(`\nacme uses ${shards.handOf('acme').join(' ')}; globex uses ${shards.handOf('globex').join(' ')}`);
const { share, customers } = blastRadius(shards.deck, 1_000);
say(`who takes its hand down hits ${(share * 100).toFixed(2)} % of the others, ${customers.toFixed(0)} of 1,000`);
const assigned = new AssignedShards(workers, { perZone: 1, overlapMax: 1 });
let dealt = 0;
while (assigned.assign(`customer-${dealt}`).kind === 'assigned') dealt += 1;
say(`with at most one worker shared there are hands for ${dealt} customers`);
