/**
 * A dumb oracle of linearizability for one register of text: tries every order. Herlihy, Wing, "Linearizability", TOPLAS 1990. An operation that did
 * not end may have happened or not; one that ended as not applied must not have.
 */
export type Operation =
  /** The register's text, then `token`. */
  { readonly kind: 'append'; readonly token: string } | { readonly kind: 'delete' } | { readonly kind: 'read' };

export interface Ended {
  readonly op: string;
  readonly operation: Operation;
  /** What the register was said to hold afterwards; absent while the operation has not ended, or ended as unknown. */
  readonly result?: { readonly value: string | undefined } | 'not-applied';
  /** Operations that had ended before this one began. */
  readonly after: readonly string[];
}

/** An order of the operations that explains every result, or nothing. Exponential. */
export function linearization(history: readonly Ended[], initially?: string): string[] | undefined {
  const possible = history.filter(({ result }) => result !== 'not-applied');
  const failed = new Set<string>();
  const extend = (done: readonly Ended[], value: string | undefined): string[] | undefined => {
    if (possible.every((each) => each.result === undefined || done.includes(each))) return done.map(({ op }) => op);
    const key = `${done
      .map(({ op }) => op)
      .sort()
      .join()}=${value}`;
    if (failed.has(key)) return undefined;
    for (const next of possible) {
      if (done.includes(next)) continue;
      const early = possible.some(
        (each) => each.result !== undefined && next.after.includes(each.op) && !done.includes(each),
      );
      if (early) continue;
      const held = apply(next.operation, value);
      if (next.result !== undefined && next.result !== 'not-applied' && next.result.value !== held) continue;
      const found = extend([...done, next], held);
      if (found !== undefined) return found;
    }
    failed.add(key);
    return undefined;
  };
  return extend([], initially);
}

export function apply(operation: Operation, value: string | undefined): string | undefined {
  switch (operation.kind) {
    case 'append':
      return (value ?? '') + operation.token;
    case 'delete':
      return undefined;
    case 'read':
      return value;
  }
}
