/** A log that is written in batches, a connection with many requests under way, and a write that waits for two of three replicas. */
import { Instant } from '@quorate/patterns/base';
import {
  AnsweringChannel,
  type AnsweringEffect,
  AskingChannel,
  type AskingEffect,
  QuorumOf,
  RequestWaitingList,
  SingularUpdateQueue,
  type WaitEnd,
} from '@quorate/patterns/channels';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

// What comes during one write is the next one: no timer, no number to tune.
const batches: number[] = [];
const log: string[] = [];
const queue = new SingularUpdateQueue(async (records: readonly string[]) => {
  batches.push(records.length);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return records.map((record) => log.push(record) - 1);
});
const writes: Promise<number>[] = [queue.submit('first')];
for (let turn = 0; turn < 3; turn++) {
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 100; i++) writes.push(queue.submit(`record ${turn}-${i}`));
}
const indexes = await Promise.all(writes);
say(`${indexes.length} records in batches of ${batches.join(', ')}; the last is at ${indexes.at(-1)}`);

// Three requests leave as one chunk; the answers are ready in another order, and leave in the right one.
const asking = new AskingChannel<string>();
const answering = new AnsweringChannel();
for (const name of ['a', 'b', 'c']) asking.ask(name, encode(`value of ${name}?`));
const requests: AnsweringEffect[] = [];
answering.receive(asking.flush()!, requests);
for (const effect of requests.reverse())
  if (effect.kind === 'request') answering.answer(effect.request, encode(`${decode(effect.payload)} 7`));
const answers: AskingEffect<string>[] = [];
asking.receive(answering.flush()!, answers);
for (const effect of answers) if (effect.kind === 'answered') say(`${effect.tag}: ${decode(effect.payload)}`);

// A write is done when two of three have it.
const waiting = new RequestWaitingList<number, string, string>();
const ends: WaitEnd<number, string, string>[] = [];
waiting.add(1, QuorumOf.majority(['n1', 'n2', 'n3']), 100, Instant.of(0));
waiting.add(2, QuorumOf.majority(['n1', 'n2', 'n3']), 100, Instant.of(0));
waiting.answer(1, 'n1', true, 'stored', ends);
waiting.answer(1, 'n3', true, 'stored', ends);
waiting.answer(2, 'n2', true, 'stored', ends);
waiting.tick(Instant.of(100), ends);
for (const { id, kind, answers: from } of ends)
  say(`write ${id}: ${kind}, from ${from.map((one) => one.from).join(', ')}`);
