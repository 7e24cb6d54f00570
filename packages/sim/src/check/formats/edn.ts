/** The part of EDN (edn-format.org) that operation logs are written in: nil, numbers, strings, keywords, symbols, vectors, maps. */
export type Edn = null | number | string | Keyword | Symbolic | readonly Edn[] | EdnMap;
export type EdnMap = ReadonlyMap<string, Edn>;

export class Keyword {
  /** Without the colon. */
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A bare word that is neither nil nor a number: `true`, `jepsen.util`, `-`. */
export class Symbolic {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export const isMap = (value: Edn | undefined): value is EdnMap => value instanceof Map;
export const isVector = (value: Edn | undefined): value is readonly Edn[] => Array.isArray(value);

const TOKEN =
  /[\s,]*(?:(?<mark>[[\]{}()])|(?<string>"(?:[^"\\]|\\.)*")|(?<tag>#(?=[\w{(]))|(?<word>[^\s,[\]{}()"#]+))/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };
const DEPTH_MAX = 32;

/** Reads all values of a text; throws `SyntaxError` with what was expected and the column, from 1. */
export function readEdn(text: string): readonly Edn[] {
  const reader = new Reader(text);
  const values: Edn[] = [];
  while (!reader.atEnd()) values.push(reader.value(0));
  return values;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return /^[\s,]*$/.test(this.#text.slice(this.#at));
  }

  value(depth: number): Edn {
    if (depth > DEPTH_MAX) throw this.#wrong(`at most ${DEPTH_MAX} levels of brackets`);
    const token = this.#next();
    if (token['string'] !== undefined) return unescaped(token['string']);
    if (token['word'] !== undefined) return word(token['word']);
    if (token['tag'] !== undefined) {
      // `#jepsen.history.Op{…}`: the tag says how the map is stored, not what it means.
      TOKEN.lastIndex = this.#at;
      if (/[\w]/.test(this.#text.charAt(this.#at))) this.#next();
      return this.value(depth + 1);
    }
    const closing = CLOSING[token['mark'] as string];
    if (closing === undefined) throw this.#wrong(`a value before "${token['mark']}"`);
    const items = this.#until(closing, depth);
    return closing === '}' ? this.#map(items) : items;
  }

  #until(closing: string, depth: number): Edn[] {
    const items: Edn[] = [];
    for (;;) {
      const before = this.#at;
      if (this.#next()['mark'] === closing) return items;
      this.#at = before;
      items.push(this.value(depth + 1));
    }
  }

  #map(items: readonly Edn[]): EdnMap {
    if (items.length % 2 !== 0) throw this.#wrong('a value for every key of the map');
    const map = new Map<string, Edn>();
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as Edn;
      map.set(key instanceof Keyword ? key.name : String(key), items[i + 1] as Edn);
    }
    return map;
  }

  #next(): Readonly<Record<string, string | undefined>> {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw this.#wrong(this.atEnd() ? 'more: the line ends early' : 'a value');
    this.#at = TOKEN.lastIndex;
    return match.groups as Record<string, string | undefined>;
  }

  #wrong(expected: string): SyntaxError {
    return new SyntaxError(`column ${this.#at + 1}: expected ${expected}`);
  }
}

const unescaped = (literal: string): string =>
  literal
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_all, code: string | undefined, letter: string) =>
      code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
    );

const word = (text: string): Edn => {
  if (text === 'nil') return null;
  if (text.startsWith(':') && text.length > 1) return new Keyword(text.slice(1));
  if (/^[-+]?\d+N?$/.test(text)) return Number.parseInt(text, 10);
  return /^[-+]?\d+\.\d+/.test(text) ? Number.parseFloat(text) : new Symbolic(text);
};
