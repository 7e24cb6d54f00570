/**
 * Linearizability of each key as a register with compare-and-set, by search: Wing and Gong, "Testing and Verifying Concurrent Objects"
 * (JPDC 1993), with Lowe's memory of configurations. Does not trust the log for what was answered, only for what became of writes that were
 * not: without that evidence the search would explode. A search that gives up is a failure of the check.
 */
import { checkHistory, ILLEGAL, type Model, type Operation, partitionByKey } from '@quorate/sim/check';
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';
import { describeOperation, type Recorded, type Touch } from '../workload/operation-log.ts';

const STEPS_MAX = 5_000_000;

interface Input extends Touch {
  readonly recorded: Recorded;
}
interface Output {
  readonly value: string | undefined;
  /** Of a write, when it is known. */
  readonly revision: number | undefined;
  /** The next smaller one of another write of the key. */
  readonly before: number;
  readonly succeeded: boolean;
}
interface State {
  readonly value: string | undefined;
  readonly revision: number;
}

const model: Model<Input, Output, State> = {
  name: 'key',
  initial: { value: undefined, revision: 0 },
  step(state, input, output) {
    if (input.kind === 'read') return output === undefined || output.value === state.value ? state : ILLEGAL;
    if (input.kind === 'compare-and-set') {
      const holds = input.expected === state.value;
      if (output !== undefined && output.succeeded !== holds) return ILLEGAL;
      if (!holds) return state;
    }
    const revision = output?.revision ?? state.revision;
    // A write between the two could not come any more. Seen at once: the search would find out only after it had tried all that may come before.
    const isPassedOver = output !== undefined && output.before > state.revision;
    return isPassedOver || revision < state.revision ? ILLEGAL : { value: input.value, revision };
  },
  identity: ({ value, revision }) => `${revision} ${value}`,
  isRead: ({ kind }, output) => kind === 'read' || (kind === 'compare-and-set' && output?.succeeded === false),
  partition: (operations) => partitionByKey(operations, ({ key }) => key),
  describeOperation: ({ recorded }) => describeOperation(recorded),
  describeState: ({ value, revision }) => `${value} at ${revision}`,
};

export function checkLinearizability(
  all: readonly Recorded[],
  reference: ReferenceStore,
  violations: Violations,
): void {
  const history = inOrder(all.flatMap((recorded) => operationsOf(recorded, reference)));
  const result = checkHistory(history, model, { stepsMax: STEPS_MAX });
  if (result.verdict === 'linearizable') return;
  if (result.verdict === 'unknown') {
    violations.report(
      'linearizability',
      `undecided after ${result.steps} steps: the check has failed, not the cluster`,
    );
    return;
  }
  const part = result.parts.find(({ verdict }) => verdict === 'illegal');
  violations.report('linearizability', `no order of the operations on ${part?.name} explains their answers`);
}

/** With what `before` says, which takes all operations to know. */
function inOrder(operations: readonly Operation<Input, Output>[]): Operation<Input, Output>[] {
  const revisions = new Map<string, number[]>();
  for (const { input, output } of operations) {
    if (input.kind === 'read' || output?.revision === undefined || !output.succeeded) continue;
    if (Number.isNaN(output.revision)) continue;
    const ofKey = revisions.get(input.key) ?? [];
    revisions.set(input.key, ofKey);
    ofKey.push(output.revision);
  }
  const before = new Map<string, number>();
  for (const [key, ofKey] of revisions) {
    const ascending = [...new Set(ofKey)].sort((a, b) => a - b);
    for (let i = 1; i < ascending.length; i++) before.set(`${ascending[i]} ${key}`, ascending[i - 1]!);
  }
  return operations.map((operation) => {
    const { input, output } = operation;
    if (output === undefined) return operation;
    return { ...operation, output: { ...output, before: before.get(`${output.revision} ${input.key}`) ?? 0 } };
  });
}

function operationsOf(recorded: Recorded, reference: ReferenceStore): Operation<Input, Output>[] {
  const { touches, mark, outcome, client, call } = recorded;
  const applied = mark === 0 ? undefined : reference.applied(mark);
  const isAnswered = outcome === 'answered';
  if (!isAnswered && (mark === 0 || applied?.answer === undefined)) return [];
  const answer = isAnswered ? recorded.answer : applied?.answer;
  const revision = /^revision (\d+): /.exec(answer ?? '')?.[1];
  const succeeded = answer?.includes(': false') !== true;
  return touches.map((touch, i) => ({
    client,
    input: { ...touch, recorded },
    output: {
      value: recorded.values[i],
      revision: touch.kind === 'read' ? undefined : Number(revision),
      before: 0,
      succeeded,
    },
    call,
    return: isAnswered ? recorded.return : Number.POSITIVE_INFINITY,
  }));
}
