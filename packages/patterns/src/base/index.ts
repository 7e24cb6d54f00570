export { assert, InvariantError, unreachable } from './assert.ts';
export { binaryFromBytes, bytesFromBinary } from './binary.ts';
export { type Brand, Instant, WallTime } from './brand.ts';
export { ByteReader, BytesError, ByteWriter, uintSize } from './bytes.ts';
export { clear } from './clear.ts';
export { type RandomNumber, randomBelow, randomSample } from './random-choice.ts';
export { expectWellFormed } from './well-formed.ts';
export { withoutStack } from './without-stack.ts';
