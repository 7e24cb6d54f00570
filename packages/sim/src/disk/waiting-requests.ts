import type { DiskMount } from './mount.ts';
import { type AnyRequest, NOWHERE } from './request.ts';

/** Requests that have not been carried out: on their way to the device, stalled by a fault, or waiting for a step. */
export class WaitingRequests {
  stalled: AnyRequest[] = [];
  /** Of a stepped disk, oldest first. */
  readonly line: AnyRequest[] = [];
  /** Every request knows its slot, so that leaving costs nothing; the order is not that of arrival. */
  readonly #onTheWay: AnyRequest[] = [];

  depart(request: AnyRequest): void {
    request.slot = this.#onTheWay.length;
    this.#onTheWay.push(request);
  }

  arrive(request: AnyRequest): void {
    const { slot } = request;
    if (slot === NOWHERE) return;
    request.slot = NOWHERE;
    const last = this.#onTheWay.pop()!;
    if (last === request) return;
    this.#onTheWay[slot] = last;
    last.slot = slot;
  }

  all(): AnyRequest[] {
    return [...this.#onTheWay, ...this.stalled, ...this.line];
  }

  /** Forgets what that process, or everybody, has asked for. */
  forget(mount?: DiskMount): void {
    const stays = (request: AnyRequest): boolean => mount !== undefined && request.mount !== mount;
    for (const request of this.#onTheWay.filter((each) => !stays(each))) this.arrive(request);
    this.stalled = this.stalled.filter(stays);
    this.line.splice(0, this.line.length, ...this.line.filter(stays));
  }
}
