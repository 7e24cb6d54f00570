import type { Rows } from './row.ts';

export interface Group {
  readonly name: string;
  readonly title: string;
  /** Loads the group's peers, and those alone. */
  load(): Promise<Rows>;
}

export const GROUPS: readonly Group[] = [
  { name: 'ring', title: 'Consistent hashing', load: async () => (await import('./ring.ts')).rows },
  { name: 'policies', title: 'Resilience policies', load: async () => (await import('./policies.ts')).rows },
  { name: 'composed', title: 'Composed resilience', load: async () => (await import('./composed.ts')).rows },
  { name: 'rate', title: 'Rate limiting and caching', load: async () => (await import('./rate.ts')).rows },
  { name: 'ids', title: 'Identifiers', load: async () => (await import('./ids.ts')).rows },
  { name: 'sketches', title: 'Sketches', load: async () => (await import('./sketches.ts')).rows },
  { name: 'clocks', title: 'Clocks', load: async () => (await import('./clocks.ts')).rows },
  { name: 'merkle', title: 'Merkle trees', load: async () => (await import('./merkle.ts')).rows },
  { name: 'checksums', title: 'Checksums and hashes', load: async () => (await import('./checksums.ts')).rows },
  { name: 'crdt', title: 'Replicated counters, sets and maps', load: async () => (await import('./crdt.ts')).rows },
  { name: 'text', title: 'Replicated text', load: async () => (await import('./text.ts')).rows },
];
