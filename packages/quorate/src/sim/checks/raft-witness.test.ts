import type { RaftKernel } from '@quorate/cluster/raft';
import { Instant } from '@quorate/patterns/base';
import {
  type Configuration,
  type Entry,
  NodeId,
  type RaftEffect,
  type RaftRestart,
} from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import { HandMade } from './hand-made.fixture.ts';
import { RaftWitness } from './raft-witness.ts';

const TRIO: Configuration = { voters: [1, 2, 3].map(NodeId.of), outgoing: [], learners: [], learnersNext: [] };
const MARK = { index: 0, term: 0, configuration: TRIO };
const FRESH: RaftRestart = {
  state: { term: 0, vote: undefined },
  mark: MARK,
  entries: [],
  applied: 0,
  damaged: false,
};
const NOW = Instant.of(0);

const entry = (index: number, term: number, data = term): Entry => ({
  kind: 'data',
  index,
  term,
  data: Uint8Array.of(data),
});

/** Does what it is told, right or wrong. */
class Puppet {
  readonly #kernel: RaftKernel;
  readonly #effects: RaftEffect[] = [];
  readonly #status: { readonly configuration: Configuration; term: number };
  #ticket = 0;

  constructor(witness: RaftWitness, id: number, restart: RaftRestart = FRESH) {
    this.#status = { configuration: restart.mark.configuration, term: 1 };
    const puppet = {
      deadline: undefined,
      status: this.#status,
      step: (_input: unknown, _now: unknown, out: RaftEffect[]) => out.push(...this.#effects.splice(0)),
    };
    this.#kernel = witness.watch(`n${id}`, NodeId.of(id), restart, puppet as unknown as RaftKernel);
  }

  does(...effects: readonly RaftEffect[]): void {
    this.#effects.push(...effects);
    this.#kernel.step({ kind: 'tick' }, NOW, []);
  }

  writes(...entries: readonly Entry[]): void {
    this.#ticket += 1;
    this.does({ kind: 'persist', ticket: this.#ticket, state: undefined, entries });
  }

  syncs(): void {
    this.#kernel.step({ kind: 'persisted', ticket: this.#ticket }, NOW, []);
  }

  stores(...entries: readonly Entry[]): void {
    this.writes(...entries);
    this.syncs();
  }

  commits(...entries: readonly Entry[]): void {
    this.does({ kind: 'commit', entries });
  }

  leads(term: number): void {
    this.#status.term = term;
    this.does({ kind: 'role', role: 'leader', term, leader: undefined });
  }

  follows(term: number): void {
    this.#status.term = term;
  }

  installs(index: number, term: number): void {
    this.#ticket += 1;
    const mark = { index, term, configuration: TRIO };
    this.does({ kind: 'restore', ticket: this.#ticket, state: undefined, mark });
  }
}

interface Trio {
  readonly history: HandMade;
  readonly witness: RaftWitness;
  readonly marks: string[];
  readonly a: Puppet;
  readonly b: Puppet;
  readonly c: Puppet;
}

function trio(): Trio {
  const history = new HandMade();
  const marks: string[] = [];
  const witness = new RaftWitness(history.violations, { committed: () => {}, mark: (name) => void marks.push(name) });
  const [a, b, c] = [1, 2, 3].map((id) => new Puppet(witness, id)) as [Puppet, Puppet, Puppet];
  return { history, witness, marks, a, b, c };
}

describe('election safety', () => {
  test('holds when each term has one leader', () => {
    const { history, a, b } = trio();
    a.leads(1);
    b.leads(2);
    a.leads(3);
    expect(history.found).toEqual([]);
  });

  test('is broken by two leaders of a term', () => {
    const { history, a, b } = trio();
    a.leads(1);
    b.leads(1);
    expect(history.found).toEqual(['election-safety']);
  });
});

describe('log matching', () => {
  test('holds when entries of the same index and term are the same', () => {
    const { history, a, b } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1), entry(2, 1));
    a.stores(entry(3, 1));
    b.stores(entry(3, 2));
    expect(history.found).toEqual([]);
  });

  test('is broken by another content', () => {
    const { history, a, b } = trio();
    a.stores(entry(1, 1, 7));
    b.stores(entry(1, 1, 8));
    expect(history.found).toEqual(['log-matching']);
  });

  test('is broken by bytes that changed on their way, also if they changed for all who had them', () => {
    const { history, a, b } = trio();
    const shared = Uint8Array.of(7);
    a.stores({ kind: 'data', index: 1, term: 1, data: shared });
    shared[0] = 8;
    b.stores({ kind: 'data', index: 1, term: 1, data: shared });
    expect(history.found).toEqual(['log-matching']);
  });

  test('is broken by another entry before it', () => {
    const { history, a, b } = trio();
    a.stores(entry(1, 1), entry(2, 3));
    b.stores(entry(1, 2), entry(2, 3));
    expect(history.found).toEqual(['log-matching']);
  });
});

describe('leader completeness', () => {
  /** Entry 1 is committed by a and b. */
  function committed(): Trio {
    const nodes = trio();
    for (const node of [nodes.a, nodes.b]) node.stores(entry(1, 1));
    nodes.a.commits(entry(1, 1));
    return nodes;
  }

  test('holds when a later leader has what is committed', () => {
    const { history, b } = committed();
    b.leads(2);
    expect(history.found).toEqual([]);
  });

  test('holds when it has it in a snapshot', () => {
    const { history, c } = committed();
    c.installs(1, 1);
    c.syncs();
    c.leads(2);
    expect(history.found).toEqual([]);
  });

  test('is not asked of the leader of an earlier term than that in which it was committed', () => {
    const { history, a, b, c } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1));
    a.leads(4);
    a.commits(entry(1, 1));
    c.leads(3);
    expect(history.found).toEqual([]);
    c.leads(5);
    expect(history.found).toEqual(['leader-completeness']);
  });

  test('is broken by one that lacks it', () => {
    const { history, c } = committed();
    c.leads(2);
    expect(history.found).toEqual(['leader-completeness']);
  });

  test.each<[string, (nodes: Trio) => Puppet]>([
    [
      'truncated it',
      ({ b }) => {
        b.stores(entry(1, 3));
        return b;
      },
    ],
    ['lost it in a restart', ({ witness }) => new Puppet(witness, 2)],
    [
      'was set back by a snapshot',
      ({ b }) => {
        b.installs(0, 0);
        return b;
      },
    ],
  ])('is broken by one that had it when it led before, and %s', (_, lose) => {
    const nodes = committed();
    nodes.b.leads(2);
    expect(nodes.history.found).toEqual([]);
    lose(nodes).leads(4);
    expect(nodes.history.found).toContain('leader-completeness');
  });
});

describe('state-machine safety', () => {
  test('holds when all commit the same in order', () => {
    const { history, witness, a, b } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1), entry(2, 1));
    a.commits(entry(1, 1), entry(2, 1));
    b.commits(entry(1, 1));
    expect(history.found).toEqual([]);
    expect(witness.commitIndex).toBe(2);
  });

