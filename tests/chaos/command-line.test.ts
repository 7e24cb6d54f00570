import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'quorate-cli-'));
const data = join(directory, 'data');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function quorate(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { timeout: 30_000 }, (_error, out, err) => {
      resolve({ status: child.exitCode ?? -1, out, err });
    });
  });
}

/** A base of which all ports that three nodes take are free. */
async function freeBase(): Promise<number> {
  for (let base = 17_400 + (process.pid % 300) * 100; ; base += 100) {
    const ports = [1, 2, 3].flatMap((i) => [0, 1, 2].map((s) => base + 10 * i + s));
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

class Dev {
  readonly child: ChildProcess;
  output = '';
  constructor(basePort: number, ...more: string[]) {
    this.child = spawn(process.execPath, [script, 'dev', '--data', data, '--base-port', String(basePort), ...more]);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }
  async until(pattern: RegExp, patienceMs = 20_000): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!pattern.test(this.output)) {
      if (performance.now() > until) throw new Error(`never said ${pattern}:\n${this.output}`);
      await pause(20);
    }
  }
  async interrupt(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', (status) => resolve(status)));
    this.child.kill('SIGINT');
    return ended;
  }
}

/** Says so once the process listens for the signal. */
const told = `data:text/javascript,process.on('newListener',(name)=>{if(name==='SIGTERM')setImmediate(()=>process.stdout.write('.'))})`;

let base = 0;
let dev: Dev;
const native = (): string => [1, 2, 3].map((i) => `127.0.0.1:${base + 10 * i}`).join(',');
const http = (): string => [1, 2, 3].map((i) => `127.0.0.1:${base + 10 * i + 1}`).join(',');
const on = (...args: string[]): Promise<Ended> => quorate(args[0]!, ...args.slice(1), '--endpoints', native());

beforeAll(async () => {
  base = await freeBase();
  dev = new Dev(base);
  await dev.until(/Quorate is up/);
});
afterAll(async () => {
  if (dev.child.exitCode === null && dev.child.signalCode === null) await dev.interrupt();
  rmSync(directory, { recursive: true, force: true });
});

