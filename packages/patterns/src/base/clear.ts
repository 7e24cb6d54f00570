/** Empties a list and keeps its memory, for one that is filled again at once: setting its length to zero would give that back. O(n). */
export function clear(list: unknown[]): void {
  while (list.length > 0) list.pop();
}
