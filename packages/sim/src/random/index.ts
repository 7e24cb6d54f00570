export { deriveSeed, formatSeed, parseSeed, type Seed, type SeedInput } from './seed.ts';
export { type Delay, SeededStream } from './seeded-stream.ts';
