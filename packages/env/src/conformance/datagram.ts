import { bytes, type ConformanceCase, expectEqual, expectThat } from './case.ts';
import { type NetSubject, sleep } from './net-recorder.ts';

export const datagramConformance: readonly ConformanceCase<NetSubject>[] = [
  {
    name: 'a datagram says where it came from, and an answer finds its way back',
    async run(subject) {
      const heard: Uint8Array[] = [];
      const server = await subject.server.bind({ host: subject.host, port: 0 }, (from, payload) => {
        server.send(from, bytes(...payload, 9));
      });
      const client = await subject.client.bind(
        { host: clientHost(subject), port: 0 },
        (_from, payload) => void heard.push(payload),
      );
      for (let tries = 0; heard.length === 0 && tries < 100; tries++) {
        client.send({ host: subject.host, port: server.address.port }, bytes(1, 2));
        await sleep(subject, 20);
      }
      expectEqual(heard[0], bytes(1, 2, 9), 'the answer');
      client.close();
      client.close();
      client.send({ host: subject.host, port: server.address.port }, bytes(1));
      server.close();
    },
  },
  {
    name: 'a datagram to nowhere is lost in silence, and one that is too long is refused',
    async run(subject) {
      const socket = await subject.client.bind({ host: clientHost(subject), port: 0 }, () => {});
      socket.send({ host: subject.host, port: 1 }, bytes(1));
      await sleep(subject, 5);
      let refused = false;
      try {
        socket.send({ host: subject.host, port: 1 }, new Uint8Array(1401));
      } catch {
        refused = true;
      }
      expectThat(refused, 'a datagram of 1,401 bytes must be refused');
      socket.close();
    },
  },
];

/** Any address of the client's own. */
function clientHost(subject: NetSubject): string {
  return subject.clientHost ?? subject.host;
}
