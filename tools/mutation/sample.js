/**
 * Some of a list, the same for the same seed, in the order of the list (Vitter's algorithm S with a 32-bit generator).
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} count
 * @param {number} seed
 * @returns {T[]}
 */
export function sampled(items, count, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  /** @type {T[]} */
  const chosen = [];
  for (const [index, item] of items.entries()) {
    if (random() * (items.length - index) < count - chosen.length) chosen.push(item);
  }
  return chosen;
}
