/**
 * Calls on their way to the cluster and back. What was on a connection that has ended, or was refused by a server that does not lead, is sent again
 * elsewhere until its deadline, as far as repeating it is safe.
 */
import type { Address } from '@quorate/env';
import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import { CoreError } from '../core/errors.ts';
import { isAboutLeader } from '../core/service/leader-calls.ts';
import { type Waiter, WaitingList, type WaitOptions } from '../core/service/waiting-list.ts';
import { WireError } from '../wire/index.ts';
import type { Call } from './call.ts';
import { readFailure } from './protocol/failures.ts';
import { FORWARD, REQUEST_BYTES_MAX, Status } from './protocol/operations.ts';
import type { ServerLink } from './server-link.ts';
import { Servers, type ServersOptions, type ServersOwner } from './servers.ts';
import type { StreamTable } from './stream-table.ts';

/** Ids with the highest bit set belong to streams. */
const CALL_ID_MAX = 0x7fff_ffff;
/** Below this an answer holds no key or value, and need not be copied out of what came from the socket. */
const COPY_BYTES_MIN = 24;

export interface RouterOptions extends ServersOptions {
  readonly timeoutMs: number;
  readonly inFlightMax: number;
}

export interface RouterOwner {
  /** A write was refused because its session is not known any more. The owner ends the call, or numbers it anew and sends it again. */
  sessionExpired(call: Call<unknown>, error: CoreError): void;
  /** A connection to a server, perhaps another one than before, is open. */
  connected(): void;
  /** Some calls have ended. */
  progressed(): void;
}

export class Router implements ServersOwner {
  readonly #options: RouterOptions;
  readonly #owner: RouterOwner;
  readonly #streams: StreamTable;
  readonly #servers: Servers;
  readonly #calls: WaitingList;
  /** Where requests are encoded while no connection is open. */
  readonly #parking: ByteWriter = new ByteWriter(4096);
  #resending = false;
  #stopped = false;

  constructor(options: RouterOptions, owner: RouterOwner, streams: StreamTable) {
    this.#options = options;
    this.#owner = owner;
    this.#streams = streams;
    this.#calls = new WaitingList(options.env, options.inFlightMax, () => this.#servers.lastError);
    this.#servers = new Servers(options, this);
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get clusterId(): number {
    return this.#servers.clusterId;
  }

  /** The server that requests go to now, for display. */
  get server(): Address | undefined {
    return this.#servers.open?.address;
  }

  /** The connection that new requests go to, once it is open. */
  get openLink(): ServerLink | undefined {
    return this.#servers.open;
  }

  // --- Requests

  /** Lets the call wait for its answer. Undefined when it may, and then `begin` must follow. */
  enter(call: Call<unknown>, options: WaitOptions | undefined): CoreError | undefined {
    if (this.#stopped) return new CoreError('stopped', `${call.what}: the client is closed`);
    return this.#calls.enter(call, options, this.#options.timeoutMs);
  }

  /** Begins to send the call: its body goes through the writer that is returned, then `end` or `cancel` must follow in the same turn. */
  begin(call: Call<unknown>): ByteWriter {
    const link = this.#servers.open;
    call.link = link;
    return link === undefined ? this.#parking : link.begin(call.id, this.#operation(call));
  }

  end(call: Call<unknown>): void {
    const link = call.link;
    const bodyBytes = link === undefined ? this.#parking.length : link.bodyBytes;
    if (bodyBytes > REQUEST_BYTES_MAX) {
      this.cancel(call);
      return call.reject(new CoreError('request-too-large', tooLarge(call, bodyBytes)));
    }
    if (link === undefined) {
      call.start = 0;
      call.end = bodyBytes;
      call.chunk = this.#parking.take();
      return;
    }
    if (call.repetition !== 'harmless') call.outcome = 'unknown';
    link.end(call);
  }

  /** Nothing of the call leaves; the caller ends it. */
  cancel(call: Call<unknown>): void {
    if (call.link === undefined) this.#parking.reset();
    else call.link.cancel();
    call.link = undefined;
  }

  #operation(call: Call<unknown>): number {
    return this.#servers.forwarding ? call.operation | FORWARD : call.operation;
  }

  /** After a pause, sends what waits through another server. */
  retryLater(): void {
    this.#servers.retryLater();
  }

  // --- From the servers

  opened(): void {
    this.#owner.connected();
    this.#sendWaiting();
  }

  resend(): void {
    if (this.#resending) return;
    this.#resending = true;
    this.#options.env.tasks.defer(() => {
      this.#resending = false;
      this.#sendWaiting();
    });
  }

