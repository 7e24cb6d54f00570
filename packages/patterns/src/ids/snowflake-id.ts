/** A 64-bit integer as two unsigned halves, with the decimal text that databases and interfaces use. No bigint but where one is asked for. */
const MILLION = 1_000_000;
const WORD = 0x1_0000_0000;
const THOUSANDS: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));
/** Where two halves become one: arithmetic with bigints would make three of them on the way. */
const view: DataView = new DataView(new ArrayBuffer(8));
/** The digits before the last six, and their text: the same for most ids that one worker makes within a millisecond. */
let lastHead = 0;
let lastHeadText = '0';

export class SnowflakeId {
  readonly kind = 'id';
  readonly high: number;
  readonly low: number;

  /** Two unsigned 32-bit integers. */
  constructor(high: number, low: number) {
    this.high = high;
    this.low = low;
  }

  /** From decimal text; undefined when it is not an integer from 0 to 2^64 − 1, in its shortest form. */
  static parse(text: string): SnowflakeId | undefined {
    if (!/^(0|[1-9]\d{0,19})$/.test(text)) return undefined;
    // The last six digits and those before: both exact, and small enough to be multiplied.
    const head = Number(text.slice(0, -6));
    const low = (head % WORD) * MILLION + Number(text.slice(-6));
    const high = Math.floor(head / WORD) * MILLION + Math.floor(low / WORD);
    return high < WORD ? new SnowflakeId(high, low % WORD) : undefined;
  }

  /** Decimal. */
  toString(): string {
    const quotient = Math.floor(this.high / MILLION);
    const rest = (this.high % MILLION) * WORD + this.low;
    const head = quotient * WORD + Math.floor(rest / MILLION);
    const tail = rest % MILLION;
    if (head < MILLION) return String(head * MILLION + tail);
    if (head !== lastHead) {
      lastHead = head;
      lastHeadText = String(Math.floor(head / MILLION)) + sixDigits(head % MILLION);
    }
    return lastHeadText + sixDigits(tail);
  }

  toJSON(): string {
    return this.toString();
  }

  toBigInt(): bigint {
    view.setUint32(0, this.high);
    view.setUint32(4, this.low);
    return view.getBigUint64(0);
  }

  /** Negative, 0 or positive: the order of the integers, and so of the times. */
  compare(other: SnowflakeId): number {
    return this.high - other.high || this.low - other.low;
  }
}

function sixDigits(value: number): string {
  const upper = (value / 1000) | 0;
  return THOUSANDS[upper]! + THOUSANDS[value - upper * 1000]!;
}
