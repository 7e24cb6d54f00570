/** Cuts a text that arrives in pieces into the JSON objects that it is a sequence of. */
export class JsonSplitter {
  readonly #maxLength: number;
  #text = '';
  /** How far `#text` has been looked at. */
  #at = 0;
  #depth = 0;
  #inString = false;

  /** `maxLength` bounds one object. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** True while an object has begun and not ended. */
  get partial(): boolean {
    return this.#text.trim() !== '';
  }

  /** @throws SyntaxError for an object that is too long or no JSON. */
  push(piece: string): unknown[] {
    this.#text += piece;
    const out: unknown[] = [];
    for (; this.#at < this.#text.length; this.#at++) {
      if (!this.#closes(this.#text[this.#at]!)) continue;
      out.push(JSON.parse(this.#text.slice(0, this.#at + 1)));
      this.#text = this.#text.slice(this.#at + 1);
      this.#at = -1;
    }
    if (this.#text.length > this.#maxLength)
      throw new SyntaxError(`a JSON object of more than ${this.#maxLength} characters`);
    return out;
  }

  /** Takes one character; true when it ends an object. */
  #closes(character: string): boolean {
    if (this.#inString) {
      if (character === '\\') this.#at += 1;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === '{') this.#depth += 1;
    else if (character === '}') {
      this.#depth -= 1;
      return this.#depth === 0;
    }
    return false;
  }
}
