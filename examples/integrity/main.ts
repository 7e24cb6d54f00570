/** Two replicas: one has a damaged copy, and each lacks something of the other. */
import { SHA256 } from '@quorate/env/node';
import { Instant } from '@quorate/patterns/base';
import {
  CRC32C,
  RangeReconciliation,
  RangeSet,
  RatelessDecoder,
  RatelessEncoder,
  seal,
  sipKey,
  unseal,
  VerifiedRead,
  type VerifiedReadEffect,
} from '@quorate/patterns/integrity';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// A read that falls back to a good copy, and mends the bad one.
const copies = new Map([
  ['near', seal(CRC32C, bytes('the truth'))],
  ['far', seal(CRC32C, bytes('the truth'))],
]);
copies.get('near')![4]! ^= 1;
const read = new VerifiedRead({
  sources: ['near', 'far'],
  timeoutMs: 100,
  verify: (copy) => unseal(CRC32C, copy) !== undefined,
});
const effects: VerifiedReadEffect<string>[] = [];
read.step({ kind: 'start' }, Instant.of(0), effects);
for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
  if (effect.kind === 'read')
    read.step({ kind: 'copy', source: effect.source, bytes: copies.get(effect.source) }, Instant.of(1), effects);
  if (effect.kind === 'done')
    say(`read from ${effect.source}: ${new TextDecoder().decode(unseal(CRC32C, effect.bytes))}`);
  if (effect.kind === 'repair') {
    copies.set(effect.source, effect.bytes);
    say(`mended ${effect.source}`);
  }
}

// What do two sets of ten thousand differ in? By ranges, both sides learn it.
const items = Array.from({ length: 10_000 }, (_, n) => SHA256.of(bytes(String(n))));
const [left, right] = [new RangeSet(32, SHA256), new RangeSet(32, SHA256)];
for (const item of items.slice(3)) left.add(item);
for (const item of items.slice(0, -2)) right.add(item);
const [asker, answerer] = [
  new RangeReconciliation(left, { digest: SHA256 }),
  new RangeReconciliation(right, { digest: SHA256 }),
];
let sent = 0;
let message: Uint8Array | undefined = asker.start();
for (let turn = 0; message !== undefined; turn++) {
  sent += message.length;
  message = (turn % 2 === 0 ? answerer : asker).receive(message);
}
say(`by ranges: ${asker.missing.length} missing, ${asker.surplus.length} surplus, ${sent} bytes`);

// By rateless symbols, the receiver learns it, and says stop.
const options = { itemBytes: 32, key: sipKey(bytes('sixteen bytes :)')) };
const [encoder, decoder] = [new RatelessEncoder(options), new RatelessDecoder(options)];
for (const item of items.slice(3)) encoder.add(item);
for (const item of items.slice(0, -2)) decoder.add(item);
while (decoder.receive(encoder.produce(1)) === 'more');
say(
  `rateless: ${decoder.missing.length} missing, ${decoder.surplus.length} surplus, after ${decoder.received} symbols`,
);
