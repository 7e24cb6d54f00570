/** Ids of four kinds, and a worker's number under a lease. */
import { Instant, WallTime } from '@quorate/patterns/base';
import {
  KsuidGenerator,
  Snowflake,
  snowflakeParts,
  UlidGenerator,
  UuidV7Generator,
  WorkerIdLease,
  type WorkerIdLeaseEffect,
} from '@quorate/patterns/ids';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const random = (target: Uint8Array): unknown => crypto.getRandomValues(target as Uint8Array<ArrayBuffer>);
const now = WallTime.of(Date.now());

const ulids = new UlidGenerator({ random });
say(`ULID      ${ulids.next(now)}`);
say(`          ${ulids.next(now)}`);
say(`UUIDv7    ${new UuidV7Generator({ random }).next(now)}`);
say(`KSUID     ${new KsuidGenerator({ random }).next(now)}`);

// A registry in memory stands for the core: number 0 is taken, by somebody who has reserved the next few milliseconds of number 1, too.
const lease = new WorkerIdLease({ workers: 1024, first: 0, ttlMs: 10_000 });
const effects: WorkerIdLeaseEffect[] = [];
lease.step({ kind: 'start', wall: now }, Instant.of(0), effects);
for (let effect = effects.shift(); effect?.kind === 'claim'; effect = effects.shift()) {
  const { worker } = effect;
  if (worker === 0) lease.step({ kind: 'taken', worker, wall: now }, Instant.of(1), effects);
  else
    lease.step({ kind: 'claimed', worker, fencingToken: 1, notBefore: WallTime.of(now + 3) }, Instant.of(2), effects);
}
const { worker, notBefore, notAfter } = lease.grant(Instant.of(3))!;
const snowflake = new Snowflake({ worker, notAfter, ...(notBefore === undefined ? {} : { notBefore }) });
const early = snowflake.next(now);
if (early.kind === 'wait') say(`Snowflake must wait ${early.ms} ms: the number's last holder may have used that time`);
const id = snowflake.next(WallTime.of(now + 4));
if (id.kind === 'id') say(`Snowflake ${id} of worker ${snowflakeParts(id).worker}`);
