/** Identifiers as text, with the clock read for each, as one makes them. */
import { deepStrictEqual, ok } from 'node:assert';
import { webcrypto } from 'node:crypto';
import { WallTime } from '@quorate/patterns/base';
import {
  KsuidGenerator,
  ksuidTime,
  Snowflake,
  type SnowflakeId,
  UlidGenerator,
  UuidV7Generator,
  ulidTime,
  uuidToBytes,
  uuidV7Time,
} from '@quorate/patterns/ids';
import { Snowflake as TheirSnowflake } from '@sapphire/snowflake';
import Ksuid from 'ksuid';
import { decodeTime, monotonicFactory, ulid } from 'ulid';
import { parse, v7, version } from 'uuid';
import type { Row, Rows, TimedSide } from './row.ts';

const IDS = 5_000;
const random = (target: Uint8Array): unknown => webcrypto.getRandomValues(target);
const now = (): WallTime => WallTime.of(Date.now());

const made = (name: string, make: () => string): TimedSide & { readonly make: () => string } => ({
  name,
  make,
  run: () => {
    let sum = 0;
    for (let i = 0; i < IDS; i++) sum += make().charCodeAt(20);
    return sum;
  },
});

/** All distinct, of this time by both sides' reading, and where promised, growing. */
function expectGood(
  sides: readonly { make(): string }[],
  timesOf: readonly ((id: string) => number | undefined)[],
): void {
  for (const { make } of sides) {
    const before = Date.now();
    const ids = Array.from({ length: IDS }, make);
    deepStrictEqual(new Set(ids).size, IDS);
    for (const timeOf of timesOf) ok(Math.abs(timeOf(ids[0]!)! - before) < 2_000);
  }
}

const ulids = (): Row => {
  const own = new UlidGenerator({ random });
  const monotonic = monotonicFactory();
  const sides = [
    made('UlidGenerator', () => own.next(now())),
    made('ulid, monotonic', () => monotonic()),
    made('ulid', () => ulid()),
  ];
  return { measures: 'time', what: 'ULID', ops: IDS, sides, verify: () => expectGood(sides, [ulidTime, decodeTime]) };
};

const uuids = (): Row => {
  const own = new UuidV7Generator({ random });
  const sides = [made('UuidV7Generator', () => own.next(now())), made('uuid', () => v7())];
  return {
    measures: 'time',
    what: 'UUID version 7',
    ops: IDS,
    sides,
    verify: () => {
      expectGood(sides, [uuidV7Time]);
      deepStrictEqual(version(own.next(now())), 7);
    },
  };
};

const ksuids = (): Row => {
  const own = new KsuidGenerator({ random });
  const sides = [made('KsuidGenerator', () => own.next(now())), made('ksuid', () => Ksuid.randomSync().string)];
  const timesOf = [ksuidTime, (id: string) => Ksuid.parse(id).date.getTime()];
  return { measures: 'time', what: 'KSUID', ops: IDS, sides, verify: () => expectGood(sides, timesOf) };
};

const WORKER = 5;
const EPOCH_MS = 1_288_834_974_657;
/** Theirs makes ids without regard to how many there were in a millisecond; ours borrows from the next ones. */
const borrowing = (): (() => SnowflakeId) => {
  const own = new Snowflake({ worker: WORKER, clock: { kind: 'borrow', maxMs: 3_600_000 } });
  return () => {
    const id = own.next(now());
    if (id.kind !== 'id') throw new Error(`no id: ${id.kind}`);
    return id;
  };
};

const snowflakes = (): Row => {
  const next = borrowing();
  const theirs = new TheirSnowflake(EPOCH_MS);
  const options = { workerId: 0n, processId: BigInt(WORKER) };
  return {
    measures: 'time',
    what: 'Snowflake, as decimal text',
    ops: IDS,
    sides: [
      made('Snowflake', () => next().toString()),
      made('@sapphire/snowflake', () => theirs.generate(options).toString()),
    ].map(({ name, make }) => ({
      name,
      run: () => {
        let sum = 0;
        for (let i = 0; i < IDS; i++) sum += make().length;
        return sum;
      },
    })),
    verify: () => {
      const id = next();
      const parts = theirs.deconstruct(id.toBigInt());
      deepStrictEqual(Number(parts.workerId * 32n + parts.processId), WORKER);
      ok(Math.abs(Number(parts.timestamp) - Date.now()) < 2_000);
    },
  };
};

const snowflakesAsBigint = (): Row => {
  const next = borrowing();
  const theirs = new TheirSnowflake(EPOCH_MS);
  const sides = [
    { name: 'Snowflake', make: (): bigint => next().toBigInt() },
    { name: '@sapphire/snowflake', make: (): bigint => theirs.generate({ workerId: 0n, processId: 5n }) },
  ];
  return {
    measures: 'time',
    what: 'Snowflake, as a bigint',
    ops: IDS,
    sides: sides.map(({ name, make }) => ({
      name,
      run: () => {
        let last = 0n;
        for (let i = 0; i < IDS; i++) last = make();
        return last > 0n;
      },
    })),
  };
};

const reading = (): Row => {
  const own = new UuidV7Generator({ random });
  const ids = Array.from({ length: IDS }, () => own.next(now()));
  const bytesOf = (parsed: (id: string) => Uint8Array) => (): number => {
    let sum = 0;
    for (const id of ids) {
      const bytes = parsed(id);
      for (let i = 0; i < 16; i++) sum += bytes[i]! * i;
    }
    return sum;
  };
  return {
    measures: 'time',
    what: 'UUID from text to bytes',
    ops: IDS,
    sides: [
      { name: 'uuidToBytes', run: bytesOf((id) => uuidToBytes(id)!) },
      { name: 'uuid', run: bytesOf(parse) },
    ],
  };
};

const ulidTimes = (): Row => {
  const own = new UlidGenerator({ random });
  const ids = Array.from({ length: IDS }, () => own.next(now()));
  return {
    measures: 'time',
    what: 'time of a ULID',
    ops: IDS,
    sides: [
      { name: 'ulidTime', run: () => ids.reduce((sum, id) => sum + ulidTime(id)!, 0) },
      { name: 'ulid', run: () => ids.reduce((sum, id) => sum + decodeTime(id), 0) },
    ],
  };
};

export const rows: Rows = [ulids, uuids, ksuids, snowflakes, snowflakesAsBigint, reading, ulidTimes];
