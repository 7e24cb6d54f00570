/** Small answers about a large set of keys. */
import {
  BloomFilter,
  bloomSize,
  QuotientFilter,
  quotientSize,
  SpaceSaving,
  SplitBlockBloomFilter,
  spaceSavingCounters,
  splitBlockBlocks,
} from '@quorate/patterns/sketches';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const ITEMS = 50_000;
const filters = {
  Bloom: new BloomFilter(bloomSize(ITEMS, 0.01)),
  'split-block Bloom': new SplitBlockBloomFilter(splitBlockBlocks(ITEMS, 0.01)),
  quotient: new QuotientFilter(quotientSize(ITEMS, 0.01)),
};

for (const [name, filter] of Object.entries(filters)) {
  for (let i = 0; i < ITEMS; i++) filter.add(`user-${i}`);
  let wrong = 0;
  for (let i = ITEMS; i < 3 * ITEMS; i++) if (filter.has(`user-${i}`)) wrong += 1;
  const percent = ((100 * wrong) / (2 * ITEMS)).toFixed(2);
  say(`${name}: ${((8 * filter.sizeBytes) / ITEMS).toFixed(1)} bits per key, ${percent} % wrong`);
}

// Of these, only the quotient filter can forget.
filters.quotient.remove('user-7');
say(`user-7 is ${filters.quotient.has('user-7') ? 'perhaps' : 'certainly not'} in`);

// Which keys are hot?
const requests = new SpaceSaving<string>(spaceSavingCounters(0.02));
for (let i = 1; i <= ITEMS; i++) requests.add(i % 5 === 0 ? 'checkout' : i % 7 === 0 ? 'home' : `page-${i % 997}`);
for (const { key, count, error } of requests.top(2)) say(`${key}: ${count - error} to ${count} of ${requests.total}`);
