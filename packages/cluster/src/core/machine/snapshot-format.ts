/**
 * A snapshot is a stream of blocks, each behind its length (4 bytes, little-endian): a section's number and its records. The bytes are a
 * function of the state alone. How they are cut into chunks means nothing.
 */
export const SNAPSHOT_MAGIC: number = 0x51_43_4f_52;
/** Raised when the format changes; a release reads the one before, too. */
export const SNAPSHOT_VERSION: number = 1;

/** Sections in the order in which they come. A section may take several blocks, or none. */
export const Section = {
  /** Magic, format version, applied index, ordinal, revision, compact revision, lease epoch. */
  header: 1,
  leases: 2,
  /** Versions in force at the compact revision that are older than it, by key. */
  base: 3,
  /** All changes from the compact revision on. */
  changes: 4,
  members: 5,
  alarms: 6,
  sessions: 7,
  /** Number of blocks before it: what is missing it, was cut off. */
  end: 8,
} as const;

/** A block is closed when it has grown to this. */
export const BLOCK_BYTES: number = 64 * 1024;
export const CHUNK_BYTES_MAX: number = 256 * 1024;
/** A block can exceed `BLOCK_BYTES` by one record: a version, or a session with all of its remembered answers. */
export const BLOCK_BYTES_MAX: number = 256 * 1024 * 1024;
