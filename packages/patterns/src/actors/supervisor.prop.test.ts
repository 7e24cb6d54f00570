import { expect, test } from 'vitest';
import { assert, Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { type ChildSpec, type Strategy, Supervisor, type SupervisorEffect, type SupervisorInput } from './index.ts';

interface Run {
  readonly child: string;
  readonly generation: number;
  phase: 'starting' | 'up' | 'asked';
}

/** Children that start, fail, dawdle and exit at random, and what may never be seen of their supervisor. */
class Nursery {
  readonly #random: () => number;
  readonly #specs: readonly ChildSpec[];
  readonly #strategy: Strategy;
  readonly supervisor: Supervisor;
  /** What is alive, by child: one run at most. */
  readonly alive = new Map<string, Run>();
  /** Children that will not come back by themselves. */
  readonly #gone = new Set<string>();
  now = 0;
  down: string | undefined;
  isUp = false;
  starts = 0;

  constructor(seed: number, strategy: Strategy) {
    this.#random = seeded(seed);
    this.#strategy = strategy;
    this.#specs = [...'abcd'].map((id) => ({
      id,
      restart: (['permanent', 'permanent', 'transient', 'temporary'] as const)[randomBelow(this.#random, 4)]!,
      stop: this.#random() < 0.8 ? { kind: 'ask', timeoutMs: 20 } : { kind: 'wait' },
    }));
    this.supervisor = new Supervisor({
      strategy,
      children: this.#specs,
      intensity: { restartsMax: 3, withinMs: 50 },
      random: this.#random,
      ...(this.#random() < 0.5 ? { backoff: { baseMs: 5, capMs: 40 } } : {}),
    });
    this.step({ kind: 'start' });
  }

  step(input: SupervisorInput): void {
    const out: SupervisorEffect[] = [];
    this.supervisor.step(input, Instant.of(this.now), out);
    for (const effect of out) this.#carry(effect);
    const deadline = this.supervisor.deadline ?? Number.POSITIVE_INFINITY;
    assert(deadline > this.now, `what is due at ${deadline} must have been done at ${this.now}`);
  }

  #carry(effect: SupervisorEffect): void {
    assert(this.down === undefined, 'nothing comes out after the end');
    if (effect.kind === 'up') this.isUp = true;
    else if (effect.kind === 'down') {
      assert(this.alive.size === 0, 'nobody lives when it is down');
      this.down = effect.reason;
    } else if (effect.kind === 'start') this.#start(effect);
    else if (effect.kind === 'stop' || effect.kind === 'kill') this.#stop(effect);
    else if (effect.kind === 'ended') this.#gone.add(effect.child);
  }

  get #isOneByOne(): boolean {
    return this.#strategy !== 'one-for-one' || !this.isUp || this.supervisor.phase === 'ending';
  }

  #start({ child, generation }: { child: string; generation: number }): void {
    assert(!this.alive.has(child), `two runs of ${child} at once`);
    assert(this.supervisor.phase !== 'ending', 'nothing is started at the end');
    this.#gone.delete(child);
    if (this.#isOneByOne)
      for (const { id } of this.#specs.slice(0, this.#at(child)))
        assert(this.#gone.has(id) || this.alive.get(id)?.phase === 'up', `${child} was started before ${id} was up`);
    this.starts += 1;
    this.alive.set(child, { child, generation, phase: 'starting' });
  }

  #stop({ child, generation }: { child: string; generation: number }): void {
    const run = this.alive.get(child);
    assert(run?.generation === generation, `only a run that lives is stopped: ${child}`);
    if (this.#isOneByOne)
      for (const { id } of this.#specs.slice(this.#at(child) + 1))
        assert(!this.alive.has(id), `${child} was stopped before ${id} had ended`);
    run.phase = 'asked';
  }

  #at(child: string): number {
    return this.#specs.findIndex(({ id }) => id === child);
  }

  act(failing: number): void {
    this.now += randomBelow(this.#random, 12);
    this.step({ kind: 'tick' });
    const runs = [...this.alive.values()];
    const run = runs[randomBelow(this.#random, runs.length || 1)];
    if (run === undefined) return;
    const { child, generation, phase } = run;
    if (phase === 'starting' && this.#random() > failing) {
      run.phase = 'up';
      this.step({ kind: 'started', child, generation });
    } else if (phase === 'starting') this.#end(run, () => this.step({ kind: 'start-failed', child, generation }));
    else if (phase === 'asked') this.#end(run, () => this.step({ kind: 'exited', child, generation, how: 'shutdown' }));
    else if (this.#random() < failing) {
      const how = (['normal', 'shutdown', 'error'] as const)[randomBelow(this.#random, 3)]!;
      this.#end(run, () => this.step({ kind: 'exited', child, generation, how }));
    }
  }

  #end(run: Run, tell: () => void): void {
    this.alive.delete(run.child);
    tell();
  }
}

for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const)
  test(`${strategy}: never two runs of a child, always in order, nobody left behind, and all up again when nothing fails`, () => {
    let ended = 0;
    let starts = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const nursery = new Nursery(seed, strategy);
      for (let i = 0; i < 80; i++) nursery.act(0.15);
      for (let i = 0; i < 400 && nursery.down === undefined; i++) nursery.act(0);
      starts += nursery.starts;
      if (nursery.down !== undefined) {
        ended += 1;
        continue;
      }
      const states = nursery.supervisor.children.map(({ id, state }) => ({ id, state }));
      for (const { id, state } of states) assert((state === 'up') === nursery.alive.has(id), `${id} is ${state}`);
      expect(nursery.supervisor.phase).toBe('running');
      nursery.step({ kind: 'stop' });
      for (let i = 0; i < 400 && nursery.down === undefined; i++) nursery.act(0);
      expect(nursery.down).toBe('stopped');
    }
    expect(ended).toBeGreaterThan(30);
    expect(starts).toBeGreaterThan(1_500);
  });
