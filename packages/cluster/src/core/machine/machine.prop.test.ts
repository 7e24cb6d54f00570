import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command, header } from '../codec/arbitraries.fixture.ts';
import { encodeBatch, encodeCommand } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import type { RangeRequest, TxnRequest, WatchRequest } from '../requests.ts';
import { checkTxn } from '../validation.ts';
import { Bench, bytes, Ear, show } from './machine.fixture.ts';
import { Model } from './model.fixture.ts';

const key = fc.constantFrom('a', 'b', 'ba', 'c').map(bytes);
const rangeEnd = fc
  .constantFrom(undefined, 'b', 'c', 'd', '\u0000')
  .map((end) => (end === undefined ? undefined : bytes(end)));
const value = fc.constantFrom('', 'x', 'y').map(bytes);
/** Revisions are given as distances from the present, because the present is not known when they are drawn. */
const back = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.integer({ min: -1, max: 12 }));
const flag = fc.boolean();

const range = fc.record({
  kind: fc.constant('range' as const),
  key,
  rangeEnd,
  limit: fc.nat(3),
  back,
  sortOrder: fc.constantFrom('none' as const, 'none' as const, 'ascend' as const, 'descend' as const),
  sortTarget: fc.constantFrom(
    'key' as const,
    'key' as const,
    'version' as const,
    'create' as const,
    'mod' as const,
    'value' as const,
  ),
  keysOnly: flag,
  countOnly: fc.constantFrom(false, false, false, true),
  minMod: back,
  maxMod: back,
  minCreate: back,
  maxCreate: back,
});
const put = fc.record({ kind: fc.constant('put' as const), key, value, prevKv: flag });
const remove = fc.record({ kind: fc.constant('delete-range' as const), key, rangeEnd, prevKv: flag });
const result = fc.constantFrom('equal' as const, 'not-equal' as const, 'less' as const, 'greater' as const);
const compare = fc.oneof(
  fc.record({ key, rangeEnd, result, target: fc.constant('value' as const), operand: value }),
  fc.record({ key, rangeEnd, result, target: fc.constantFrom('version' as const), operand: fc.nat(3) }),
  fc.record({ key, rangeEnd, result, target: fc.constantFrom('create' as const, 'mod' as const), back }),
);
const txn = fc.letrec<{ txn: object; operations: object[] }>((tie) => ({
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(compare, { maxLength: 2 }),
    success: tie('operations'),
    failure: tie('operations'),
  }),
  operations: fc.array(fc.oneof({ maxDepth: 3, depthIdentifier: 'txn' }, put, range, remove, tie('txn')), {
    maxLength: 4,
    depthIdentifier: 'txn',
  }),
})).txn;

/** Turns distances into revisions. */
function settle(draft: unknown, present: number): never {
  const from = (distance: number | undefined): number => (distance === undefined ? 0 : Math.max(0, present - distance));
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (node instanceof Uint8Array || typeof node !== 'object' || node === null) return node;
    const fields = Object.fromEntries(Object.entries(node).map(([k, v]) => [k, visit(v)]));
    if (fields['kind'] === 'range') {
      const { back: b, minMod, maxMod, minCreate, maxCreate, ...rest } = fields as Record<string, number | undefined>;
      return {
        ...rest,
        revision: from(b),
        minModRevision: from(minMod),
        maxModRevision: from(maxMod),
        minCreateRevision: from(minCreate),
        maxCreateRevision: from(maxCreate),
      };
    }
    if ('back' in fields) return { ...fields, operand: from(fields['back'] as number | undefined) };
    return fields;
  };
  return visit(draft) as never;
}

const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('txn' as const), draft: txn }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('range' as const), draft: range }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.integer({ min: -1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
);

function runRange(bench: Bench, model: Model, request: RangeRequest): void {
  const answer = bench.machine.range(request);
  const expected = model.range(request);
  if (answer instanceof CoreError) expect(answer.code).toBe(expected);
  else expect(show(bench.range(request))).toEqual(show(expected));
}

function runTxn(bench: Bench, model: Model, request: TxnRequest): void {
  const objection = checkTxn(request);
  const answer = bench.try(request);
  if (objection !== undefined) expect((answer as CoreError).code).toBe(objection.code);
  else {
    const expected = model.txn(request);
    if (answer instanceof CoreError) expect(answer.code).toBe(expected);
    else expect(show(answer)).toEqual(show(expected));
  }
}

test('ranges and transactions answer like a list of all versions that is searched from the start', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      let bench = new Bench();
      const model = new Model();
      for (const a of actions) {
        const present = bench.machine.revision;
        if (a.kind === 'txn') runTxn(bench, model, settle(a.draft, present));
        else if (a.kind === 'range') runRange(bench, model, settle(a.draft, present));
        else if (a.kind === 'flush') bench.flush();
        else if (a.kind === 'compact') {
          if (bench.code({ kind: 'compact', revision: present - a.back }) === 'ok')
            model.compactRevision = present - a.back;
        } else {
          const other = new Bench();
          await other.restore(await bench.snapshot());
          bench = other;
        }
        expect(bench.machine.revision).toBe(model.revision);
      }
    }),
    { numRuns: 300 },
  );
});

