import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Asked, TestCluster, type TestNode } from './cluster.fixture.ts';

type Act =
  | { readonly kind: 'propose'; readonly node: number; readonly count: number }
  | { readonly kind: 'crash' | 'restart' | 'read' | 'pause'; readonly node: number }
  | { readonly kind: 'cut'; readonly node: number; readonly other: number }
  | { readonly kind: 'transfer'; readonly node: number; readonly other: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'power' }
  /** How long that node's disk takes. */
  | { readonly kind: 'disk'; readonly node: number; readonly ms: number }
  | { readonly kind: 'run'; readonly ms: number };

const node = fc.integer({ min: 1, max: 3 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('propose' as const), node, count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('run' as const), ms: fc.constantFrom(0.1, 1, 3, 50, 700) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'restart' as const, 'pause' as const), node }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), node }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'transfer' as const), node, other: node }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'heal' as const }, { kind: 'power' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disk' as const), node, ms: fc.constantFrom(0.2, 3, 30) }) },
);

/** One run: what was asked of which life of which node, and what the reads saw. */
class Story {
  readonly cluster: TestCluster;
  readonly asked: { readonly text: string; readonly outcome: Asked; readonly node: TestNode; readonly life: number }[] =
    [];
  readonly failures: string[] = [];

  constructor(seed: number) {
    this.cluster = new TestCluster(3, seed);
    this.cluster.options = { snapshotEntries: 7, trailingEntries: 2 };
  }

  async act(step: Act): Promise<void> {
    const { world } = this.cluster;
    if (step.kind === 'run') return world.run(step.ms);
    if (step.kind === 'heal') return world.heal();
    if (step.kind === 'power') {
      for (const each of this.cluster.nodes) each.crash();
      for (const each of this.cluster.nodes) await each.start();
      return;
    }
    const subject = this.cluster.node(step.node);
    if (step.kind === 'disk') subject.disk.syncMs = step.ms;
    else if (step.kind === 'cut') world.cut(subject.virtual.name, `n${step.other}`);
    else if (step.kind === 'restart') await subject.restart();
    else if (!subject.up) return;
    else if (step.kind === 'crash') subject.crash();
    else if (step.kind === 'pause') subject.virtual.pausedUntil = world.now + 400;
    else if (step.kind === 'read') this.#read(subject);
    else if (step.kind === 'transfer')
      subject.group.transferLeadership(this.cluster.node(step.other).id).catch(() => {});
    else if (step.kind === 'propose') for (let i = 0; i < step.count; i++) this.#propose(subject);
  }

  #propose(subject: TestNode): void {
    const text = `${this.asked.length}`;
    this.asked.push({ text, outcome: subject.propose(text), node: subject, life: subject.virtual.life });
  }

  /** Whatever was acknowledged when the read began must be there when it is answered. */
  #read(subject: TestNode): void {
    const acknowledged = this.asked.filter((each) => each.outcome.outcome === 'applied').map((each) => each.text);
    const { machine } = subject;
    subject.group.readBarrier((error) => {
      if (error !== undefined) return;
      const missed = acknowledged.filter((text) => !machine.items.includes(text));
      if (missed.length > 0) this.failures.push(`a read on ${subject.id} missed ${missed}`);
    });
  }

  async end(): Promise<void> {
    const { cluster } = this;
    cluster.world.heal();
    for (const each of cluster.nodes) if (!each.up) await each.start();
    await cluster.leader();
    await cluster.world.run(3000);
    await cluster.converged();
    for (const each of cluster.nodes) expect(each.fatal).toBe(undefined);
    const [items] = cluster.nodes.map((each) => each.machine.items);
    for (const each of cluster.nodes) expect(each.machine.items).toEqual(items);
    expect(new Set(items).size).toBe(items!.length);
    for (const { text, outcome, node: subject, life } of this.asked) {
      if (outcome.outcome === 'applied') expect(items).toContain(text);
      if (outcome.outcome?.startsWith('refused')) expect(items).not.toContain(text);
      // Only a crash takes an answer away.
      if (subject.virtual.life === life) expect(outcome.outcome).toBeDefined();
    }
    expect(this.failures).toEqual([]);
  }
}

test('whatever happens, a proposal has one outcome, the outcome is true, reads are current, and all nodes agree in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1000), fc.array(act, { minLength: 10, maxLength: 60 }), async (seed, acts) => {
      const story = new Story(seed);
      await story.cluster.start();
      await story.cluster.leader();
      for (const step of acts) await story.act(step);
      await story.end();
    }),
    { numRuns: 60 },
  );
});
