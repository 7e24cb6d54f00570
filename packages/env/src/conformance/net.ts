import type { Address, Listener } from '../net.ts';
import { bytes, type ConformanceCase, expectCode, expectEqual, expectSameBytes, expectThat, pattern } from './case.ts';
import { datagramConformance } from './datagram.ts';
import { HalfOpenRecorder, type NetSubject, Recorder, sleep } from './net-recorder.ts';

interface Pair {
  readonly client: Recorder;
  readonly server: Recorder;
  readonly listener: Listener;
}

async function connected(subject: NetSubject, server: Recorder = new Recorder()): Promise<Pair> {
  const listener = await listening(subject, server);
  const client = new Recorder();
  client.connection = subject.client.connect(addressOf(subject, listener), client);
  await client.until(({ events }) => events.includes('connected'));
  client.connection.write(bytes(0));
  await server.until(({ received }) => received.length > 0);
  server.received = [];
  return { client, server, listener };
}

function listening(subject: NetSubject, server: Recorder): Promise<Listener> {
  return subject.server.listen({ host: subject.host, port: 0 }, (connection) => {
    server.connection = connection;
    return server;
  });
}

function addressOf(subject: NetSubject, listener: Listener): Address {
  return { host: subject.host, port: listener.address.port };
}

async function finish(pair: Pair): Promise<void> {
  pair.client.connection.destroy();
  await pair.listener.close();
  await pair.server.until(({ events }) => events.includes('closed'));
}

const connections: readonly ConformanceCase<NetSubject>[] = [
  {
    name: 'bytes arrive in order and whole, both ways',
    async run(subject) {
      const pair = await connected(subject);
      const [there, back] = [pattern(400_000, 1), pattern(250_000, 2)];
      for (let at = 0; at < there.length; at += 1000) pair.client.connection.write(there.subarray(at, at + 1000));
      for (let at = 0; at < back.length; at += 50_000) pair.server.connection.write(back.subarray(at, at + 50_000));
      await pair.server.until((server) => server.bytes.length === there.length);
      await pair.client.until((client) => client.bytes.length === back.length);
      expectSameBytes(pair.server.bytes, there, 'there');
      expectSameBytes(pair.client.bytes, back, 'back');
      await finish(pair);
    },
  },
  {
    name: 'what is written before the connection is established is sent once it is',
    async run(subject) {
      const server = new Recorder();
      const listener = await listening(subject, server);
      const client = new Recorder();
      client.connection = subject.client.connect(addressOf(subject, listener), client);
      expectEqual(client.events, [], 'nothing is heard inside connect');
      client.connection.write(bytes(1, 2, 3));
      await server.until((each) => each.bytes.length === 3);
      expectEqual(server.bytes, bytes(1, 2, 3), 'the bytes');
      await finish({ client, server, listener });
    },
  },
  {
    name: 'close sends what is queued, and both sides hear an orderly end',
    async run(subject) {
      const pair = await connected(subject);
      const content = pattern(200_000, 3);
      pair.client.connection.write(content);
      pair.client.connection.close();
      pair.client.connection.close();
      pair.client.connection.write(bytes(9));
      expectThat(!pair.client.events.includes('closed'), 'closed must not be heard inside close');
      await pair.server.until(({ events }) => events.includes('closed'));
      await pair.client.until(({ events }) => events.includes('closed'));
      expectSameBytes(pair.server.bytes, content, 'the bytes');
      expectEqual([pair.client.error, pair.server.error], [undefined, undefined], 'the errors');
      await pair.listener.close();
    },
  },
  {
    name: 'a peer that wants to keeps its side open when the other has closed',
    async run(subject) {
      const server = new HalfOpenRecorder();
      const pair = await connected(subject, server);
      pair.client.connection.write(bytes(5));
      pair.client.connection.close();
      await server.until(({ events }) => events.includes('ended'));
      expectEqual(server.bytes, bytes(5), 'the bytes');
      expectThat(!server.events.includes('closed'), 'the connection must still be open');
      server.connection.close();
      await server.until(({ events }) => events.includes('closed'));
      await pair.client.until(({ events }) => events.includes('closed'));
      expectEqual(server.error, undefined, 'the error');
      await pair.listener.close();
    },
  },
  {
    name: 'destroy ends the connection at once, and closed is heard once, last, and not inside the call',
    async run(subject) {
      const pair = await connected(subject);
      pair.client.connection.destroy();
      pair.client.connection.destroy();
      expectThat(!pair.client.events.includes('closed'), 'closed must not be heard inside destroy');
      await pair.client.until(({ events }) => events.includes('closed'));
      await pair.server.until(({ events }) => events.includes('closed'));
      pair.client.connection.write(bytes(1));
      pair.client.connection.close();
      await sleep(subject, 20);
      expectEqual(pair.client.events, ['connected', 'closed'], 'what the client heard');
      await pair.listener.close();
    },
  },
  {
    name: 'a connection to where nobody listens is refused',
    async run(subject) {
      const listener = await listening(subject, new Recorder());
      const address = addressOf(subject, listener);
      await listener.close();
      const client = new Recorder();
      client.connection = subject.client.connect(address, client);
      await client.until(({ events }) => events.includes('closed'));
      expectEqual(client.events, ['closed'], 'what was heard');
      expectEqual(client.error?.code, 'refused', 'the error');
    },
  },
  {
    name: 'an acceptor that returns nothing refuses the connection',
    async run(subject) {
      const listener = await subject.server.listen({ host: subject.host, port: 0 }, () => undefined);
      const client = new Recorder();
      client.connection = subject.client.connect(addressOf(subject, listener), client);
      await client.until(({ events }) => events.includes('closed'));
      await listener.close();
    },
  },
  {
    name: 'a closed listener accepts no more, and its connections stay',
    async run(subject) {
      const pair = await connected(subject);
      await pair.listener.close();
      pair.client.connection.write(bytes(1, 2));
      await pair.server.until((server) => server.bytes.length === 2);
      await finish(pair);
    },
  },
  {
    name: 'an address can be bound once',
    async run(subject) {
      const listener = await listening(subject, new Recorder());
      const again = { host: subject.host, port: listener.address.port };
      await expectCode(() => subject.server.listen(again, () => undefined), 'address-in-use', 'a second listen');
      await listener.close();
      await (await subject.server.listen(again, () => undefined)).close();
    },
  },
];

