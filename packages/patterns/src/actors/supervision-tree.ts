/**
 * Supervisors whose children are supervisors: one kernel for the whole tree. What fails is dealt with as near to the leaves as it can be; a supervisor
 * that gives up is a failure for the one above it, and one that is restarted begins with fresh counts. Only leaves come out; they are named by their
 * path, `root/database/pool`. Started depth first in order, stopped in exactly the opposite order.
 *
 * Pure. O(depth · children) per input.
 */
import { assert, Instant } from '../base/index.ts';
import type {
  ChildNews,
  ChildSpec,
  DownReason,
  SupervisorEffect,
  SupervisorInput,
  SupervisorOptions,
} from './supervision-types.ts';
import { Supervisor } from './supervisor.ts';

/** A leaf, or a supervisor when it has `supervises`. A supervisor is always waited for when it is stopped: its leaves have their own time limits. */
export interface TreeSpec extends ChildSpec {
  readonly supervises?: Omit<SupervisorOptions, 'children' | 'random'> & { readonly children: readonly TreeSpec[] };
}

export type TreeInput =
  | { readonly kind: 'start' | 'stop' | 'tick' }
  | (ChildNews & { readonly path: string; readonly generation: number });

/** As of a supervisor, of leaves only. `up` and `down` are the root's. */
export type TreeEffect =
  | {
      readonly kind: 'start' | 'stop' | 'kill' | 'resume';
      readonly path: string;
      /** Never used twice for one path. */
      readonly generation: number;
    }
  | { readonly kind: 'ended'; readonly path: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly reason: DownReason };

interface Branch {
  readonly path: string;
  readonly specs: ReadonlyMap<string, TreeSpec>;
  readonly supervisor: Supervisor;
  /** No other run of any supervisor of the tree has it. */
  readonly run: number;
  /** As a child of its parent. */
  readonly generation: number;
  readonly parent: Branch | undefined;
}

/** Generations of a leaf are the run of its supervisor and its own generation in it, in one number. */
const GENERATIONS_MAX = 2 ** 26;

export class SupervisionTree {
  readonly #root: TreeSpec;
  readonly #random: () => number;
  /** The supervisors that run, by path. */
  readonly #branches = new Map<string, Branch>();
  /** What the supervisors have yet to hear: none is called within a call of another. */
  readonly #pending: [Branch, SupervisorInput][] = [];
  #runs = 0;

  /** `random` is for jitter, if any supervisor has a back-off. */
  constructor(root: TreeSpec, random: () => number = () => 0) {
    assert(root.supervises !== undefined, 'the root of a tree must be a supervisor');
    this.#root = root;
    this.#random = random;
    checkIds(root);
  }

  get deadline(): Instant | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { supervisor } of this.#branches.values())
      earliest = Math.min(earliest, supervisor.deadline ?? Number.POSITIVE_INFINITY);
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(input: TreeInput, now: Instant, out: TreeEffect[]): void {
    const root = this.#branches.get(this.#root.id);
    switch (input.kind) {
      case 'start':
        assert(this.#runs === 0, 'a tree is started once');
        this.#grow(this.#root, this.#root.id, 0, undefined);
        break;
      case 'stop':
        if (root !== undefined) this.#pending.push([root, { kind: 'stop' }]);
        break;
      case 'tick':
        for (const branch of this.#branches.values())
          if ((branch.supervisor.deadline ?? Number.POSITIVE_INFINITY) <= now)
            this.#pending.push([branch, { kind: 'tick' }]);
        break;
      default:
        this.#hear(input);
    }
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift())
      this.#feed(next[0], next[1], now, out);
  }

  #hear(input: ChildNews & { readonly path: string; readonly generation: number }): void {
    const { path, generation, ...news } = input;
    const cut = path.lastIndexOf('/');
    const branch = this.#branches.get(path.slice(0, cut));
    // Else it is news of a leaf whose supervisor's run is over.
    if (branch?.run === Math.floor(generation / GENERATIONS_MAX))
      this.#pending.push([branch, { ...news, child: path.slice(cut + 1), generation: generation % GENERATIONS_MAX }]);
  }

  #grow(spec: TreeSpec, path: string, generation: number, parent: Branch | undefined): void {
    const { children, ...options } = spec.supervises!;
    const supervisor = new Supervisor({
      ...options,
      random: this.#random,
      children: children.map((child): ChildSpec => {
        return child.supervises === undefined ? child : { ...child, stop: { kind: 'wait' } };
      }),
    });
    const specs = new Map(children.map((child) => [child.id, child]));
    this.#runs += 1;
    const branch: Branch = { path, specs, supervisor, run: this.#runs, generation, parent };
    this.#branches.set(path, branch);
    this.#pending.push([branch, { kind: 'start' }]);
  }

  #feed(branch: Branch, input: SupervisorInput, now: Instant, out: TreeEffect[]): void {
    const effects: SupervisorEffect[] = [];
    branch.supervisor.step(input, now, effects);
    for (const effect of effects)
      if (effect.kind === 'up' || effect.kind === 'down') this.#report(branch, effect, out);
      else this.#carry(branch, effect, out);
  }

  #carry(branch: Branch, effect: Exclude<SupervisorEffect, { kind: 'up' | 'down' }>, out: TreeEffect[]): void {
    const path = `${branch.path}/${effect.child}`;
    if (effect.kind === 'ended' || effect.kind === 'not-added') return void out.push({ kind: 'ended', path });
    const spec = branch.specs.get(effect.child)!;
    if (spec.supervises === undefined) {
      assert(effect.generation < GENERATIONS_MAX, 'a supervisor starts its children fewer than 2^26 times');
      const generation = branch.run * GENERATIONS_MAX + effect.generation;
      out.push({ kind: effect.kind, path, generation });
      return;
    }
    if (effect.kind === 'start') return this.#grow(spec, path, effect.generation, branch);
    // One that has just gone down by itself has reported that, and is not there to be stopped.
    const child = this.#branches.get(path);
    if (child !== undefined) this.#pending.push([child, { kind: 'stop' }]);
  }

  #report(branch: Branch, effect: SupervisorEffect & { kind: 'up' | 'down' }, out: TreeEffect[]): void {
    const { parent, path, generation } = branch;
    if (effect.kind === 'down') this.#branches.delete(path);
    if (parent === undefined)
      return void out.push(effect.kind === 'up' ? effect : { kind: 'down', reason: effect.reason });
    const child = { child: path.slice(parent.path.length + 1), generation };
    if (effect.kind === 'up') this.#pending.push([parent, { kind: 'started', ...child }]);
    else if (effect.reason === 'start-failed') this.#pending.push([parent, { kind: 'start-failed', ...child }]);
    else
      this.#pending.push([
        parent,
        { kind: 'exited', how: effect.reason === 'stopped' ? 'shutdown' : 'error', ...child },
      ]);
  }
}

function checkIds(spec: TreeSpec): void {
  assert(!spec.id.includes('/'), `an id must not contain a slash: ${spec.id}`);
  for (const child of spec.supervises?.children ?? []) checkIds(child);
}
