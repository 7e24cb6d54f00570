import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Asked } from './cluster.fixture.ts';
import { PendingProposals } from './pending-proposals.ts';

const data = new Uint8Array(1);
const act = fc.oneof(
  fc.record({ kind: fc.constant('propose' as const), count: fc.integer({ min: 1, max: 4 }), refuse: fc.boolean() }),
  fc.record({ kind: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('apply' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('depose' as const), others: fc.nat(4) }),
  fc.record({ kind: fc.constant('skip' as const), count: fc.integer({ min: 1, max: 3 }) }),
);

test('each proposal is claimed at its own entry, refused, or lost: once, and never at an entry of another term', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const pending = new PendingProposals(1000);
      const all: Asked[] = [];
      /** The log as this node knows it: who stands at each index. */
      const log: { term: number; owner: Asked | undefined }[] = [];
      let [term, commit, applied, id] = [1, 0, 0, 0];
      const claim = (): void => {
        const { owner, term: at } = log[applied]!;
        applied += 1;
        const claimed = pending.claim(applied, at);
        if (claimed !== undefined) {
          expect(claimed).toBe(owner);
          (claimed as Asked).applied();
        } else if (owner !== undefined) expect(owner.outcome).toBeDefined();
      };
      for (const step of acts) {
        if (step.kind === 'propose') {
          const batch = Array.from({ length: step.count }, () => new Asked());
          all.push(...batch);
          for (const each of batch) pending.add(data, each);
          expect(pending.takeBatch(++id).length).toBe(step.count);
          if (step.refuse) pending.refused(id, { reason: 'not-leader', leader: undefined });
          else {
            expect(pending.accepted(id, log.length + 1, log.length + step.count, term)).toBe(true);
            for (const owner of batch) log.push({ term, owner });
          }
        } else if (step.kind === 'commit') commit = Math.min(log.length, commit + step.count);
        else if (step.kind === 'apply') for (let i = 0; i < step.count && applied < commit; i++) claim();
        else if (step.kind === 'depose') {
          pending.loseAfter(commit);
          log.length = commit;
          term += 1;
          for (let i = 0; i < step.others; i++) log.push({ term, owner: undefined });
          term += 1;
        } else applied = Math.min(commit, applied + step.count);
      }
      while (applied < commit) claim();
      pending.stop();
      for (const each of all) expect(each.outcome).toBeDefined();
    }),
    { numRuns: 1000 },
  );
});

test('an entry of another term in the place of a proposal is not the proposal', () => {
  const pending = new PendingProposals(10);
  const asked = new Asked();
  pending.add(data, asked);
  pending.takeBatch(1);
  pending.accepted(1, 5, 5, 2);
  expect(pending.claim(5, 3)).toBe(undefined);
  expect(asked.outcome).toBe('lost');
});

test('more than may be queued in a turn is turned away, and told when the turn ends', () => {
  const pending = new PendingProposals(2);
  const asked = [new Asked(), new Asked(), new Asked()];
  for (const each of asked) pending.add(data, each);
  expect(asked.map((each) => each.outcome)).toEqual([undefined, undefined, undefined]);
  pending.flushTurnedAway();
  expect(asked.map((each) => each.outcome)).toEqual([undefined, undefined, 'refused overloaded']);
});

test('an answer to somebody else’s question is not taken', () => {
  const pending = new PendingProposals(2);
  expect(pending.accepted(7, 1, 1, 1)).toBe(false);
  expect(pending.refused(7, { reason: 'not-leader', leader: undefined })).toBe(false);
});