const watching = fc.record({
  key,
  rangeEnd,
  from: fc.nat(20),
  prevKv: flag,
  withoutPuts: fc.constantFrom(false, false, true),
  withoutDeletes: fc.constantFrom(false, false, true),
});
const watchAction = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('txn' as const), draft: txn }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('watch' as const), watching }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const), which: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
);

/** The events of a watch as the model has them, without a previous value where compaction excuses its absence. */
function comparable(events: readonly unknown[], excused: (revision: number) => boolean): unknown[] {
  return (show(events) as { kv: { modRevision: number }; prevKv?: unknown }[]).map((e) => ({
    ...e,
    prevKv: excused(e.kv.modRevision) ? 'excused' : e.prevKv,
  }));
}

test('watches tell what the list says, from whatever revision, over compactions, pauses and snapshots', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(watchAction, { maxLength: 40 }), async (actions) => {
      const bench = new Bench();
      const model = new Model();
      const watches: { ear: Ear; request: WatchRequest; from: number }[] = [];
      for (const a of actions) {
        if (a.kind === 'txn') runTxn(bench, model, settle(a.draft, bench.machine.revision));
        else if (a.kind === 'flush') bench.flush();
        else if (a.kind === 'watch') {
          const { from, ...rest } = a.watching;
          const request = { ...rest, startRevision: from };
          watches.push({ ear: new Ear(bench, request), request, from: from === 0 ? bench.machine.revision + 1 : from });
        } else if (a.kind === 'compact') {
          const revision = bench.machine.revision - a.back;
          if (bench.code({ kind: 'compact', revision }) === 'ok') model.compactRevision = revision;
        } else if (a.kind === 'reload') await bench.restore(await bench.snapshot());
        else watches[a.which]?.ear.handle[a.kind]();
      }
      for (const { ear } of watches) ear.handle.resume();
      bench.flush();
      for (const { ear, request, from } of watches) {
        const told = ear.heard.flatMap((m) => (m.kind === 'events' ? m.events : []));
        const expected = model.events(request, from);
        const canceled = ear.kinds.at(-1) === 'canceled';
        // A watcher that was canceled has been told everything up to some point.
        const due = canceled ? expected.slice(0, told.length) : expected;
        const excused = (revision: number): boolean => revision - 1 < model.compactRevision;
        expect(comparable(told, excused)).toEqual(comparable(due, excused));
        if (canceled) expect(model.compactRevision >= from || from === 1 || isEmpty(request)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

function isEmpty(request: WatchRequest): boolean {
  const [low, high] = [request.key, request.rangeEnd].map((b) => (b === undefined ? '' : String.fromCharCode(...b)));
  return high !== '' && high !== '\u0000' && low! >= high!;
}

test('the same log gives the same bytes, and a member that took over a snapshot goes on as the one that made it', async () => {
  const entries = fc.array(fc.array(fc.tuple(command, header), { minLength: 1, maxLength: 4 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(entries, fc.nat(20), fc.boolean(), async (log, cut, lazy) => {
      const payloads = log.map((entry) =>
        encodeBatch(entry.map(([c, h]) => encodeCommand(c, h && { ...h, session: 1 + (h.session % 4) }))),
      );
      const one = new Bench();
      const two = new Bench();
      let three = new Bench();
      for (const [i, payload] of payloads.entries()) {
        const replies = one.applyEntry(payload).map((r) => [...r.bytes].join());
        one.flush();
        // Nobody asks for its answers, it prunes late, and its entries are overwritten after use.
        const reused = payload.slice();
        two.index += 1;
        two.machine.apply(two.index, reused, undefined);
        reused.fill(0);
        if (!lazy) two.machine.work();
        if (i === cut) {
          three = new Bench();
          await three.restore(await one.snapshot());
        } else expect(three.applyEntry(payload).map((r) => [...r.bytes].join())).toEqual(replies);
      }
      const wanted = await joined(one);
      expect(await joined(two)).toBe(wanted);
      expect(await joined(three)).toBe(wanted);
      expect(two.hash()).toBe(one.hash());
      expect(three.hash()).toBe(one.hash());
      expect([two.machine.sizeBytes, three.machine.sizeBytes]).toEqual([one.machine.sizeBytes, one.machine.sizeBytes]);
      expect(new Set([one, two, three].map((b) => b.machine.appliedIndex)).size).toBe(1);
    }),
    { numRuns: 300 },
  );
});

async function joined(bench: Bench): Promise<string> {
  return (await bench.snapshot()).map((chunk) => [...chunk].join()).join();
}

test('whatever an entry holds, applying it ends, and gives an answer for each command that it could tell apart', () => {
  const mangled = fc.tuple(
    fc.array(fc.tuple(command, header), { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
  );
  const bench = new Bench();
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mangled), (input) => {
      let data: Uint8Array;
      if (input instanceof Uint8Array) data = input;
      else {
        data = encodeBatch(input[0].map(([c, h]) => encodeCommand(c, h)));
        for (const [at, byte] of input[1]) if (data.length > 0) data[at % data.length] = byte;
      }
      for (const reply of bench.applyEntry(data)) expect(reply.bytes.length).toBeGreaterThan(0);
    }),
    { numRuns: 3000 },
  );
});
