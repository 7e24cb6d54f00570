import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { DiskError } from '../disk.ts';
import { diskError } from './disk-errors.ts';

/** Who holds a lock: enough to tell, after a crash, a dead holder from a live one, even when its process id was given out again. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Changes when the machine restarts; empty where the platform does not tell. */
  readonly boot: string;
  /** When the process started, in the platform's own unit; empty where it does not tell. */
  readonly started: string;
  readonly token: string;
}

/** A dead holder may have died while it was taking over from another dead one; deeper than this is not a crash. */
const TAKEOVERS_MAX = 8;

/**
 * Takes the lock file at `path`. The file is created exclusively and names its holder. When the holder is dead the file is taken
 * over: whoever creates `<path>.<token of the dead>` exclusively may replace it, so that of two that find the same dead
 * holder at once only one wins. The calls are synchronous: they run once, at start, and must not interleave.
 */
export async function acquireLockFile(path: string): Promise<AsyncDisposable> {
  const self = describeSelf();
  try {
    acquire(path, self, 0);
  } catch (cause) {
    throw diskError('lock', path, cause);
  }
  let held = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      if (readHolder(path)?.token === self.token) rmSync(path, { force: true });
    },
  };
}

function acquire(path: string, self: Holder, depth: number): void {
  if (createExclusively(path, self)) return;
  const found = readHolder(path);
  if (found === undefined) {
    throw held(path, `nobody who can be told from the file; if no other process uses it, remove ${path}`);
  }
  const alive = livenessOf(found, self);
  if (alive !== 'dead') throw held(path, `${describe(found)}${alive === 'unknown' ? unknownAdvice(path) : ''}`);
  if (depth === TAKEOVERS_MAX) throw held(path, `${describe(found)}, and could not be taken over; remove ${path}`);
  const guard = `${path}.${found.token}`;
  acquire(guard, self, depth + 1);
  try {
    // Only the holder of the guard replaces this holder's file: if it is still there, it stays until we replace it.
    if (readHolder(path)?.token !== found.token) throw held(path, 'another process that has just taken it');
    renameSync(writeOwn(path, self), path);
  } finally {
    rmSync(guard, { force: true });
  }
}

/** The file appears under its name complete or not at all: written under another name first, then linked. */
function createExclusively(path: string, self: Holder): boolean {
  const mine = writeOwn(path, self);
  try {
    linkSync(mine, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  } finally {
    rmSync(mine, { force: true });
  }
}

function writeOwn(path: string, self: Holder): string {
  const mine = `${path}.${self.token}.new`;
  const fd = openSync(mine, 'wx', 0o644);
  try {
    writeSync(fd, JSON.stringify(self));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return mine;
}

function readHolder(path: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, host, boot, started, token } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(pid) &&
    [host, boot, started].every((field) => typeof field === 'string') &&
    typeof token === 'string' &&
    /^[0-9a-f-]{36}$/.test(token)
  );
}

function livenessOf(found: Holder, self: Holder): 'alive' | 'dead' | 'unknown' {
  if (found.host !== self.host) return 'unknown';
  if (found.boot !== self.boot) return 'dead';
  if (!processExists(found.pid)) return 'dead';
  const started = startOf(found.pid);
  return started !== '' && found.started !== '' && started !== found.started ? 'dead' : 'alive';
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function describeSelf(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    boot: readText('/proc/sys/kernel/random/boot_id'),
    started: startOf(process.pid),
    token: randomUUID(),
  };
}

/** Field 22 of `/proc/<pid>/stat`; the command in field 2 may contain anything but ends with the last parenthesis. */
function startOf(pid: number): string {
  const text = readText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function describe(holder: Holder): string {
  return `process ${holder.pid} on ${holder.host}`;
}

function unknownAdvice(path: string): string {
  return `, which cannot be asked from here whether it still runs; if it does not, remove ${path}`;
}

function held(path: string, by: string): DiskError {
  return new DiskError('locked', path, `lock ${path}: held by ${by}`);
}
