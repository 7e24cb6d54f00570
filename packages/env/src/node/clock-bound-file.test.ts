import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instant } from '@quorate/patterns/base';
import { uncertaintyAt } from '@quorate/patterns/time';
import { expect, test } from 'vitest';
import { parseChronyTracking, parseClockBound, readClockBoundFile, readClockPair } from './clock-bound-file.ts';

interface Fields {
  magic?: number;
  version?: number;
  generation?: number;
  status?: number;
}

/** ClockBound, format 2: bound 250 µs as of 1,000 s, void after 2,000 s, drift 50 ppm. */
function file({ magic = 0x414d_5a4e, version = 2, generation = 8, status = 1 }: Fields = {}): Buffer {
  const bytes = Buffer.alloc(72);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(0x4342_0200, 4);
  bytes.writeUInt32LE(72, 8);
  bytes.writeUInt16LE(version, 12);
  bytes.writeUInt16LE(generation, 14);
  bytes.writeBigInt64LE(1000n, 16);
  bytes.writeBigInt64LE(500_000_000n, 24);
  bytes.writeBigInt64LE(2000n, 32);
  bytes.writeBigInt64LE(250_000n, 48);
  bytes.writeUInt32LE(50_000, 64);
  bytes.writeInt32LE(status, 68);
  return bytes;
}
const clocks = { systemMs: 1_001_500, now: Instant.of(7000) };

test('the file of ClockBound gives a bound on the clock of the environment', () => {
  const bound = parseClockBound(file(), clocks);
  expect(bound).toEqual({ asOf: 6000, voidAfter: 1_005_500, boundMs: 0.25, driftPpm: 50 });
  expect(uncertaintyAt(bound, 10_000, clocks.now)).toMatchObject({ kind: 'bounded', earliestMs: 9999.7 });
  expect(parseClockBound(file({ status: 2 }), clocks)).toBeDefined();
});

test('what is not to be trusted gives no bound', () => {
  const untrusted = [{ status: 0 }, { status: 3 }, { generation: 7 }, { generation: 0 }, { version: 3 }, { magic: 1 }];
  for (const fields of untrusted) expect(parseClockBound(file(fields), clocks)).toBeUndefined();
  expect(parseClockBound(file().subarray(0, 71), clocks)).toBeUndefined();
});

test('the file is read where it is; without one, nothing is known', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-clock-'));
  const path = join(directory, 'shm0');
  expect(readClockBoundFile(path, clocks)).toBeUndefined();
  writeFileSync(path, file());
  expect(readClockBoundFile(path, clocks)).toMatchObject({ boundMs: 0.25 });
  writeFileSync(path, 'short');
  expect(readClockBoundFile(path, clocks)).toBeUndefined();
  rmSync(directory, { recursive: true });
  expect(readClockPair().systemMs).toBeGreaterThan(0);
});

const line =
  'A9FEA97B,169.254.169.123,4,1700000000.123,-0.000012000,-0.000001,0.000010,-5.1,0.001,0.02,0.000400000,0.000030000,16.1,Normal\n';

test('chrony: |system time| + root dispersion + root delay / 2', () => {
  const bound = parseChronyTracking(line, Instant.of(100));
  expect(bound?.boundMs).toBeCloseTo(0.242, 9);
  expect(bound).toMatchObject({ asOf: 100, voidAfter: 60_100, driftPpm: 50 });
  expect(parseChronyTracking(line, Instant.of(0), { driftPpm: 1, validMs: 5 })).toMatchObject({
    driftPpm: 1,
    voidAfter: 5,
  });
});

test('chrony: not synchronised, or another form, gives no bound', () => {
  const parse = (text: string) => parseChronyTracking(text, Instant.of(0));
  expect(parse(line.replace('Normal', 'Not synchronised'))).toBeUndefined();
  expect(parse(line.replace('0.000400000', ''))).toBeUndefined();
  expect(parse(line.replace('0.000400000', 'x'))).toBeUndefined();
  expect(parse('506 Cannot talk to daemon')).toBeUndefined();
});
