/**
 * Salting: one key that is written too often becomes several sub-keys, on several partitions, each of which takes a part of the writes; a reader reads
 * them all and merges. Only for values that can be merged in any order (counters, sets, logs that are sorted when read): a register cannot be salted.
 *
 * Salts are numbered from 0, so that more ways only add sub-keys. To change the number, tell all readers the larger one before any writer uses it.
 */

const MARK = '\u0000salt:';

export const SALT_WAYS_MAX = 1024;

/**
 * The sub-key of a write. `salt` is any number from 0 on, reduced to one of the `ways`: random, or (when what one client does must stay in order) a
 * hash of the client. Salt 0 is the key itself, so that a key that never was salted needs no migration. `RangeError` unless 1 to 1,024 ways, and for a
 * key that looks salted already.
 */
export function saltedKey(key: string, ways: number, salt: number): string {
  checkWays(ways);
  if (key.includes(MARK))
    throw new RangeError(`a key must not contain the mark of a salt, as ${JSON.stringify(key)} does`);
  const way = Math.floor(salt) % ways;
  if (!(way >= 0)) throw new RangeError(`salt must be a number from 0 on, got ${salt}`);
  return way === 0 ? key : `${key}${MARK}${way}`;
}

/** All sub-keys, which a reader merges. */
export function saltedKeys(key: string, ways: number): string[] {
  checkWays(ways);
  return Array.from({ length: ways }, (_, way) => saltedKey(key, ways, way));
}

/** The key of a sub-key. */
export function unsaltedKey(subKey: string): string {
  const at = subKey.lastIndexOf(MARK);
  return at < 0 ? subKey : subKey.slice(0, at);
}

function checkWays(ways: number): void {
  if (!Number.isInteger(ways) || ways < 1 || ways > SALT_WAYS_MAX)
    throw new RangeError(`ways must be a whole number from 1 to ${SALT_WAYS_MAX}, got ${ways}`);
}