  item(link: ServerLink, id: number, status: number, payload: Uint8Array, start: number, end: number): void {
    const body = end - start >= COPY_BYTES_MIN ? payload.slice(start, end) : undefined;
    const reader = body === undefined ? new ByteReader(payload, start, end) : new ByteReader(body);
    try {
      if (id > CALL_ID_MAX) return this.#streams.item(link, id, status, reader);
      const call = this.#calls.find(id) as Call<unknown> | undefined;
      // Late: the caller has given up, or the call has gone elsewhere since.
      if (call?.link !== link) return;
      if (status === Status.ok) this.#answered(call, call.decode(reader));
      else this.#refused(call, reader);
    } catch (error) {
      if (!(error instanceof BytesError)) throw error;
      throw new WireError('malformed', `an answer: ${error.message}`, { cause: error });
    }
  }

  #answered(call: Call<unknown>, value: unknown): void {
    this.#servers.succeeded();
    if (value instanceof CoreError) {
      if (value.code === 'session-expired' && call.repetition === 'session') this.#owner.sessionExpired(call, value);
      // Said of the session's window, and not remembered as the request's answer: an earlier attempt may be on its way still.
      else if (value.code === 'too-many-requests') call.refuse(value);
      // The state machine's word on the request is final, whatever became of earlier attempts.
      else call.reject(value);
    } else call.resolve(value);
    if (call.repetition === 'session') this.#owner.progressed();
  }

  #refused(call: Call<unknown>, reader: ByteReader): void {
    const { error, leader } = readFailure(reader);
    const elsewhere = isAboutLeader(error) || error.code === 'stopped';
    if (!elsewhere || (call.repetition === 'never' && error.outcome === 'unknown')) return call.refuse(error);
    if (error.outcome === 'unknown') call.inDoubt = true;
    else if (!call.inDoubt) call.outcome = 'not-applied';
    call.link = undefined;
    this.#servers.failed(error, leader);
  }

  lost(link: ServerLink, error: CoreError): void {
    for (const call of this.#calls as Iterable<Call<unknown>>) if (call.link === link) this.#interrupted(call, error);
    this.#streams.lost(link);
  }

  #interrupted(call: Call<unknown>, error: CoreError): void {
    call.link = undefined;
    if (call.repetition === 'never') return call.reject(interrupted(call, error));
    if (call.repetition === 'session') call.inDoubt = true;
  }

  hopeless(error: CoreError): void {
    for (const call of this.#calls as Iterable<Call<unknown>>) if (call.link === undefined) call.refuse(error);
    this.#streams.refuse(error);
  }

  look(): { readonly used: ReadonlySet<ServerLink>; readonly expecting: (link: ServerLink) => boolean } {
    // Calls may have ended by their deadline or signal.
    this.#owner.progressed();
    const used = new Set<ServerLink>(this.#streams.links);
    for (const { link } of this.#calls as Iterable<Call<unknown>>) if (link !== undefined) used.add(link);
    return { used, expecting: (link) => used.has(link) || this.#calls.size > 0 };
  }

  /** Sends everything that waits, writes in the order in which they were asked for. */
  #sendWaiting(): void {
    const link = this.#servers.open;
    if (link === undefined) return;
    const waiting: Call<unknown>[] = [];
    for (const call of this.#calls as Iterable<Call<unknown>>) {
      if (call.link === undefined && call.chunk !== undefined) waiting.push(call);
    }
    waiting.sort((a, b) => a.sequence - b.sequence);
    for (const call of waiting) this.#sendAgain(call, link);
    this.#streams.resume(link);
  }

  #sendAgain(call: Call<unknown>, link: ServerLink): void {
    const body = call.chunk!.subarray(call.start, call.end);
    call.link = link;
    if (call.repetition !== 'harmless') call.outcome = 'unknown';
    link.begin(call.id, this.#operation(call)).raw(body);
    link.end(call);
  }

  stop(error: (call: Waiter<unknown>) => CoreError): void {
    this.#stopped = true;
    this.#calls.rejectAll(error);
    this.#calls[Symbol.dispose]();
    this.#servers[Symbol.dispose]();
  }
}

function interrupted(call: Call<unknown>, cause: CoreError): CoreError {
  const message = `${call.what}: the connection ended before the answer came (${cause.message})`;
  return new CoreError('unavailable', message, { retryable: true, outcome: call.outcome, cause });
}

function tooLarge(call: Call<unknown>, bytes: number): string {
  return `${call.what}: the request has ${bytes} bytes, and at most ${REQUEST_BYTES_MAX} are allowed`;
}
