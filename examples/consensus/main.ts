/** Three nodes agree on a log with Raft; their leader is cut off, and the other two go on without losing what was committed. */
import { Instant } from '@quorate/patterns/base';
import { NodeId, Raft, type RaftEffect, type RaftInput } from '@quorate/patterns/consensus/raft';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const ids = [1, 2, 3].map(NodeId.of);
const configuration = { voters: ids, outgoing: [], learners: [], learnersNext: [] };
const restart = {
  state: { term: 0, vote: undefined },
  mark: { index: 0, term: 0, configuration },
  entries: [],
  applied: 0,
  damaged: false,
};

let now = Instant.of(0);
const nodes = new Map(ids.map((id) => [id, new Raft({ id, random: () => id * 1_000_000_000 }, restart, now)]));
const logs = new Map(ids.map((id) => [id, [] as string[]]));
let cutOff: NodeId | undefined;
const queue: { readonly to: NodeId; readonly input: RaftInput }[] = [];

/** The driver's part: disks here answer at once, and messages arrive in the order in which they were sent. */
function step(id: NodeId, input: RaftInput): void {
  const effects: RaftEffect[] = [];
  nodes.get(id)!.step(input, now, effects);
  for (const effect of effects) {
    if (effect.kind === 'persist') queue.push({ to: id, input: { kind: 'persisted', ticket: effect.ticket } });
    if (effect.kind === 'send' && id !== cutOff && effect.to !== cutOff)
      queue.push({ to: effect.to, input: { kind: 'message', from: id, message: effect.message } });
    if (effect.kind !== 'commit') continue;
    for (const entry of effect.entries)
      if (entry.kind === 'data') logs.get(id)!.push(new TextDecoder().decode(entry.data));
  }
}

function deliver(): void {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(next.to, next.input);
}

/** Time passes, to the next deadline each time. */
function run(forMs: number): void {
  const end = now + forMs;
  for (;;) {
    const due = Math.min(...[...nodes.values()].map(({ deadline }) => deadline ?? Number.POSITIVE_INFINITY));
    if (due > end) break;
    now = Instant.of(Math.max(now, due));
    for (const [id, node] of nodes) if (node.deadline !== undefined && node.deadline <= now) step(id, { kind: 'tick' });
    deliver();
  }
  now = Instant.of(end);
}

const leader = (): NodeId => ids.find((id) => id !== cutOff && nodes.get(id)!.status.role === 'leader')!;
let proposals = 0;
function propose(command: string): void {
  step(leader(), { kind: 'propose', id: ++proposals, data: [new TextEncoder().encode(command)] });
  deliver();
  // The followers learn with the next heartbeat what has been committed.
  run(200);
}

run(5000);
say(`node ${leader()} leads in term ${nodes.get(leader())!.status.term}`);
propose('x = 1');
cutOff = leader();
say(`node ${cutOff} is cut off`);
run(5000);
say(`node ${leader()} leads in term ${nodes.get(leader())!.status.term}`);
propose('y = 2');
for (const [id, log] of logs) say(`node ${id} has ${log.join(', ')}`);
cutOff = undefined;
run(5000);
say(`together again: ${[...logs.values()].map((log) => log.join(', ')).join(' | ')}`);
