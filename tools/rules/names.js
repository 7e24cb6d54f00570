import { basename } from 'node:path';
import { isSource } from '../layout.js';
import { walk } from '../walk.js';

/** @import { Problem, Rule } from '../types.ts' */

const SAY_NOTHING = /^(utils?|helpers?|commons?|misc|shared|stuff)$/;
const KEBAB = /^[a-z0-9]+([.-][a-z0-9]+)*\.[cm]?[jt]sx?$/;

/** Names say what a thing is (style, layout and names). @type {Rule} */
export const names = {
  name: 'names',
  check: (repo) =>
    repo.paths.filter(isSource).flatMap((path) => {
      /** @type {Problem[]} */
      const problems = [];
      const vague = path.split('/').find((part) => SAY_NOTHING.test(/** @type {string} */ (part.split('.')[0])));
      if (vague !== undefined)
        problems.push({ path, line: 0, message: `"${vague}" says nothing; name the idea that is in it` });
      if (!KEBAB.test(basename(path))) problems.push({ path, line: 0, message: 'file names are kebab-case' });
      const module = repo.module(path);
      walk(module.program, (node) => {
        if (node.type !== 'TSInterfaceDeclaration' || !/^I(?!Pv\d)[A-Z][a-z]/.test(node['id'].name)) return;
        problems.push({
          path,
          line: module.lineOf(node.start),
          message: `interface ${node['id'].name}: leave out the I`,
        });
      });
      return problems;
    }),
};
