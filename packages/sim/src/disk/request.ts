import type { DiskError } from '@quorate/env';
import type { DiskOperationKind } from './faults.ts';
import type { DiskMount } from './mount.ts';
import type { DiskOperation } from './operation.ts';

/** Not among the operations on their way. */
export const NOWHERE = -1;

/** What a process has asked of its disk, with the promise that waits for it. Subclasses say what is done to the volume. */
export abstract class DiskRequest<T> implements DiskOperation {
  readonly mount: DiskMount;
  readonly kind: DiskOperationKind;
  readonly path: string;
  readonly sizeBytes: number;
  /** True when it can change what a crash leaves: these are the operations that are counted. */
  readonly mutates: boolean;
  /** Owned by `SimDisk`. */
  slot: number = NOWHERE;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #value: T | undefined;
  #error: unknown;

  constructor(mount: DiskMount, kind: DiskOperationKind, path: string, sizeBytes: number, mutates: boolean) {
    this.mount = mount;
    this.kind = kind;
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.mutates = mutates;
  }

  /** What a write carries. */
  get chunks(): readonly Uint8Array[] | undefined {
    return undefined;
  }

  /** Called when the request is handed over, before any delay. */
  begin(): void {}

  /** Returns the promise's value or throws a `DiskError`. */
  abstract run(): T;

  /** What happens to the volume when a fault has been drawn. */
  runFailing(): void {}

  /** A second request that carries on from this one under the same promise. */
  next(): DiskRequest<T> | undefined {
    return undefined;
  }

  submit(): Promise<T> {
    return new Promise((resolve, reject) => this.#enqueue(resolve, reject));
  }

  perform(): void {
    this.mount.disk.perform(this);
  }

  /** Does it to the volume. The caller hears of it by `settle`. */
  carryOut(): void {
    try {
      this.#value = this.run();
    } catch (error) {
      this.#error = error;
    }
  }

  fail(error: DiskError): void {
    try {
      this.runFailing();
    } catch {
      // The injected error is the one that is told.
    }
    this.#error = error;
  }

  /** Does it to the volume, for a process that is gone. */
  carryOutUnheard(): void {
    try {
      this.run();
    } catch {
      // There is nobody left to hear of it.
    }
  }

  settle(): void {
    if (this.#error !== undefined) {
      this.#reject!(this.#error);
      return;
    }
    const next = this.next();
    if (next === undefined) this.#resolve!(this.#value as T);
    else next.#enqueue(this.#resolve!, this.#reject!);
  }

  #enqueue(resolve: (value: T) => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
    if (!this.mount.isAlive) return;
    this.begin();
    this.mount.disk.enqueue(this);
  }
}

/** Any request, as the disk handles it. */
export type AnyRequest = Omit<DiskRequest<unknown>, 'run' | 'next' | 'submit'>;

/** For what happens too rarely to deserve a class of its own. */
export class ActionRequest<T> extends DiskRequest<T> {
  readonly #action: () => T;

  constructor(mount: DiskMount, kind: 'query' | 'names', path: string, action: () => T) {
    super(mount, kind, path, 0, kind === 'names');
    this.#action = action;
  }

  override run(): T {
    return this.#action();
  }
}

/** Makes the names in a directory durable, as they were when the sync began. */
export class SyncDirectoryRequest extends DiskRequest<void> {
  #upTo = 0;

  constructor(mount: DiskMount, path: string) {
    super(mount, 'sync', path, 0, true);
  }

  override begin(): void {
    this.#upTo = this.mount.disk.volume.sequence;
  }

  override run(): void {
    this.mount.disk.volume.syncDirectory(this.path, this.#upTo);
  }
}
