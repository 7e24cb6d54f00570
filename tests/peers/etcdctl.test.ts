import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { type EtcdGateway, startEtcdGateway } from '@quorate/gateways/etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from './etcd-process.fixture.ts';
import { MemoryCore } from './memory-core.fixture.ts';

const path = program('etcdctl');
if (path === undefined) console.warn('skipped: etcdctl is not installed');

const log = { debug() {}, info() {}, warn() {}, error() {} };

describe.skipIf(path === undefined)('etcdctl', () => {
  let memory: MemoryCore;
  let gateway: EtcdGateway;
  const running = new Set<ChildProcess>();
  beforeAll(async () => {
    memory = new MemoryCore();
    gateway = await startEtcdGateway(memory.core, { host: '127.0.0.1', port: 0, log });
  });
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await gateway.close();
    memory[Symbol.dispose]();
  });

  const env = { ...process.env, ETCDCTL_API: '3' };
  const flags = (): string[] => ['--endpoints', `127.0.0.1:${gateway.address.port}`];

  interface Outcome {
    readonly status: number;
    readonly out: string;
    readonly errors: string;
  }
  const run = (args: readonly string[], input = ''): Promise<Outcome> =>
    new Promise((resolve) => {
      const child = execFile(path!, [...flags(), ...args], { env }, (error, out, errors) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, errors });
      });
      child.stdin!.end(input);
    });
  /** What it printed; the test fails when it did. */
  async function ctl(...args: string[]): Promise<string> {
    const { status, out, errors } = await run(args);
    expect({ args, status, errors }).toMatchObject({ status: 0 });
    return out;
  }

  /** A command that goes on: its output so far, a wait for more of it, and its end. */
  function start(...args: string[]) {
    const child = spawn(path!, [...flags(), ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child);
    let out = '';
    let wake = (): void => {};
    child.stdout.on('data', (chunk) => {
      out += chunk;
      wake();
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    void exited.then(() => {
      running.delete(child);
      wake();
    });
    return {
      child,
      exited,
      get out() {
        return out;
      },
      async until(pattern: RegExp): Promise<string> {
        while (!pattern.test(out)) {
          if (child.exitCode !== null) throw new Error(`etcdctl ${args.join(' ')} ended with: ${out}`);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return out;
      },
      interrupt: () => child.kill('SIGINT'),
    };
  }

  test('put, get and del, with their options', async () => {
    expect(await ctl('put', 'k1', 'one')).toBe('OK\n');
    expect(await ctl('put', 'k2', 'two')).toBe('OK\n');
    expect(await ctl('put', 'k1', 'uno', '--prev-kv')).toBe('OK\nk1\none\n');
    expect(await ctl('get', 'k1')).toBe('k1\nuno\n');
    expect(await ctl('get', 'k', '--prefix', '--print-value-only')).toBe('uno\ntwo\n');
    expect(await ctl('get', 'k', '--prefix', '--keys-only', '--order', 'DESCEND')).toBe('k2\n\nk1\n\n');
    expect(await ctl('get', 'k', '--prefix', '--sort-by', 'MODIFY', '--limit', '1')).toBe('k2\ntwo\n');
    expect(await ctl('get', '--from-key', 'k2', '--consistency', 's')).toBe('k2\ntwo\n');
    const parsed = JSON.parse(await ctl('get', 'k1', '-w', 'json'));
    expect(parsed).toMatchObject({ count: 1, kvs: [{ key: 'azE=', value: 'dW5v', version: 2 }] });
    expect(await ctl('del', 'k1', '--prev-kv')).toBe('1\nk1\nuno\n');
    expect(await ctl('del', 'k', '--prefix')).toBe('1\n');
    expect(await ctl('get', 'k', '--prefix')).toBe('');
  });

  test('get of an old revision, compaction, and its error', async () => {
    await ctl('put', 'history', 'old');
    const { header } = JSON.parse(await ctl('get', 'history', '-w', 'json'));
    await ctl('put', 'history', 'new');
    expect(await ctl('get', 'history', '--rev', String(header.revision))).toBe('history\nold\n');
    expect(await ctl('compaction', String(header.revision + 1))).toBe(`compacted revision ${header.revision + 1}\n`);
    const { status, errors } = await run(['get', 'history', '--rev', String(header.revision)]);
    expect(status).not.toBe(0);
    expect(errors).toContain('etcdserver: mvcc: required revision has been compacted');
  });

  test('txn', async () => {
    await ctl('put', 't', '1');
    const script = 'value("t") = "1"\nversion("nothing") = "0"\n\nput t 2\nget t\n\nput t wrong\n\n';
    expect((await run(['txn'], script)).out).toMatch(/^SUCCESS\n\nOK\n\nt\n2\n/);
    const other = 'value("t") = "1"\n\nput t wrong\n\nget t\ndel t\n\n';
    expect((await run(['txn'], other)).out).toMatch(/^FAILURE\n\nt\n2\n\n1\n/);
  });

  test('watch: puts, deletes, prefixes, previous values, and history', async () => {
    const watch = start('watch', 'w/', '--prefix', '--prev-kv');
    // It says nothing until something happens, so make things happen until it does.
    while (watch.out === '') await ctl('put', 'w/ready', '');
    await ctl('put', 'w/a', '1');
    await ctl('del', 'w/a');
    // It may come in pieces: the event that ends it has a key, a previous value, and the key again.
    expect(await watch.until(/DELETE\nw\/a\n1\nw\/a\n/)).toMatch(/PUT\n\n?w\/a\n1\nDELETE\nw\/a\n1\nw\/a\n/s);
    watch.interrupt();
    await watch.exited;
    const { header } = JSON.parse(await ctl('put', 'w/h', '1', '-w', 'json'));
    await ctl('put', 'w/h', '2');
    const past = start('watch', 'w/h', '--rev', String(header.revision));
    expect(await past.until(/2\n/)).toBe('PUT\nw/h\n1\nPUT\nw/h\n2\n');
    past.interrupt();
    await past.exited;
  });

  test('watch of a compacted revision says so', async () => {
    await ctl('put', 'compacted', '1');
    const { header } = JSON.parse(await ctl('put', 'compacted', '2', '-w', 'json'));
    await ctl('compaction', String(header.revision));
    const { errors } = await run(['watch', 'compacted', '--rev', '1']);
    expect(errors).toContain('required revision has been compacted');
  });

  test('lease grant, timetolive, list, keep-alive and revoke', async () => {
    const id = /lease ([0-9a-f]+) granted with TTL\(100s\)/.exec(await ctl('lease', 'grant', '100'))![1]!;
    await ctl('put', 'leased', 'x', '--lease', id);
    expect(await ctl('lease', 'timetolive', id, '--keys')).toMatch(
      new RegExp(`lease ${id} granted with TTL\\(100s\\), remaining\\((99|100)s\\), attached keys\\(\\[leased\\]\\)`),
    );
    expect(await ctl('lease', 'list')).toContain(id);
    expect(await ctl('lease', 'keep-alive', id, '--once')).toBe(`lease ${id} keepalived with TTL(100)\n`);
    expect(await ctl('lease', 'revoke', id)).toBe(`lease ${id} revoked\n`);
    expect(await ctl('get', 'leased')).toBe('');
    expect(await ctl('lease', 'timetolive', id)).toBe(`lease ${id} already expired\n`);
    expect(await ctl('lease', 'keep-alive', id)).toBe(`lease ${id} expired or revoked.\n`);
    const { errors } = await run(['put', 'leased', 'x', '--lease', id]);
    expect(errors).toContain('etcdserver: requested lease not found');
  });

  test('lock: one holder at a time, the next when it lets go', async () => {
    const first = start('lock', 'mutex');
    const key = (await first.until(/mutex\/[0-9a-f]+\n/)).trim();
    const second = start('lock', 'mutex');
    await expect
      .poll(async () => (await ctl('get', 'mutex/', '--prefix', '--keys-only')).trim().split(/\n+/).length)
      .toBe(2);
    expect(second.out).toBe('');
    first.interrupt();
    await first.exited;
    expect((await second.until(/mutex\/[0-9a-f]+\n/)).trim()).not.toBe(key);
    second.interrupt();
    await second.exited;
    expect(await ctl('get', 'mutex/', '--prefix')).toBe('');
  });

  test('lock runs a command under the lock', async () => {
    expect(await ctl('lock', 'guarded', 'echo', 'held')).toContain('held');
  });

  test('elect: the proposal of the winner, then of the next', async () => {
    const listener = start('elect', '-l', 'crown');
    const first = start('elect', 'crown', 'ada');
    await first.until(/ada\n/);
    await listener.until(/ada\n/);
    const second = start('elect', 'crown', 'bob');
    await expect
      .poll(async () => (await ctl('get', 'crown/', '--prefix', '--print-value-only')).trim())
      .toBe('ada\nbob');
    first.interrupt();
    await first.exited;
    await second.until(/bob\n/);
    await listener.until(/bob\n/);
    for (const one of [second, listener]) {
      one.interrupt();
      await one.exited;
    }
  });

  test('member list', async () => {
    expect(await ctl('member', 'list')).toBe(
      '7a11, started, memory, http://127.0.0.1:7410, http://127.0.0.1:2379, false\n',
    );
    const { errors } = await run(['member', 'remove', 'ffffffffffffffff']);
    expect(errors).toContain('etcdserver: member not found');
  });

  test('endpoint health, status and hashkv', async () => {
    const health = await run(['endpoint', 'health']);
    expect(health.out + health.errors).toMatch(/is healthy: successfully committed proposal/);
    const [status] = JSON.parse(await ctl('endpoint', 'status', '-w', 'json'));
    expect(status.Status).toMatchObject({ version: '3.4.0+quorate-0.1.0', leader: 0x7a11, raftTerm: 2 });
    expect(await ctl('endpoint', 'status', '-w', 'table')).toMatch(/7a11 .* true .* false/);
    expect(await ctl('endpoint', 'hashkv')).toMatch(/127\.0\.0\.1:\d+, \d+\n/);
  });

  test('defrag and alarm', async () => {
    expect(await ctl('defrag')).toMatch(/Finished defragmenting etcd member\[127\.0\.0\.1:\d+\]/);
    expect(await ctl('alarm', 'list')).toBe('');
    const { machine, core } = memory;
    await core.write({ kind: 'alarm', action: 'activate', alarm: 'no-space', memberId: 0x7a11 });
    expect(await ctl('alarm', 'list')).toBe('memberID:31249 alarm:NOSPACE \n');
    const refused = await run(['put', 'full', 'x']);
    expect(refused.errors).toContain('etcdserver: mvcc: database space exceeded');
    expect(await ctl('alarm', 'disarm')).toBe('memberID:31249 alarm:NOSPACE \n');
    expect(machine.alarms).toEqual([]);
    expect(await ctl('put', 'full', 'x')).toBe('OK\n');
  });

  test('snapshot save says what to use instead; move-leader says that there is nobody', async () => {
    const saved = await run(['snapshot', 'save', 'snapshot.db']);
    expect(saved.errors).toContain('use "quorate snapshot save" instead');
    const moved = await run(['move-leader', '1']);
    expect(moved.errors).toContain('etcdserver: bad leader transferee');
  });

  test('a value above the limit is refused with the reason', async () => {
    const { errors } = await run(['put', 'big'], 'x'.repeat(2_200_000));
    expect(errors).toMatch(/received message larger than max|trying to send message larger than max/);
    const { errors: raft } = await run(['put', 'big'], 'x'.repeat(1_600_000));
    expect(raft).toContain('etcdserver: request is too large');
  });

  test('make-mirror copies a prefix as it changes', async () => {
    await ctl('put', 'mirror/a', '1');
    const mirror = start(
      'make-mirror',
      `127.0.0.1:${gateway.address.port}`,
      '--prefix',
      'mirror/',
      '--dest-prefix',
      'copy/',
    );
    await expect.poll(() => ctl('get', 'copy/a', '--print-value-only')).toBe('1\n');
    await ctl('put', 'mirror/b', '2');
    await expect.poll(() => ctl('get', 'copy/b', '--print-value-only')).toBe('2\n');
    mirror.interrupt();
    await mirror.exited;
  });
});
