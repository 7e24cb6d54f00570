import { assert, type ByteReader, BytesError, type ByteWriter } from '@quorate/patterns/base';

/** Writes a name as its place in a list of the format. */
export function writeName<T extends string>(writer: ByteWriter, names: readonly T[], name: T): void {
  const place = names.indexOf(name);
  assert(place >= 0, `a name must be one of ${names.join(', ')}`);
  writer.u8(place);
}

export function readName<T extends string>(reader: ByteReader, names: readonly T[]): T {
  return nameAt(reader, names, reader.u8());
}

export function nameAt<T extends string>(reader: ByteReader, names: readonly T[], place: number): T {
  const name = names[place];
  if (name === undefined) throw new BytesError(`${place} is not a place among ${names.length} names`, reader.offset);
  return name;
}

/** A byte of flags, none beyond `known`: a newer release's flag must not be taken for nothing. */
export function readFlags(reader: ByteReader, known: number): number {
  const flags = reader.u8();
  if ((flags & ~known) !== 0) throw new BytesError(`flags ${flags} are not all known`, reader.offset);
  return flags;
}
