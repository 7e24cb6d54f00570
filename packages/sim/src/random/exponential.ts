/**
 * The exponential distribution's quantile without `Math.log`: ECMA-262 lets engines approximate that one, and a last
 * bit that differs would give another run. Only +, −, × and ÷ are used, which IEEE 754 fixes.
 */

const LN_2 = lnNear1(2);

/** ln x by the atanh series, for x in [1, 2]. */
function lnNear1(x: number): number {
  const y = (x - 1) / (x + 1);
  const square = y * y;
  let term = y;
  let sum = 0;
  for (let k = 1; k < 60; k += 2) {
    sum += term / k;
    term *= square;
  }
  return 2 * sum;
}

/** -ln of (word + 1) / 2^32, for a uniform 32-bit word: a standard exponential sample. At most 32 ln 2. */
export function exponentialQuantile(word: number): number {
  // (word + 1) = m * 2^e with m in [1, 2).
  const value = word + 1;
  if (value === 4294967296) return 0;
  const exponent = 31 - Math.clz32(value);
  const index = (((value << (31 - exponent)) >>> 0) - 0x80000000) / 2147483648;
  const slot = index * TABLE_SIZE;
  const left = Math.floor(slot);
  const lnM = TABLE[left]! + (TABLE[left + 1]! - TABLE[left]!) * (slot - left);
  return (32 - exponent) * LN_2 - lnM;
}

const TABLE_SIZE = 1024;
const TABLE = new Float64Array(TABLE_SIZE + 1);
for (let i = 0; i <= TABLE_SIZE; i++) TABLE[i] = lnNear1(1 + i / TABLE_SIZE);