  test('is broken by another entry at a committed index', () => {
    const { history, a, b, c } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1));
    a.commits(entry(1, 1));
    c.stores(entry(1, 2));
    c.commits(entry(1, 2));
    expect(history.found).toEqual(['state-machine-safety']);
  });

  test('is broken by a gap', () => {
    const { history, a, b } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1), entry(2, 1));
    a.commits(entry(2, 1));
    expect(history.found).toEqual(['state-machine-safety']);
  });
});

describe('what is committed', () => {
  test('is on the disks of a majority', () => {
    const { history, a, b } = trio();
    a.writes(entry(1, 1));
    b.writes(entry(1, 1));
    b.syncs();
    a.commits(entry(1, 1));
    expect(history.found).toEqual(['durable-on-quorum', 'commit-is-safe']);
  });

  test('may be on any majority, whoever leads', () => {
    const { history, a, b, c } = trio();
    a.writes(entry(1, 1));
    b.stores(entry(1, 1));
    c.stores(entry(1, 1));
    a.commits(entry(1, 1));
    expect(history.found).toEqual([]);
  });

  test('is on the disks of both majorities while the members change', () => {
    const { history, a, b } = trio();
    const joint = { voters: [1, 2].map(NodeId.of), outgoing: [1, 3, 4].map(NodeId.of), learners: [], learnersNext: [] };
    for (const node of [a, b]) node.stores(entry(1, 1));
    a.does({ kind: 'configuration', configuration: joint, committed: false });
    a.commits(entry(1, 1));
    expect(history.found).toContain('durable-on-quorum');
  });

  test('is not truncated', () => {
    const { history, a, b } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1), entry(2, 1));
    a.commits(entry(1, 1), entry(2, 1));
    b.stores(entry(2, 2));
    expect(history.found).toEqual(['committed-stays']);
  });

  test('may be truncated by one who still follows a leader of an earlier term, elected by votes that were long on their way', () => {
    const { history, a, b, c } = trio();
    for (const node of [a, b, c]) node.stores(entry(1, 1), entry(2, 1));
    a.leads(3);
    a.commits(entry(1, 1), entry(2, 1));
    // Of term 2, as far as it knows; what makes the two entries committed is on the disks of the others.
    b.follows(2);
    b.stores(entry(2, 2));
    expect(history.found).toEqual([]);
    c.follows(3);
    c.stores(entry(2, 2));
    expect(history.found).toEqual(['committed-stays']);
  });

  test('may be written again as it is', () => {
    const { history, a, b } = trio();
    for (const node of [a, b]) node.stores(entry(1, 1), entry(2, 1));
    a.commits(entry(1, 1));
    b.stores(entry(1, 1), entry(2, 1));
    expect(history.found).toEqual([]);
  });

  test('cannot be outvoted by a candidate that lacks it (section 5.4.2, figure 8)', () => {
    const { history, a, b, c } = trio();
    // c has an entry of term 3; a counts copies of one of term 2, and could be overruled by c.
    a.stores(entry(1, 1), entry(2, 2));
    b.stores(entry(1, 1), entry(2, 2));
    c.stores(entry(1, 1), entry(2, 3));
    a.commits(entry(1, 1), entry(2, 2));
    expect(history.found).toEqual(['commit-is-safe']);
  });

  test('is safe once an entry of the present term follows it on a majority', () => {
    const { history, a, b, c } = trio();
    a.stores(entry(1, 1), entry(2, 2), entry(3, 4));
    b.stores(entry(1, 1), entry(2, 2), entry(3, 4));
    c.stores(entry(1, 1), entry(2, 3));
    a.commits(entry(1, 1), entry(2, 2), entry(3, 4));
    expect(history.found).toEqual([]);
  });

  test('says who the members are', () => {
    const { witness, a, b } = trio();
    const configuration = { ...TRIO, learners: [NodeId.of(4)] };
    const change: Entry = { kind: 'configuration', index: 1, term: 1, configuration };
    for (const node of [a, b]) node.stores(change);
    expect(witness.configuration).toBeUndefined();
    a.commits(change);
    expect(witness.configuration).toEqual(configuration);
  });
});

test('a restart takes away what was not synced', () => {
  const { history, witness, a, c } = trio();
  a.stores(entry(1, 1));
  c.writes(entry(1, 1));
  new Puppet(witness, 3);
  a.commits(entry(1, 1));
  expect(history.found).toContain('durable-on-quorum');
});
