/**
 * How states are written: as any record (see `ByteWriter`), but that names, above all those of actors, are written out once and after that as a number, and
 * times as the distance from the one before, since those of one state lie together. Who writes a value into a state need not care: a `StateWriter` is a
 * `ByteWriter`.
 */
import { assert, ByteReader, ByteWriter, expectWellFormed } from '../base/index.ts';
import { DotContext } from '../time/index.ts';

/** Up to so many names are found by looking at each: a map costs more to fill and to empty than most deltas to write. */
const FEW_NAMES = 8;

export class StateWriter extends ByteWriter {
  /** Those up to `#count` count. */
  readonly #names: string[] = [];
  #count = 0;
  /** Of all of them, once there are more than a few. */
  #numbers: Map<string, number> | undefined;
  /** The last that was written. */
  #timeMs = 0;

  override text(text: string): void {
    expectWellFormed(text, 'what a state holds');
    super.text(text);
  }

  /** Its number; when it comes for the first time, the number that it will have, and the name. */
  name(name: string): void {
    const number = this.#find(name);
    this.uint(number < 0 ? this.#count : number);
    if (number >= 0) return;
    this.text(name);
    this.#names[this.#count++] = name;
    if (this.#numbers !== undefined) this.#numbers.set(name, this.#count - 1);
    else if (this.#count > FEW_NAMES)
      this.#numbers = new Map(this.#names.slice(0, this.#count).map((n, at) => [n, at]));
  }

  /** The number of a name that was written. */
  numberOf(name: string): number {
    const number = this.#find(name);
    assert(number >= 0, `the name ${name} must be written before its number`);
    return number;
  }

  /** A time that is a safe integer, at most half of the largest: the first takes as long as it is, others as far as they lie apart. */
  time(ms: number): void {
    const distance = ms - this.#timeMs;
    this.uint(distance < 0 ? -2 * distance - 1 : 2 * distance);
    this.#timeMs = ms;
  }

  /** Before another state. */
  forget(): void {
    this.#count = 0;
    this.#timeMs = 0;
    this.#numbers = undefined;
  }

  #find(name: string): number {
    if (this.#numbers !== undefined) return this.#numbers.get(name) ?? -1;
    for (let at = 0; at < this.#count; at++) if (this.#names[at] === name) return at;
    return -1;
  }
}

export class StateReader extends ByteReader {
  readonly #names: string[] = [];
  #timeMs = 0;

  name(): string {
    const number = this.uint(this.#names.length);
    if (number === this.#names.length) this.#names.push(this.text());
    return this.#names[number]!;
  }

  /** Whole, but perhaps negative, when the bytes are damaged. */
  time(): number {
    const distance = this.uint();
    this.#timeMs += distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2;
    return this.#timeMs;
  }

  /** The name of a number, which must have been read. */
  nameOf(number: number): string {
    const name = this.#names[number];
    assert(name !== undefined, `${number} must be the number of a name that came before`);
    return name;
  }
}

export function writeContext(context: DotContext, writer: StateWriter): void {
  context.write(writer, (actor) => writer.name(actor));
}

export function readContext(reader: StateReader): DotContext {
  return DotContext.read(reader, () => reader.name());
}
