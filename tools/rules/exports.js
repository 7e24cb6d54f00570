import { isPackageCode } from '../layout.js';

/** @import { Node, Rule } from '../types.ts' */

/** What a package offers is written out by name, and needs no more of TypeScript than types. @type {Rule} */
export const exportsByName = {
  name: 'exports',
  check: (repo) =>
    repo.paths.filter(isPackageCode).flatMap((path) => {
      const module = repo.module(path);
      const isIndex = path.endsWith('/index.ts');
      return module.program['body'].flatMap((/** @type {Node} */ node) => {
        const message = wrongStatement(node) ?? (isIndex ? wrongInIndex(node) : undefined);
        return message === undefined ? [] : [{ path, line: module.lineOf(node.start), message }];
      });
    }),
};

/** @param {Node} statement */
function wrongStatement(statement) {
  const node = statement['declaration'] ?? statement;
  if (statement.type === 'ExportAllDeclaration') return 'export * hides what is offered; name each export';
  if (statement.type === 'ExportDefaultDeclaration' || exportsDefault(statement))
    return 'default export; give it its name';
  if (statement.type === 'TSExportAssignment') return 'export = is not for ESM; use a named export';
  if (node.type === 'TSEnumDeclaration') return `enum ${node.id.name}; use a union of strings, or a const object`;
  if (node.type === 'TSModuleDeclaration' && node.id.type === 'Identifier')
    return `namespace ${node.id.name}; use a module`;
  return undefined;
}

/** @param {Node} statement */
const exportsDefault = (statement) =>
  statement.type === 'ExportNamedDeclaration' &&
  statement['specifiers'].some((/** @type {Node} */ specifier) => specifier['exported'].name === 'default');

/** @param {Node} node */
function wrongInIndex(node) {
  const isReexport = node.type === 'ExportNamedDeclaration' && node['source'] !== null && node['declaration'] == null;
  return isReexport
    ? undefined
    : 'an index.ts only names its exports (export { … } from …); move this into a file of its own';
}
