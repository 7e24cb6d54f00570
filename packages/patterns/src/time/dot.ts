/**
 * A dot names one write for all time: the n-th of an actor (Almeida, Baquero, Gonçalves, Preguiça, Fonte, "Scalable and Accurate
 * Causality Tracking for Eventually Consistent Stores", DAIS 2014).
 *
 * An actor is a node *and an epoch*. A node that has lost its disk, or was restored from a backup, may not know its last counter; were it to
 * go on counting as the same actor it would give a dot twice, and merges would take the newer write for one already seen and
 * drop it, silently. With a fresh epoch it is another actor, and nothing is lost. `DotSource` says when an epoch must be fresh.
 */
import { assert, type Brand } from '../base/index.ts';

/** `node~epoch`. Orders as a string does. */
export type ActorId = Brand<string, 'ActorId'>;

const SEPARATOR = '~';

export const ActorId: {
  /** `node` is any text; `epoch` a safe integer ≥ 0, never reused by that node. */
  of(node: string, epoch: number): ActorId;
  node(actor: ActorId): string;
  epoch(actor: ActorId): number;
} = {
  of: (node, epoch) => {
    assert(Number.isSafeInteger(epoch) && epoch >= 0, 'an epoch must be a safe integer that is not negative');
    return `${node}${SEPARATOR}${epoch}` as ActorId;
  },
  node: (actor) => actor.slice(0, actor.lastIndexOf(SEPARATOR)),
  epoch: (actor) => Number(actor.slice(actor.lastIndexOf(SEPARATOR) + 1)),
};

/** The `counter`-th write of `actor`, from 1. */
export interface Dot {
  readonly actor: string;
  readonly counter: number;
}
