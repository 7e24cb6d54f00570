/** V8's own knob; other engines have none, and ignore it. */
const stacks = Error as { stackTraceLimit?: number };

/**
 * Makes an error that carries no stack: for refusals, which are answers, and may come thousands of times a second. Walking the stack
 * costs more than all the rest of saying no, and shows only who carried the answer. `create` must not run other code.
 */
export function withoutStack<E extends Error>(create: () => E): E {
  const limit = stacks.stackTraceLimit;
  if (limit === undefined) return create();
  stacks.stackTraceLimit = 0;
  try {
    return create();
  } finally {
    stacks.stackTraceLimit = limit;
  }
}
