import type { Part } from './model.ts';
import type { Operation } from './operation.ts';

/** One part per key, for models whose operations touch one key each. Parts come in the order in which keys appear. */
export function partitionByKey<Input>(
  operations: readonly Operation<Input, unknown>[],
  keyOf: (input: Input) => string,
): readonly Part[] {
  const parts = new Map<string, number[]>();
  for (const [index, { input }] of operations.entries()) {
    const key = keyOf(input);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [index]);
    else part.push(index);
  }
  return [...parts].map(([name, indices]) => ({ name, operations: indices }));
}

/**
 * For operations that may touch several keys: keys that one operation touches together belong to one part. An operation without
 * keys is a part of its own.
 */
export function partitionByTouchedKeys<Input>(
  operations: readonly Operation<Input, unknown>[],
  keysOf: (input: Input) => readonly string[],
): readonly Part[] {
  const parents = new Map<string, string>();
  const rootOf = (key: string): string => {
    let root = key;
    for (let parent = parents.get(root) ?? root; parent !== root; parent = parents.get(root) ?? root) root = parent;
    parents.set(key, root);
    return root;
  };
  for (const { input } of operations) {
    const [first, ...others] = keysOf(input);
    for (const other of others) parents.set(rootOf(other), rootOf(first as string));
  }
  const names = new Map<string, Set<string>>();
  const parts = new Map<string, number[]>();
  for (const [index, { input }] of operations.entries()) {
    const keys = keysOf(input);
    const root = keys.length === 0 ? `\0${index}` : rootOf(keys[0] as string);
    const part = parts.get(root) ?? [];
    parts.set(root, part);
    part.push(index);
    const name = names.get(root) ?? new Set();
    names.set(root, name);
    for (const key of keys) name.add(key);
  }
  return [...parts].map(([root, indices]) => ({ name: [...(names.get(root) ?? [])].join(', '), operations: indices }));
}
