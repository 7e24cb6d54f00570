import { type CrashVariant, type PendingOperation, replayTorn } from './crash.ts';
import { DirectoryImage, type Node, replayNames } from './directory-image.ts';
import type { FileImage } from './file-image.ts';

/** Builds the tree that is found after a crash. */
export class Survivors {
  readonly #names = new Map<DirectoryImage, Map<string, Node>>();
  readonly #made = new Map<Node, Node>();
  readonly #fates: { operation: PendingOperation; outcome: CrashVariant['outcomes'][number] }[];

  constructor(pending: readonly PendingOperation[], variant: CrashVariant) {
    this.#fates = pending.map((operation, i) => ({ operation, outcome: variant.outcomes[i]! }));
    for (const { operation, outcome } of this.#fates) {
      if (operation.kind === 'names' && outcome === 'kept') replayNames(operation.change, (dir) => this.#namesOf(dir));
    }
  }

  directory(before: DirectoryImage): DirectoryImage {
    const after = new DirectoryImage(before.id);
    this.#made.set(before, after);
    for (const [name, node] of this.#namesOf(before)) {
      const survivor = this.#made.get(node) ?? (node.kind === 'directory' ? this.directory(node) : this.#file(node));
      after.live.set(name, survivor);
      after.durable.set(name, survivor);
    }
    return after;
  }

  #file(before: FileImage): FileImage {
    const after = before.afterCrash((onto) => {
      for (const { operation, outcome } of this.#fates) {
        if (operation.kind === 'names' || operation.file !== before || outcome === 'lost') continue;
        if (operation.kind === 'truncate') onto.resize(operation.change.sizeBytes);
        else if (outcome === 'kept') onto.set(before.bytesOf(operation.change), operation.change.position);
        else replayTorn(onto, operation.change, before.bytesOf(operation.change), outcome);
      }
    });
    this.#made.set(before, after);
    return after;
  }

  #namesOf(directory: DirectoryImage): Map<string, Node> {
    let names = this.#names.get(directory);
    if (names === undefined) {
      names = new Map(directory.durable);
      this.#names.set(directory, names);
    }
    return names;
  }
}
