/** @import { Mutant } from './types.ts' */

/** The function that says whether a mutant is the one being tried. */
export const SWITCH = '__isMutant';

/**
 * A module with all its mutants in it, each behind a switch with its number.
 *
 * @param {string} text
 * @param {readonly { readonly id: number, readonly mutant: Pick<Mutant, 'start' | 'end' | 'replacement'> }[]} numbered
 * @returns {string}
 */
export function instrument(text, numbered) {
  /** @type {Map<string, { start: number, end: number, mutants: { id: number, replacement: string }[] }>} */
  const sites = new Map();
  for (const { id, mutant } of numbered) {
    const { start, end, replacement } = mutant;
    const key = `${start} ${end}`;
    if (!sites.has(key)) sites.set(key, { start, end, mutants: [] });
    sites.get(key)?.mutants.push({ id, replacement });
  }
  // Outer sites before those within them.
  const ordered = [...sites.values()].sort((a, b) => a.start - b.start || b.end - a.end);
  let next = 0;
  return within(0, text.length);

  /** @param {number} start @param {number} end @returns {string} */
  function within(start, end) {
    let [at, made] = [start, ''];
    for (let site = ordered[next]; site !== undefined && site.end <= end; site = ordered[next]) {
      next++;
      made += text.slice(at, site.start) + switched(site, within(site.start, site.end));
      at = site.end;
    }
    return made + text.slice(at, end);
  }
}

/**
 * What a replacement holds is left as it is: no other mutant is tried at the same time.
 *
 * @param {{ readonly mutants: readonly { readonly id: number, readonly replacement: string }[] }} site
 * @param {string} original
 */
function switched({ mutants }, original) {
  const [first] = mutants;
  if (first?.replacement === '') return `{ if (${SWITCH}(${first.id})) {} else ${original} }`;
  return mutants.reduce((kept, { id, replacement }) => `(${SWITCH}(${id}) ? (${replacement}) : (${kept}))`, original);
}
