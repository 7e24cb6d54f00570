import { expect, test } from 'vitest';
import { GroupId, type SnapshotStore } from '../storage/types.ts';
import { takeSnapshot } from './snapshot-taking.ts';
import type { StateMachine } from './types.ts';

const mark = { index: 1, term: 1, configuration: { voters: [], learners: [], outgoing: [], learnersNext: [] } };

test('others have their turn whenever the machine says that the next chunk takes longer', async () => {
  const trace: string[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const byte of [undefined, 1, undefined, undefined, 2]) {
      trace.push('look');
      yield byte === undefined ? new Uint8Array(0) : Uint8Array.of(byte);
    }
  }
  const store: Pick<SnapshotStore, 'create'> = {
    create: async () => ({
      write: async (chunk) => void trace.push(`write ${chunk.join()}`),
      commit: async () => void trace.push('commit'),
      abort: async () => void trace.push('abort'),
    }),
  };
  const sizeBytes = await takeSnapshot(GroupId.of(0), mark, {
    machine: { snapshot: chunks } as unknown as StateMachine,
    snapshots: store as SnapshotStore,
    tasks: {
      defer: (fn) =>
        void setImmediate(() => {
          trace.push('turn');
          fn();
        }),
    },
    stopped: () => false,
  });
  expect(sizeBytes).toBe(2);
  expect(trace).toEqual([
    ...['look', 'turn', 'look', 'write 1', 'look', 'turn', 'look', 'turn', 'look', 'write 2'],
    'commit',
  ]);
});
