export { assert, InvariantError, unreachable } from './assert.ts';
export { type Brand, Instant, WallTime } from './brand.ts';
export { ByteReader, BytesError, ByteWriter, uintSize } from './bytes.ts';
