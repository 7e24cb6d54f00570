/** What writes write: a name of their own each, and now and then so many bytes that the cluster treats them otherwise than small ones. */
import type { SeededStream } from '@quorate/sim/random';
import { largeValueName } from '../oracle/large-values.ts';
import { markedValue } from '../oracle/marks.ts';
import type { Shape } from '../shape.ts';

const KIB = 1024;
/**
 * From and to, drawn alike: about the least value that stays in its entry's buffer, and some that do; about the least buffer that values
 * stay in; and so large that a few of them make a snapshot of several chunks, and a frame of several.
 */
const SIZES_BYTES: readonly (readonly [number, number])[] = [
  [100, 160],
  [1 * KIB, 8 * KIB],
  [15 * KIB, 18 * KIB],
  [40 * KIB, 100 * KIB],
];

export class Values {
  readonly #random: SeededStream;
  readonly #share: number;
  readonly #made: () => void;
  #bytesLeft: number;

  /** `made` hears of each large one. */
  constructor(random: SeededStream, shape: Pick<Shape, 'largeValueShare' | 'largeValueBytesMax'>, made: () => void) {
    this.#random = random;
    this.#share = shape.largeValueShare;
    this.#bytesLeft = shape.largeValueBytesMax;
    this.#made = made;
  }

  /** The name of the value for the write of that mark: `valueOf` it is to be written. */
  next(mark: number): string {
    if (!this.#random.chance(this.#share)) return markedValue(mark);
    const sizeBytes = this.#random.between(...this.#random.pick(SIZES_BYTES));
    if (sizeBytes > this.#bytesLeft) return markedValue(mark);
    this.#bytesLeft -= sizeBytes;
    this.#made();
    return largeValueName(mark, sizeBytes);
  }
}
