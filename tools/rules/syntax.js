import { isSource } from '../layout.js';

/** @import { Rule } from '../types.ts' */

/** Every source file can be parsed: what the other rules see depends on it. @type {Rule} */
export const syntax = {
  name: 'syntax',
  check: (repo) =>
    repo.paths.filter(isSource).flatMap((path) => {
      try {
        repo.module(path);
        return [];
      } catch (error) {
        return [{ path, line: 0, message: error instanceof Error ? error.message : String(error) }];
      }
    }),
};
