/** How large a sketch must be, and how often it will be wrong: formulas only. */

export interface BloomSize {
  readonly bits: number;
  readonly hashes: number;
}

function expectRate(rate: number): void {
  if (!(rate > 0 && rate < 1)) throw new RangeError(`a false-positive rate must lie between 0 and 1, not ${rate}`);
}

function expectItems(items: number): void {
  if (!(items >= 0 && items <= Number.MAX_SAFE_INTEGER))
    throw new RangeError(`items must be a number from 0 to 2^53 − 1, not ${items}`);
}

/** The smallest Bloom filter for `items` with at most this rate: m = −n ln p / (ln 2)², k = m/n · ln 2. Bloom 1970; Broder and Mitzenmacher 2004. */
export function bloomSize(items: number, falsePositiveRate: number): BloomSize {
  expectItems(items);
  expectRate(falsePositiveRate);
  const hashes = Math.max(1, Math.round(-Math.log2(falsePositiveRate)));
  // With k a whole number, the m that gives p is a little more than the formula for the ideal k says.
  const bits = Math.ceil((-hashes * Math.max(1, items)) / Math.log(1 - falsePositiveRate ** (1 / hashes)));
  return { bits, hashes };
}

/** (1 − e^(−kn/m))^k. */
export function bloomRate({ bits, hashes }: BloomSize, items: number): number {
  return (1 - Math.exp((-hashes * items) / bits)) ** hashes;
}

/**
 * Blocks of 32 bytes of a split-block Bloom filter for `items` with at most this rate; the filter of Putze, Sanders and Singler, "Cache-, Hash- and
 * Space-Efficient Bloom Filters", 2007, with eight words of 32 bits. Found by bisection over `splitBlockRate`, upwards from what no filter
 * can do with less: log₂(1/rate) bits for each item.
 */
export function splitBlockBlocks(items: number, falsePositiveRate: number): number {
  expectItems(items);
  expectRate(falsePositiveRate);
  let low = Math.floor((items * -Math.log2(falsePositiveRate)) / BLOCK_BITS);
  let high = Math.max(1, 2 * low);
  while (splitBlockRate(high, items) > falsePositiveRate) {
    low = high;
    high *= 2;
    // Beyond, there are no whole numbers between the two any more, and the search would not end.
    if (high > Number.MAX_SAFE_INTEGER)
      throw new RangeError(
        `no filter of blocks has a rate of ${falsePositiveRate} for ${items} items; take a greater one`,
      );
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (splitBlockRate(middle, items) > falsePositiveRate) low = middle;
    else high = middle;
  }
  return high;
}

const BLOCK_BITS = 256;

/** Σ over i of Poisson(n / blocks; i) · (1 − (1 − 1/32)^i)^8: a block holds i of the items, and each of its words has one bit of each. */
export function splitBlockRate(blocks: number, items: number): number {
  const load = items / blocks;
  let rate = 0;
  // From the mode outward lies all that counts; logarithms, because e^(−load) underflows.
  const spread = 12 * Math.sqrt(load) + 30;
  let logFactorial = 0;
  for (let i = 1; i <= load + spread; i++) {
    logFactorial += Math.log(i);
    if (i < load - spread) continue;
    rate += Math.exp(i * Math.log(load) - load - logFactorial) * (1 - (31 / 32) ** i) ** 8;
  }
  return rate;
}

export interface QuotientSize {
  readonly quotientBits: number;
  readonly remainderBits: number;
}

/** Slots are filled up to this share before the filter doubles. */
export const QUOTIENT_LOAD_MAX: number = 0.8;

/** The most bits of remainder that slots of one, two and four bytes hold, beside three of state. */
const REMAINDERS: readonly number[] = [5, 13, 29];

/**
 * The quotient filter that holds `items` without doubling, with at most this rate then. As many bits of remainder as its slots have room for: they cost
 * nothing, and are there when the filter has to grow. Bender et al. 2012.
 */
export function quotientSize(items: number, falsePositiveRate: number): QuotientSize {
  expectItems(items);
  expectRate(falsePositiveRate);
  const quotientBits = Math.max(3, Math.ceil(Math.log2(Math.max(1, items) / QUOTIENT_LOAD_MAX)));
  const fits = (remainderBits: number): boolean =>
    quotientRate({ quotientBits, remainderBits }, items) <= falsePositiveRate;
  const remainderBits = REMAINDERS.find(fits);
  if (remainderBits === undefined)
    throw new RangeError(`a rate of ${falsePositiveRate} takes more than 29 bits of remainder`);
  return { quotientBits, remainderBits };
}

/** 1 − e^(−α / 2^r), α the load: some other item has the same fingerprint. Section 3 of the paper. */
export function quotientRate({ quotientBits, remainderBits }: QuotientSize, items: number): number {
  return -Math.expm1(-items / 2 ** (quotientBits + remainderBits));
}

/** Counters by which Space-Saving errs by at most this share of all that was counted: 1 / ε. */
export function spaceSavingCounters(errorShare: number): number {
  expectRate(errorShare);
  return Math.ceil(1 / errorShare);
}