const pressure: readonly ConformanceCase<NetSubject>[] = [
  {
    name: 'pause holds data back, and resume lets all of it through',
    async run(subject) {
      const pair = await connected(subject);
      pair.server.connection.pause();
      await sleep(subject, 5);
      const content = pattern(100_000, 4);
      pair.client.connection.write(content);
      await sleep(subject, 50);
      expectEqual(pair.server.bytes.length, 0, 'bytes while paused');
      pair.server.connection.resume();
      await pair.server.until((server) => server.bytes.length === content.length);
      expectSameBytes(pair.server.bytes, content, 'the bytes');
      await finish(pair);
    },
  },
  {
    name: 'a writer whose peer does not read is congested, and hears drained when all has been taken',
    async run(subject) {
      const pair = await connected(subject);
      pair.server.connection.pause();
      const chunk = pattern(256 * 1024, 5);
      let written = 0;
      while (!pair.client.connection.congested) {
        pair.client.connection.write(chunk);
        written += chunk.length;
        expectThat(written < 512 * 1024 * 1024, 'a connection that nobody reads from must become congested');
        await sleep(subject, 1);
      }
      expectThat(pair.client.connection.bufferedBytes > 0, 'congested, with bytes in the queue');
      pair.server.connection.resume();
      await pair.client.until(({ events }) => events.includes('drained'));
      expectEqual([pair.client.connection.congested, pair.client.connection.bufferedBytes], [false, 0], 'afterwards');
      await pair.server.until((server) => server.bytes.length === written);
      await finish(pair);
    },
  },
];

export const netConformance: readonly ConformanceCase<NetSubject>[] = [
  ...connections,
  ...pressure,
  ...datagramConformance,
];
