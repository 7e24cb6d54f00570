export { crc32 } from './crc32.ts';
export { crc32c } from './crc32c.ts';
export {
  CRC32,
  CRC32C,
  type Digest,
  MD5,
  platformDigest,
  SHA1,
  SHA256,
  sameBytes,
  type Threat,
  XXH64,
} from './digest.ts';
export { type Hash64, hex64 } from './hash64.ts';
export { answerMerkle, MerkleDiff } from './merkle-diff.ts';
export { levelsFor, MERKLE_HASH_BYTES, MerkleTree, type MerkleTreeOptions } from './merkle-tree.ts';
export { RangeReconciliation, type RangeReconciliationOptions } from './range-reconciliation.ts';
export { RangeSet } from './range-set.ts';
export { RatelessDecoder, RatelessEncoder, type RatelessOptions } from './rateless-reconciliation.ts';
export { seal, unseal } from './sealed.ts';
export { type SipKey, sipHash, sipKey } from './siphash.ts';
export {
  VerifiedRead,
  type VerifiedReadEffect,
  type VerifiedReadInput,
  type VerifiedReadOptions,
} from './verified-read.ts';
export { xxHash64 } from './xxhash64.ts';
