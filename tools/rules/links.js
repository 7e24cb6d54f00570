import { posix } from 'node:path';
import { headingsOf, proseLines } from '../markdown.js';

/** @import { Repo, Rule } from '../types.ts' */

const INLINE = /!?\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/;

/** Every relative link in the manual leads somewhere, down to the heading. @type {Rule} */
export const links = {
  name: 'links',
  check: (repo) =>
    repo.paths
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        proseLines(repo.text(path)).flatMap(({ line, text }) =>
          linksIn(text).flatMap((link) => {
            const message = wrongLink(repo, path, link);
            return message === undefined ? [] : [{ path, line, message }];
          }),
        ),
      ),
};

/** @param {string} text */
function linksIn(text) {
  const reference = REFERENCE.exec(text);
  return [...[...text.matchAll(INLINE)].map((match) => match[1]), reference?.[1]].filter((link) => link !== undefined);
}

/**
 * @param {Repo} repo
 * @param {string} path
 * @param {string} link
 */
function wrongLink(repo, path, link) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [file, anchor] = /** @type {[string, string | undefined]} */ (link.split('#'));
  if (file.startsWith('/')) return `link ${link} is absolute; make it relative to this file`;
  const target = file === '' ? path : posix.join(posix.dirname(path), decodeURIComponent(file)).replace(/\/$/, '');
  if (target.startsWith('..')) return `link ${link} leaves the repository`;
  if (!repo.hasPath(target === '.' ? '' : target)) return `link ${link} leads nowhere (there is no ${target})`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return headingsOf(repo.text(target)).includes(anchor)
    ? undefined
    : `link ${link}: ${target} has no heading #${anchor}`;
}
