/** @import { Measured, Size } from './measure.js' */

/** Exports below this have no line of their own; all of them are bound by it. */
const LISTED_BYTES_MIN = 1000;
/** How far above its line an export may grow: a tenth, for a small one a little more. */
const allowed = (/** @type {number} */ recorded) => Math.floor(Math.max(recorded * 1.1, recorded + 150));

const HEAD = `# What an import adds

Bytes that a page loads more when it imports one thing from \`@quorate/patterns\` and nothing else: bundled for browsers, minified, and compressed as a
server would. What several imports share counts once, so a whole subpath is less than the sum of its lines. Exports of less than
${(LISTED_BYTES_MIN / 1000).toFixed(0)} kB are not listed.

Made by \`npm run sizes\`. \`npm run sizes -- --check\` fails when something is more than a tenth above its line, has no line, or is gone.
`;

/**
 * The table as it is kept.
 *
 * @param {readonly Measured[]} measured
 * @returns {string}
 */
export function tableOf(measured) {
  const parts = measured.map(({ specifier, whole, exports: all }) => {
    const listed = [...all].filter(([, { minified }]) => minified >= LISTED_BYTES_MIN);
    const lines = listed
      .sort(([a, x], [b, y]) => y.minified - x.minified || (a < b ? -1 : 1))
      .map(([name, size]) => line(name, size));
    return [
      '',
      `## ${specifier}`,
      '',
      '| import | minified | gzip | brotli |',
      '|---|--:|--:|--:|',
      line('*', whole),
      ...lines,
      '',
    ].join('\n');
  });
  return HEAD + parts.join('');
}

/** @param {string} name @param {Size} size */
const line = (name, { minified, gzip, brotli }) =>
  `| ${name === '*' ? 'all of it' : `\`${name}\``} | ${[minified, gzip, brotli].map(grouped).join(' | ')} |`;

/** @param {number} count */
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/**
 * The minified sizes that a table names, by subpath and export.
 *
 * @param {string} table
 * @returns {Map<string, Map<string, number>>}
 */
export function readTable(table) {
  /** @type {Map<string, Map<string, number>>} */
  const recorded = new Map();
  /** @type {Map<string, number>} */
  let lines = new Map();
  for (const text of table.split('\n')) {
    const heading = /^## (\S+)$/.exec(text);
    const row = /^\| (?:all of it|`(.+?)`) \| ([\d,]+) \|/.exec(text);
    if (heading !== null) {
      lines = new Map();
      recorded.set(/** @type {string} */ (heading[1]), lines);
    }
    if (row !== null) lines.set(row[1] ?? '*', Number(/** @type {string} */ (row[2]).replaceAll(',', '')));
  }
  return recorded;
}

/**
 * What is wrong with a table, one sentence each.
 *
 * @param {string} table
 * @param {readonly Measured[]} measured
 * @returns {string[]}
 */
export function wrongWith(table, measured) {
  const recorded = readTable(table);
  const wrong = measured.flatMap((each) => {
    const lines = recorded.get(each.specifier);
    if (lines === undefined) return [`${each.specifier} is not in the table`];
    return wrongLines(each, lines);
  });
  const known = new Set(measured.map(({ specifier }) => specifier));
  const gone = [...recorded.keys()].filter((specifier) => !known.has(specifier));
  return [...wrong, ...gone.map((specifier) => `${specifier} is in the table, but cannot be imported`)];
}

/**
 * @param {Measured} measured
 * @param {ReadonlyMap<string, number>} lines
 * @returns {string[]}
 */
function wrongLines({ specifier, exports: all }, lines) {
  const gone = [...lines.keys()].filter((name) => name !== '*' && !all.has(name));
  const wrong = [...all].flatMap(([name, { minified }]) => {
    const recorded = lines.get(name);
    const most = recorded === undefined ? LISTED_BYTES_MIN : allowed(recorded);
    if (minified <= most) return [];
    const was =
      recorded === undefined
        ? 'and is not in the table'
        : `where the table has ${recorded}, and at most ${most} are allowed`;
    return [`${name} of ${specifier} adds ${minified} bytes, ${was}`];
  });
  return [...wrong, ...gone.map((name) => `${name} is in the table, but ${specifier} does not export it`)];
}
