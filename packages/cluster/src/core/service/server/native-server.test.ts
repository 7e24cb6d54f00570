import type { Connection, Env } from '@quorate/env';
import { ByteReader, ByteWriter } from '@quorate/patterns/base';
import { describe, expect, test } from 'vitest';
import { type Client, toText } from '../../../client/index.ts';
import { ItemWriter, readItems } from '../../../client/protocol/envelope.ts';
import { readFailure } from '../../../client/protocol/failures.ts';
import { ClientFrame, Operation, Status } from '../../../client/protocol/operations.ts';
import { type App, SimCluster } from '../../../node/cluster.fixture.ts';
import { decodeRefusal, encodeHello, FrameDecoder, FrameKind, FrameWriter, PREFACE } from '../../../wire/index.ts';
import { joined } from '../../../wire/wire.fixture.ts';
import { encodeCommand, readResponse, writeRange } from '../../codec/index.ts';
import type { CoreError } from '../../errors.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Answer {
  readonly id: number;
  readonly status: number;
  readonly body: Uint8Array;
}

/** A connection that says what a well-behaved client would not. */
class RawClient {
  readonly answers: Answer[] = [];
  readonly frames: { kind: number; payload: Uint8Array }[] = [];
  closed = false;
  readonly #connection: Connection;
  readonly #items: ItemWriter = new ItemWriter(new ByteWriter(), ClientFrame.requests);

  constructor(env: Env, host: string, hello: Partial<{ clusterId: number }> = {}) {
    const decoder = new FrameDecoder((kind, payload) => {
      if (kind === FrameKind.welcome) decoder.established();
      else if (kind === ClientFrame.replies) readItems(payload, this);
      else this.frames.push({ kind, payload });
    });
    this.#connection = env.net.connect(
      { host, port: 7410 },
      {
        connected: () => {
          this.#connection.write(PREFACE);
          const greeting = {
            role: 'client',
            clientId: 'raw',
            clusterId: 0,
            versionMin: 1,
            versionMax: 1,
            ...hello,
          } as const;
          this.frame(FrameKind.hello, encodeHello(greeting));
        },
        data: (chunk) => decoder.push(chunk),
        closed: () => {
          this.closed = true;
        },
      },
    );
  }

  item(id: number, status: number, payload: Uint8Array, start: number, end: number): void {
    this.answers.push({ id, status, body: payload.slice(start, end) });
  }

  frame(kind: number, payload: Uint8Array): void {
    const writer = new FrameWriter();
    writer.simple(kind, payload);
    for (const piece of writer.take()) this.#connection.write(piece);
  }

  raw(chunk: Uint8Array): void {
    this.#connection.write(chunk);
  }

  request(id: number, operation: number, body: Uint8Array): void {
    this.#items.begin(id, operation).raw(body);
    this.#items.end();
    this.#connection.write(this.#items.take());
  }

  errorOf(id: number): CoreError | undefined {
    const answer = this.answers.find((a) => a.id === id);
    return answer?.status === Status.error ? readFailure(new ByteReader(answer.body)).error : undefined;
  }
}

const scenario = (name: string, run: (app: App, raw: RawClient, client: Client) => Promise<void>): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.run(async (app) => {
      const client = await app.connect();
      const raw = new RawClient(app.env, cluster.leader!);
      await app.sleep(50);
      await run(app, raw, client);
      // Whatever that was, others are undisturbed.
      await client.put('undisturbed', 'yes');
      expect(toText((await client.get('undisturbed'))!.value)).toBe('yes');
    });
  });
};

