/**
 * What a time daemon says of this machine's clock: the shared-memory file of AWS ClockBound (format 2), or the answer of `chronyc -c tracking`. Both give a bound
 * for `uncertaintyAt` of @quorate/patterns/time, or nothing; nothing means "unknown", and who needs a bound must then refuse.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { Instant } from '@quorate/patterns/base';
import { boundOfChrony, type ClockErrorBound } from '@quorate/patterns/time';

const MAGIC = [0x414d_5a4e, 0x4342_0200] as const;
const FILE_BYTES = 72;
const STATUS_SYNCHRONIZED = 1;
const STATUS_FREE_RUNNING = 2;
/** Readings that came while the daemon was writing. It writes once a second, in nanoseconds. */
const ATTEMPTS = 10;

/** The monotonic clock of the system that the file's times are of, in milliseconds, and that of the environment, read together. */
export interface ClockPair {
  readonly systemMs: number;
  readonly now: Instant;
}

/** Both clocks of this process. `CLOCK_MONOTONIC` is at or after the coarse clock of the file, so ages come out too large, never too small. */
export function readClockPair(): ClockPair {
  const now = Instant.of(performance.now());
  return { systemMs: Number(process.hrtime.bigint()) / 1e6, now };
}

/** Reads ClockBound's file; undefined when it is not there, not of that format, always being written, or says that the clock is not to be trusted. */
export function readClockBoundFile(
  path: string = '/var/run/clockbound/shm0',
  clocks: ClockPair = readClockPair(),
): ClockErrorBound | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = readBytes(path);
    const after = readBytes(path);
    if (before === undefined || after === undefined) return undefined;
    if (generation(before) === generation(after) && before.equals(after)) return parseClockBound(after, clocks);
  }
  return undefined;
}

/** The bound in the bytes of a ClockBound file, little-endian. Undefined as above, and while it is being written (an odd generation). */
export function parseClockBound(bytes: Uint8Array, clocks: ClockPair): ClockErrorBound | undefined {
  if (bytes.length < FILE_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC[0] || view.getUint32(4, true) !== MAGIC[1]) return undefined;
  if (view.getUint16(12, true) !== 2 || view.getUint16(14, true) % 2 !== 0 || view.getUint16(14, true) === 0)
    return undefined;
  const status = view.getInt32(68, true);
  if (status !== STATUS_SYNCHRONIZED && status !== STATUS_FREE_RUNNING) return undefined;
  const instant = (offset: number): Instant => {
    const ms = Number(view.getBigInt64(offset, true)) * 1000 + Number(view.getBigInt64(offset + 8, true)) / 1e6;
    return Instant.of(clocks.now + (ms - clocks.systemMs));
  };
  return {
    asOf: instant(16),
    voidAfter: instant(32),
    boundMs: Number(view.getBigInt64(48, true)) / 1e6,
    driftPpm: view.getUint32(64, true) / 1000,
  };
}

/**
 * The bound in one line of `chronyc -c tracking` that was asked for at `askedAt`, good for `validMs`. Undefined when chrony is not synchronised or the line is
 * not of that form. chrony's own skew is an estimate, so the drift is yours to say: 50 parts per million is safe for a quartz.
 */
export function parseChronyTracking(
  line: string,
  askedAt: Instant,
  options: { driftPpm?: number; validMs?: number } = {},
): ClockErrorBound | undefined {
  const { driftPpm = 50, validMs = 60_000 } = options;
  const fields = line.trim().split(',');
  if (fields.length !== 14 || fields[13] === 'Not synchronised') return undefined;
  const [systemTimeSeconds, rootDelaySeconds, rootDispersionSeconds] = [4, 10, 11].map((at) =>
    decimal(fields[at]!),
  ) as [number, number, number];
  const boundMs = boundOfChrony({ systemTimeSeconds, rootDelaySeconds, rootDispersionSeconds });
  if (!Number.isFinite(boundMs)) return undefined;
  return { asOf: askedAt, voidAfter: Instant.add(askedAt, validMs), boundMs, driftPpm };
}

/** `Number('')` is 0, which would be a bound of nothing. */
function decimal(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function generation(bytes: Buffer): number {
  return bytes.length < FILE_BYTES ? 0 : bytes.readUInt16LE(14);
}

function readBytes(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(FILE_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, FILE_BYTES, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