describe('keys', () => {
  test('put, get, del: exit status 1 when there is nothing', async () => {
    expect(await on('put', 'greeting', 'hello')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^revision \d+\n$/),
    });
    expect(await on('get', 'greeting')).toMatchObject({ status: 0, out: 'greeting\thello\n' });
    await on('put', 'greeting/de', 'hallo');
    expect((await on('get', 'greeting', '--prefix', '--keys-only')).out).toBe('greeting\ngreeting/de\n');
    expect(JSON.parse((await on('get', 'greeting', '--json')).out)).toMatchObject({
      key: 'greeting',
      value: 'hello',
      version: 1,
    });
    expect((await on('del', 'greeting', '--prefix')).out).toBe('2 deleted\n');
    expect(await on('get', 'greeting')).toMatchObject({ status: 1, out: '' });
  });
  test('watch prints history and what happens, until it is interrupted', async () => {
    await on('put', 'watched', '1');
    const child = spawn(process.execPath, [
      script,
      'watch',
      'watched',
      '--from-revision',
      '1',
      '--endpoints',
      native(),
    ]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes('put\twatched\t1')) await pause(20);
    await on('del', 'watched');
    while (!said.includes('delete\twatched')) await pause(20);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
  });
  test('lock runs a program while it holds the lock, with the fencing token in its environment', async () => {
    const { status, out } = await quorate(
      'lock',
      '--endpoints',
      native(),
      'jobs',
      '--',
      'sh',
      '-c',
      'echo "token $QUORATE_TOKEN"; exit 3',
    );
    expect(out).toMatch(/^token \d+\n$/);
    expect(status).toBe(3);
  });
  test('lock passes signals on to the program, and ends as the program does', async () => {
    const program = 'trap "echo told; exit 9" TERM; echo up; while :; do sleep 0.05; done';
    const child = spawn(process.execPath, [script, 'lock', 'jobs', '--endpoints', native(), '--', 'sh', '-c', program]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes('up')) await pause(20);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(9);
    expect(said).toBe('up\ntold\n');
    const lock = (...program: string[]) => quorate('lock', 'jobs', '--endpoints', native(), '--', ...program);
    expect(await lock('sh', '-c', 'kill -9 $$')).toMatchObject({ status: 137 });
    expect(await lock('nosuch')).toMatchObject({ status: 127, err: expect.stringContaining('cannot run nosuch') });
  });
  test('get prints a value as it is, also when it is no text', async () => {
    const bytes = Buffer.from([0x68, 0xff, 0x00, 0xfe]);
    const writer = spawn(process.execPath, [script, 'put', 'bytes', '-', '--endpoints', native()]);
    writer.stdin.end(bytes);
    await new Promise((resolve) => writer.once('exit', resolve));
    const reader = spawn(process.execPath, [script, 'get', 'bytes', '--endpoints', native()]);
    const said: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    await new Promise((resolve) => reader.once('close', resolve));
    expect(Buffer.concat(said)).toEqual(Buffer.concat([Buffer.from('bytes\t'), bytes, Buffer.from('\n')]));
  });
  test('elect leads until it is interrupted, and observers see who leads', async () => {
    const leader = spawn(process.execPath, [script, 'elect', 'office', 'me', '--endpoints', native()]);
    const observer = spawn(process.execPath, [script, 'elect', 'office', '--observe', '--endpoints', native()]);
    let seen = '';
    observer.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    while (!/\d+\tme/.test(seen)) await pause(20);
    leader.kill('SIGINT');
    while (!/\(no leader\)\n$/.test(seen)) await pause(20);
    observer.kill('SIGINT');
  });
});

describe('operators', () => {
  test('status shows a row per node and ends with 0 while all agree on one leader', async () => {
    const { status, out } = await quorate('status', '--endpoints', http());
    expect(out.split('\n')).toHaveLength(5);
    expect(out.match(/ leader /g)).toHaveLength(1);
    expect(status).toBe(0);
    const all = JSON.parse((await quorate('status', '--endpoints', http(), '--json')).out) as Record<string, unknown>[];
    expect(all).toHaveLength(3);
    for (const key of ['name', 'pid', 'role', 'term', 'leader', 'commitIndex', 'appliedIndex', 'members'])
      expect(all[0]).toHaveProperty(key);
  });
  test('a node without a majority says that it is not ready, and still reads what it has', async () => {
    await on('put', 'known', 'yes');
    const all = JSON.parse((await quorate('status', '--endpoints', http(), '--json')).out) as { pid: number }[];
    const others = all.slice(1).map(({ pid }) => pid);
    for (const pid of others) process.kill(pid, 'SIGSTOP');
    try {
      const url = `http://127.0.0.1:${base + 11}`;
      while ((await fetch(`${url}/ready`)).status !== 503) await pause(50);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      const first = ['--endpoints', `127.0.0.1:${base + 10}`, '--timeout', '20'];
      expect(await quorate('get', 'known', '--serializable', ...first)).toMatchObject({ out: 'known\tyes\n' });
    } finally {
      for (const pid of others) process.kill(pid, 'SIGCONT');
    }
    while ((await quorate('status', '--endpoints', http())).status !== 0) await pause(50);
  });
  test('status ends with 1 when a node cannot be reached, and says so', async () => {
    expect(await quorate('status', '--endpoints', `${http()},127.0.0.1:1`)).toMatchObject({
      status: 1,
      out: expect.stringContaining('unreachable'),
    });
  });
  test('member list, lead, and a name that nobody has', async () => {
    expect((await quorate('member', 'list', '--endpoints', native())).out.match(/voter/g)).toHaveLength(3);
    expect(await quorate('member', 'lead', 'n2', '--endpoints', native())).toMatchObject({ status: 0 });
    const { status, err } = await quorate('member', 'promote', 'nobody', '--endpoints', native());
    expect(err).toContain('no member is called nobody: there are n');
    expect(status).toBe(1);
  });
  test('snapshot save leaves a whole file or none', async () => {
    const file = join(directory, 'state.snapshot');
    const { status, out } = await quorate('snapshot', 'save', file, '--endpoints', native());
    expect(status).toBe(0);
    expect(out).toContain(`${readFileSync(file).length} bytes`);
    expect(existsSync(`${file}.part`)).toBe(false);
  });
});

