/**
 * A code block between fences.
 *
 * @typedef {{ readonly info: string, readonly code: string, readonly line: number }} Fence `line` is that of its first line of code.
 */

/**
 * Lines outside code blocks, with inline code blanked, numbered from 1.
 *
 * @param {string} text
 * @returns {{ line: number, text: string }[]}
 */
export function proseLines(text) {
  /** @type {{ line: number, text: string }[]} */
  const prose = [];
  forEachLine(text, (line, number, isCode) => {
    if (!isCode) prose.push({ line: number, text: line.replace(/(`+)(?:(?!\1).)+\1/g, '') });
  });
  return prose;
}

/**
 * @param {string} text
 * @returns {Fence[]}
 */
export function fencesOf(text) {
  /** @type {{ info: string, code: string[], line: number }[]} */
  const fences = [];
  forEachLine(text, (line, number, isCode, info) => {
    if (info !== undefined) fences.push({ info, code: [], line: number + 1 });
    else if (isCode) fences.at(-1)?.code.push(line);
  });
  return fences.map(({ info, code, line }) => ({ info, code: code.join('\n'), line }));
}

/**
 * The anchors of a text's headings, as GitHub makes them.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function headingsOf(text) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  /** @type {string[]} */
  const anchors = [];
  forEachLine(text, (line, _number, isCode) => {
    const heading = isCode ? null : /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
    const named = isCode ? null : /<a\s+(?:id|name)="([^"]+)"/.exec(line);
    if (named !== null) anchors.push(/** @type {string} */ (named[1]));
    if (heading === null) return;
    const slug = slugOf(/** @type {string} */ (heading[1]));
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.push(count === 0 ? slug : `${slug}-${count}`);
  });
  return anchors;
}

/** @param {string} heading */
const slugOf = (heading) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

/**
 * Calls `visit` for every line but the closing fences. For an opening fence `info` is what follows it; it counts as code.
 *
 * @param {string} text
 * @param {(line: string, number: number, isCode: boolean, info?: string) => void} visit
 */
function forEachLine(text, visit) {
  /** @type {string | undefined} */
  let fence;
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(line);
    if (fence === undefined && mark !== null) {
      fence = /** @type {string} */ (mark[1]);
      visit(line, index + 1, true, /** @type {string} */ (mark[2]).trim());
    } else if (fence !== undefined && mark?.[2] === '' && /** @type {string} */ (mark[1]).startsWith(fence)) {
      fence = undefined;
    } else {
      visit(line, index + 1, fence !== undefined);
    }
  }
}
