/**
 * A directory's names, twice: as the running system sees them and as they would be found after the power failed. A
 * change of names is one object even when it touches two directories, so that a rename survives whole or not at all.
 */
import type { FileImage } from './file-image.ts';

export type Node = FileImage | DirectoryImage;

/** A creation has only `sets`, a removal only `removes`, a rename both. */
export interface NameChange {
  readonly kind: 'create' | 'make-directory' | 'rename' | 'remove';
  readonly sequence: number;
  readonly path: string;
  readonly sets: NameSlot | undefined;
  readonly removes: NameSlot | undefined;
}

export interface NameSlot {
  readonly directory: DirectoryImage;
  readonly name: string;
  readonly node: Node;
}

export class DirectoryImage {
  readonly kind = 'directory';
  readonly id: number;
  readonly live: Map<string, Node> = new Map();
  readonly durable: Map<string, Node> = new Map();
  #pending: NameChange[] = [];

  constructor(id: number) {
    this.id = id;
  }

  /** Oldest first. A rename is pending in the directory of its new name. */
  get pending(): readonly NameChange[] {
    return this.#pending;
  }

  static change(change: NameChange): void {
    (change.sets ?? change.removes)!.directory.#pending.push(change);
    if (change.removes !== undefined) change.removes.directory.live.delete(change.removes.name);
    if (change.sets !== undefined) change.sets.directory.live.set(change.sets.name, change.sets.node);
  }

  /**
   * Makes the changes of this directory's names up to and including `sequence` durable. A rename from elsewhere brings
   * what had happened there before it.
   */
  sync(sequence: number): void {
    for (let next = this.#pending[0]; next !== undefined && next.sequence <= sequence; next = this.#pending[0]) {
      this.#pending.shift();
      const from = next.removes?.directory;
      if (from !== undefined && from !== this) from.sync(next.sequence);
      replayNames(next, (directory) => directory.durable);
    }
  }
}

/** Carries a change out on whatever maps stand for the directories. A name that has since passed to another stays. */
export function replayNames(change: NameChange, namesOf: (directory: DirectoryImage) => Map<string, Node>): void {
  const { sets, removes } = change;
  if (removes !== undefined) {
    const names = namesOf(removes.directory);
    if (names.get(removes.name) === removes.node) names.delete(removes.name);
  }
  if (sets !== undefined) namesOf(sets.directory).set(sets.name, sets.node);
}
