import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { flagName, loadSettings, settingKeys, variableName } from './settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));
const fileWith = (text: string): string => {
  const path = join(directory, `node-${Math.floor(Math.random() * 1e9)}.json`);
  writeFileSync(path, text);
  return path;
};
const least = { name: 'n1', dataDir: '/data/n1', initialCluster: 'n1=127.0.0.1:7410' };
const load = (flags: Record<string, unknown>, environment: Record<string, string> = {}, file?: string) =>
  loadSettings({ flags: { ...least, ...flags }, environment, file });

describe('the sources of a setting', () => {
  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    const file = fileWith('{"port": 1, "httpPort": 1, "etcdPort": 1}');
    const settings = load({ port: '3' }, { QUORATE_PORT: '2', QUORATE_HTTP_PORT: '2' }, file);
    expect([settings.port, settings.httpPort, settings.etcdPort, settings.host]).toEqual([3, 2, 1, '127.0.0.1']);
  });
  test('every key has a flag and a variable', () => {
    expect(settingKeys.map(flagName)).toContain('election-timeout-ms');
    expect(settingKeys.map(variableName)).toContain('QUORATE_ELECTION_TIMEOUT_MS');
  });
  test('a cluster can be a text or an object', () => {
    const file = fileWith('{"initialCluster": {"n1": "127.0.0.1:1", "n2": "[::1]:2"}}');
    const { initialCluster } = loadSettings({ flags: { name: 'n1', dataDir: '/d' }, environment: {}, file });
    expect(initialCluster).toEqual({ n1: '127.0.0.1:1', n2: '[::1]:2' });
    expect(load({ initialCluster: 'n1=a:1,n2=b:2' }).initialCluster).toEqual({ n1: 'a:1', n2: 'b:2' });
  });
  test('bytes may carry a binary unit', () => expect(load({ quotaBytes: '512MiB' }).quotaBytes).toBe(512 * 1024 ** 2));
});

describe('a setting that cannot be used is refused with its name, its source and what was expected', () => {
  test.each<[Record<string, unknown>, Record<string, string>, string | undefined, RegExp]>([
    [{ port: '70000' }, {}, undefined, /--port: expected a port from 0 to 65535, got "70000"/],
    [{ port: '' }, {}, undefined, /--port: expected a port from 0 to 65535, got ""/],
    [{}, {}, '{"port": null}', /"port" in .*: expected a port from 0 to 65535, got null/],
    [{}, {}, '{"snapshotEntries": true}', /"snapshotEntries" in .*: expected a whole number above 0, got true/],
    [{}, {}, '{"reads": ["lease"]}', /"reads" in .*: expected one of index, lease, got \["lease"\]/],
    [{ join: 'a:70000' }, {}, undefined, /--join: expected host:port addresses/],
    [{}, { QUORATE_READS: 'dirty' }, undefined, /QUORATE_READS: expected one of index, lease, got "dirty"/],
    [{}, {}, '{"electionTimeoutMs": -1}', /"electionTimeoutMs" in .*: expected a whole number above 0, got -1/],
    [{}, {}, '{"prot": 1}', /unknown "prot" in .*known are name, dataDir/],
    [{}, {}, 'nonsense', /cannot read the configuration file .*: /],
    [{}, {}, '[]', /must hold one JSON object/],
    [{ initialCluster: 'n1=here' }, {}, undefined, /--initial-cluster: expected name=host:port pairs/],
    [{ initialCluster: 'n1=a:1,n1=b:2' }, {}, undefined, /--initial-cluster: expected name=host:port pairs/],
    [{ initialCluster: 'n2=a:1' }, {}, undefined, /initialCluster must name this node, n1: it names n2/],
    [{ host: '0.0.0.0' }, {}, undefined, /host 0.0.0.0 is reachable from other machines/],
    [{ heartbeatIntervalMs: 200 }, {}, undefined, /heartbeatIntervalMs \(200\) must be at most half/],
    [{ name: undefined }, {}, undefined, /name is missing: give --name, QUORATE_NAME/],
  ])('%j %j %j', (flags, environment, text, message) => {
    expect(() => load(flags, environment, text === undefined ? undefined : fileWith(text))).toThrow(message);
  });
  test('listening beyond this machine is allowed when asked for', () => {
    expect(load({ host: '0.0.0.0', insecure: true }).insecure).toBe(true);
  });
});
