export { BloomFilter } from './bloom.ts';
export { CountingBloomFilter } from './counting-bloom.ts';
export { hashKey, type SketchKey } from './key-hash.ts';
export { QuotientFilter, type QuotientFilterOptions } from './quotient-filter.ts';
export {
  type BloomSize,
  bloomRate,
  bloomSize,
  QUOTIENT_LOAD_MAX,
  type QuotientSize,
  quotientRate,
  quotientSize,
  spaceSavingCounters,
  splitBlockBlocks,
  splitBlockRate,
} from './sizing.ts';
export { type HeavyHitter, SpaceSaving } from './space-saving.ts';
export { SplitBlockBloomFilter } from './split-block-bloom.ts';