describe('a request that cannot be served is answered, and the connection stays', () => {
  scenario('an unknown operation', async (app, raw) => {
    raw.request(1, 99, bytes(''));
    raw.request(2, Operation.members, bytes(''));
    await app.until(() => raw.answers.length === 2);
    expect(raw.errorOf(1)).toMatchObject({ code: 'invalid-request' });
    expect(raw.answers.find(({ id }) => id === 2)).toMatchObject({ status: Status.ok });
    expect(raw.closed).toBe(false);
  });

  scenario('a malformed range, a malformed command, and one that clients may not give', async (app, raw) => {
    raw.request(1, Operation.range, Uint8Array.of(255, 1, 2));
    raw.request(2, Operation.write, Uint8Array.of(1, 200));
    raw.request(3, Operation.write, encodeCommand({ kind: 'lease-epoch', term: 99 }));
    raw.request(4, Operation.write, bytes(''));
    raw.request(5, Operation.write, encodeCommand({ kind: 'member-remove', id: 1 }));
    await app.until(() => raw.answers.length === 5);
    for (const id of [1, 3, 4, 5])
      expect(raw.errorOf(id)).toMatchObject({ code: 'invalid-request', outcome: 'not-applied' });
    // The state machine's word: all members read the same bytes, and refuse them alike.
    expect(raw.answers.find(({ id }) => id === 2)).toMatchObject({
      status: Status.ok,
      body: expect.objectContaining({ 0: 127 }),
    });
    expect(raw.closed).toBe(false);
  });

  scenario('one that is larger than is allowed', async (app, raw) => {
    raw.request(1, Operation.write, new Uint8Array(2 * 1024 * 1024).fill(1));
    await app.until(() => raw.answers.length === 1);
    expect(raw.errorOf(1)).toMatchObject({ code: 'request-too-large' });
    expect(raw.closed).toBe(false);
  });

  scenario('a watch that is malformed, and one that was begun twice', async (app, raw) => {
    raw.request(0x8000_0001, Operation.watch, Uint8Array.of(255));
    raw.request(0x8000_0002, Operation.unwatch, bytes(''));
    await app.until(() => raw.answers.length === 1);
    expect(raw.errorOf(0x8000_0001)).toMatchObject({ code: 'invalid-request' });
  });
});

describe('a connection that breaks the protocol is closed with the reason', () => {
  const refused = async (app: App, raw: RawClient, reason: RegExp): Promise<void> => {
    await app.until(() => raw.closed);
    expect(decodeRefusal(raw.frames.at(-1)!.payload).message).toMatch(reason);
  };

  scenario('items that do not fill their frame', async (app, raw) => {
    raw.frame(ClientFrame.requests, Uint8Array.of(1, 0, 0, 0, Operation.members, 200, 0, 0, 0));
    await refused(app, raw, /claims 200 bytes/);
  });

  scenario('a frame that is too long', async (app, raw) => {
    raw.raw(Uint8Array.of(255, 255, 255, 255, ClientFrame.requests));
    await refused(app, raw, /at most/);
  });

  scenario('a frame of a kind that only nodes may send', async (app, raw) => {
    raw.frame(FrameKind.peerMessage, bytes('hello'));
    await refused(app, raw, /must not come from a client/);
  });
});

test('what waits for its answer is not overwritten by the frames that come after it', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    await client.put('key', 'value');
    const raw = new RawClient(app.env, cluster.leader!);
    await app.sleep(50);
    const items = new ItemWriter(new ByteWriter(), ClientFrame.requests);
    const put = (id: number, letter: string, sizeBytes: number): void => {
      const command = { kind: 'put', key: bytes(letter.repeat(sizeBytes)), value: bytes(letter) } as const;
      items.begin(id, Operation.write).raw(encodeCommand(command));
      items.end();
    };
    writeRange(items.begin(1, Operation.range), { kind: 'range', key: bytes('key') });
    items.end();
    put(2, 'a', 200);
    const first = items.take().slice();
    put(3, 'b', 100);
    const second = items.take().slice();
    // Each frame comes in two pieces, and the second one before the first can have been answered.
    const stream = joined([first, second]);
    const pieces = [stream.subarray(0, 50), stream.subarray(50, first.length + 50), stream.subarray(first.length + 50)];
    for (const [piece, pauseMs] of [
      [pieces[0]!, 20],
      [pieces[1]!, 0.01],
      [pieces[2]!, 0],
    ] as const) {
      raw.raw(piece);
      await app.sleep(pauseMs);
    }
    await app.until(() => raw.answers.length === 3);
    const found = readResponse(new ByteReader(raw.answers.find(({ id }) => id === 1)!.body));
    expect(found).toMatchObject({ kvs: [{ value: bytes('value') }] });
  });
});

test('a client of another cluster is refused, and told so', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    await app.connect();
    await expect(app.connect({ clusterId: 12345 })).rejects.toMatchObject({ code: 'wrong-cluster' });
  });
});

test('a client that does not read its answers is not read either, and goes on where it stopped', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    await client.put('big', new Uint8Array(100_000));
    const reads = await Promise.all(Array.from({ length: 300 }, () => client.get('big')));
    expect(reads.every((kv) => kv?.value.length === 100_000)).toBe(true);
  });
});
