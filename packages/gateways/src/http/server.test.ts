import { connect } from 'node:net';
import type { Core } from '@quorate/cluster/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HttpGateway, startHttpGateway } from './server.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let gateway: HttpGateway;

beforeAll(async () => {
  gateway = await startHttpGateway({} as Core, { host: '127.0.0.1', port: 0, log });
});
afterAll(() => gateway.close());

/** Resolves with all that came back until the other side closed. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(gateway.address, () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      said += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
}

test.each(['/health', '/health?verbose', 'http://node:7411/health'])('%s is the page of that path', async (target) => {
  const said = await exchange(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(said.startsWith('HTTP/1.1 200 OK')).toBe(true);
});

test.each<[string, string, string]>([
  ['a frame of the native protocol', 'QUORATE\0\0\0\0', '400 Bad Request'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 Bad Request'],
  ['a path of 30,000 characters', `GET /${'a'.repeat(30_000)} HTTP/1.1\r\n`, '431 Request Header Fields Too Large'],
])('%s is refused with what this port speaks', async (_what, bytes, status) => {
  const said = await exchange(bytes);
  expect(said.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
  expect(said).toContain('this port speaks HTTP/1.1; try GET /health, /ready, /status, /metrics');
});
