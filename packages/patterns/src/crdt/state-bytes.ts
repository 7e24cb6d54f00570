/**
 * How states are written: as any record (see `ByteWriter`), but that names, above all those of actors, are written out once and after that as a number.
 * Who writes a value into a state need not care: a `StateWriter` is a `ByteWriter`.
 */
import { assert, ByteReader, ByteWriter } from '../base/index.ts';
import { DotContext } from '../time/index.ts';

export class StateWriter extends ByteWriter {
  readonly #numbers: Map<string, number> = new Map();

  /** Its number; when it comes for the first time, the number that it will have, and the name. */
  name(name: string): void {
    const number = this.#numbers.get(name);
    this.uint(number ?? this.#numbers.size);
    if (number !== undefined) return;
    this.#numbers.set(name, this.#numbers.size);
    this.text(name);
  }

  /** The number of a name that was written. */
  numberOf(name: string): number {
    const number = this.#numbers.get(name);
    assert(number !== undefined, `the name ${name} must be written before its number`);
    return number;
  }

  /** Before another state. */
  forget(): void {
    this.#numbers.clear();
  }
}

export class StateReader extends ByteReader {
  readonly #names: string[] = [];

  name(): string {
    const number = this.uint(this.#names.length);
    if (number === this.#names.length) this.#names.push(this.text());
    return this.#names[number]!;
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