describe('bench', () => {
  test('loads the cluster, prints rate and latencies, and leaves no key behind', async () => {
    const load = ['--clients', '2', '--in-flight', '10', '--seconds', '1', '--reads', '0.5', '--json'];
    const { status, out } = await on('bench', ...load);
    expect(status).toBe(0);
    const { perSecond, writes, readLatencies, errors } = JSON.parse(out);
    expect(errors).toEqual({});
    expect(perSecond).toBeGreaterThan(20);
    for (const one of [writes, readLatencies]) {
      expect(one.count).toBeGreaterThan(10);
      expect([one.p50Ms, one.p90Ms, one.p99Ms, one.maxMs]).toEqual(
        [one.p50Ms, one.p90Ms, one.p99Ms, one.maxMs].sort((a, b) => a - b),
      );
    }
    expect(await on('get', 'quorate-bench/', '--prefix')).toMatchObject({ status: 1, out: '' });
  });
  test('Ctrl-C ends it early, with the figures so far and without its keys', async () => {
    const child = spawn(process.execPath, [script, 'bench', '--seconds', '600', '--endpoints', native()]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while ((await on('get', 'quorate-bench/', '--prefix', '--limit', '1')).status !== 0) {
      expect(child.exitCode).toBe(null);
      await pause(20);
    }
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(said).toMatch(/requests\/s\nwrites {2}\d+ {2}p50 .* max .*\nerrors {2}none\n$/);
    expect(await on('get', 'quorate-bench/', '--prefix')).toMatchObject({ status: 1, out: '' });
  });
});

const NODE = ['--name', 'a', '--data-dir', join(directory, 'a'), '--initial-cluster', 'a=127.0.0.1:7500'];

describe('usage', () => {
  test.each<[string[], RegExp]>([
    [['nonsense'], /unknown command 'nonsense'/],
    [['dev', '--nodes', 'x'], /expected a whole number from 1 on/],
    [['serve'], /name is missing/],
    [['serve', '--port', '7500', '--http-port', '7500', ...NODE], /port \(7500\), httpPort \(7500\) and etcdPort/],
    [['watch', 'a', '--from-revision', 'x'], /expected a whole number from 0 on/],
    [['get', 'a', '--endpoints', 'here'], /expected host:port/],
    [['get', 'a', '--prefix', '--to', 'b'], /'--prefix' cannot be used with option '--to <key>'/],
    [['status', '--timeout', 'x'], /expected a number of seconds above 0/],
    [['bench', '--reads', '2'], /expected a share from 0 to 1/],
    [['check', '--model', 'x', 'file'], /Allowed choices are register, kv/],
  ])('%j ends with 2 and says what was wrong', async (args, message) => {
    const { status, err } = await quorate(...args);
    expect(err).toMatch(message);
    expect(status).toBe(2);
  });
  test('--help and --version end with 0', async () => {
    expect(await quorate('--help')).toMatchObject({ status: 0, out: expect.stringContaining('serve') });
    expect(await quorate('--version')).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
  test.each([
    ['sim', 'core', '--seeds', '2', '--seconds', '1', '--seed', '1'],
    ['status', '--json', '--timeout', '1', '--endpoints', '127.0.0.1:1'],
  ])('%s ends without a word when nobody reads what it prints', async (...args) => {
    const child = spawn(process.execPath, [script, ...args]);
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await new Promise((resolve) => child.once('exit', (_status, signal) => resolve(signal)))).toBe('SIGTERM');
    expect(said).toBe('');
  });
  test.skipIf(!existsSync('/dev/full'))('what cannot be printed is said to be lost', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [script, '--version'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(said).toBe('quorate: cannot print: ENOSPC: no space left on device, write\n');
  });
  test('a cluster that is not there is said to be so', async () => {
    const { status, err } = await quorate('get', 'a', '--endpoints', '127.0.0.1:1', '--timeout', '1');
    expect(err).toMatch(/127\.0\.0\.1:1/);
    expect(status).toBe(1);
  });
});

describe('who waits for others that are not there', () => {
  test.each<[string, string[], NodeJS.Signals, number]>([
    ['a client', ['watch', 'a', '--endpoints', '127.0.0.1:1', '--timeout', '3600'], 'SIGINT', 130],
    ['a node', ['serve', ...NODE.slice(0, 4), '--join', '127.0.0.1:1', '--port', '7500'], 'SIGTERM', 0],
  ])('%s ends when it is told to', async (_who, args, signal, status) => {
    const child = spawn(process.execPath, ['--import', told, script, ...args]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill(signal);
    expect(await ended).toBe(status);
  });
});

describe('quorate dev', () => {
  test('starts a killed node again, and the cluster serves meanwhile', async () => {
    const before = (
      JSON.parse((await quorate('status', '--endpoints', http(), '--json')).out) as { pid: number }[]
    )[0]!;
    process.kill(before.pid, 'SIGKILL');
    expect(await on('put', 'meanwhile', 'yes')).toMatchObject({ status: 0 });
    await dev.until(/n1 \| the process was killed by SIGKILL; starting it again/);
    for (;;) {
      const now = (
        JSON.parse((await quorate('status', '--endpoints', http(), '--json')).out) as {
          pid?: number;
          leader?: string;
        }[]
      )[0]!;
      if (now.pid !== undefined && now.pid !== before.pid && now.leader !== null) break;
      await pause(50);
    }
  });
  test('Ctrl-C stops all; a second run finds the data; another shape of the cluster is refused', async () => {
    await on('put', 'kept', 'yes');
    expect(await dev.interrupt()).toBe(0);
    for (const i of [1, 2, 3]) expect(await isFree(base + 10 * i)).toBe(true);
    const refused = await quorate('dev', '--data', data, '--base-port', String(base), '--nodes', '5');
    expect(refused.err).toContain('has nodes 3, this run asks for 5');
    expect(refused.status).toBe(2);
    dev = new Dev(base);
    await dev.until(/Quorate is up/);
    expect((await on('get', 'kept')).out).toBe('kept\tyes\n');
  });
  test('stops its nodes when nobody reads what it prints', async () => {
    const other = await freeBase();
    const unread = spawn(process.execPath, [
      ...[script, 'dev', '--data', join(directory, 'unread'), '--base-port', String(other)],
    ]);
    unread.stdout.destroy();
    expect(await new Promise((resolve) => unread.once('exit', resolve))).toBe(0);
    for (const i of [1, 2, 3]) expect(await isFree(other + 10 * i)).toBe(true);
  });
  test('what runs is not forgotten', async () => {
    const refused = await quorate('dev', '--data', data, '--base-port', String(base), '--fresh');
    expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('is running: lock') });
    expect((await on('get', 'kept')).out).toBe('kept\tyes\n');
  });
  test('a port in use ends it with status 2 and the reason', async () => {
    const other = spawn(process.execPath, [
      script,
      'dev',
      '--data',
      join(directory, 'other'),
      '--base-port',
      String(base),
    ]);
    let said = '';
    for (const stream of [other.stdout, other.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    expect(await new Promise((resolve) => other.once('exit', resolve))).toBe(2);
    expect(said).toMatch(/in use/);
  });
});
