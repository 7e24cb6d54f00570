import type { DiskError } from '@quorate/env';
import type { DiskOperationKind } from './faults.ts';
import type { DiskMount } from './mount.ts';
import type { DiskOperation, DiskRequest } from './operation.ts';
import type { SimDisk } from './sim-disk.ts';

/** A request with the promise that waits for it. */
export class Queued implements DiskOperation {
  readonly mount: DiskMount;
  readonly request: DiskRequest<unknown>;
  readonly #disk: SimDisk;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #value: unknown;
  #error: unknown;

  constructor(
    disk: SimDisk,
    mount: DiskMount,
    request: DiskRequest<unknown>,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#disk = disk;
    this.mount = mount;
    this.request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get kind(): DiskOperationKind {
    return this.request.kind;
  }

  get path(): string {
    return this.request.path;
  }

  get sizeBytes(): number {
    return this.request.sizeBytes;
  }

  get chunks(): readonly Uint8Array[] | undefined {
    return this.request.chunks;
  }

  perform(): void {
    this.#disk.perform(this);
  }

  /** Does it to the volume. The caller hears of it by `settle`. */
  carryOut(): void {
    try {
      this.#value = this.request.run();
    } catch (error) {
      this.#error = error;
    }
  }

  fail(error: DiskError): void {
    this.carryOutUnheard(this.request.fail);
    this.#error = error;
  }

  /** Does it to the volume, and nobody will hear whether it went well. */
  carryOutUnheard(run: (() => unknown) | undefined = this.request.run): void {
    try {
      run?.call(this.request);
    } catch {
      // The process that asked is gone, or hears of an injected fault instead.
    }
  }

  settle(): void {
    if (this.#error !== undefined) this.#reject(this.#error);
    else if (this.request.next !== undefined) {
      this.#disk.enqueue(this.mount, this.request.next, this.#resolve, this.#reject);
    } else this.#resolve(this.#value);
  }
}
