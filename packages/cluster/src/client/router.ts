/**
 * Where requests go: to one server at a time, the leader once it is known. When a connection ends, or a server says that it does not lead, what
 * is outstanding is sent again elsewhere, until its deadline, as far as repeating it is safe.
 *
 *                    refused, lost, silent                      names another as leader
 *     dialling ------------------------------> dialling  <--------------------------------- open
 *       (leader, or the next in turn)         (the next in turn, after a growing pause when all have failed)
 *
 * A leader that cannot be reached from here, though others can, is reached through them: for a while, requests then carry `FORWARD`.
 */
import type { Address, Env } from '@quorate/env';
import { ByteReader, BytesError, ByteWriter, Instant } from '@quorate/patterns/base';
import { CoreError } from '../core/errors.ts';
import { type Waiter, WaitingList, type WaitOptions } from '../core/service/waiting-list.ts';
import { type Welcome, WireError } from '../wire/index.ts';
import { Backoff } from './backoff.ts';
import type { Call } from './call.ts';
import { type Endpoints, formatAddress } from './endpoints.ts';
import { LinkWatchdog } from './link-watchdog.ts';
import { readFailure } from './protocol/failures.ts';
import { FORWARD, REQUEST_BYTES_MAX, Status } from './protocol/operations.ts';
import { type Dial, type LinkOwner, ServerLink } from './server-link.ts';
import type { StreamTable } from './stream-table.ts';

/** Ids with the highest bit set belong to streams. */
const CALL_ID_MAX = 0x7fff_ffff;
/** How many times in a row servers may name each other as leader before a pause. */
const REDIRECTS_MAX = 3;
/** How long requests are passed on by others before the leader is tried again. */
const FORWARD_MS = 2000;
/** Below this an answer holds no key or value, and need not be copied out of what came from the socket. */
const COPY_BYTES_MIN = 24;

export interface RouterOptions {
  readonly env: Pick<Env, 'clock' | 'timers' | 'tasks' | 'random'>;
  readonly dial: Dial;
  readonly endpoints: Endpoints;
  readonly clientId: string;
  readonly clusterId: number;
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

export class Router implements LinkOwner {
  readonly #options: RouterOptions;
  readonly #env: RouterOptions['env'];
  readonly #owner: RouterOwner;
  readonly #streams: StreamTable;
  readonly #calls: WaitingList;
  readonly #links: Map<string, ServerLink> = new Map();
  readonly #watchdog: LinkWatchdog;
  readonly #backoff: Backoff;
  /** Where requests are encoded while no connection is open. */
  readonly #parking: ByteWriter = new ByteWriter(4096);
  #primary: ServerLink | undefined;
  #clusterId: number;
  #redirects = 0;
  /** Something has gone wrong since the last answer. */
  #troubled = false;
  /** Connections that failed since one was last opened. */
  #failures = 0;
  /** Which was no good when it was tried last. */
  #avoid: Address | undefined;
  #forwardUntil: Instant = Instant.of(Number.NEGATIVE_INFINITY);
  #retry: Disposable | undefined;
  #lastError: CoreError | undefined;
  #stopped = false;

  constructor(options: RouterOptions, owner: RouterOwner, streams: StreamTable) {
    this.#options = options;
    this.#env = options.env;
    this.#owner = owner;
    this.#streams = streams;
    this.#clusterId = options.clusterId;
    this.#calls = new WaitingList(options.env, options.inFlightMax);
    this.#backoff = new Backoff(options.env.random.stream('client-backoff'), { firstMs: 10, maxMs: 500 });
    this.#watchdog = new LinkWatchdog(options.env, () => this.#watch());
    this.#connect(options.endpoints.next(undefined));
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get clusterId(): number {
    return this.#clusterId;
  }

  /** The server that requests go to now, for display. */
  get server(): Address | undefined {
    return this.openLink?.address;
  }

  /** Why no server is connected, as far as is known. */
  get lastError(): CoreError | undefined {
    return this.#lastError;
  }

  /** The connection that new requests go to, once it is open. */
  get openLink(): ServerLink | undefined {
    return this.#primary?.open === true ? this.#primary : undefined;
  }

  /** Lets the call wait for its answer. Undefined when it may, and then `begin` must follow. */
  enter(call: Call<unknown>, options: WaitOptions | undefined): CoreError | undefined {
    if (this.#stopped) return new CoreError('stopped', `${call.what}: the client is closed`);
    return this.#calls.enter(call, options, this.#options.timeoutMs);
  }

  /** Begins to send the call: its body goes through the writer that is returned, then `end` or `cancel` must follow in the same turn. */
  begin(call: Call<unknown>): ByteWriter {
    const link = this.openLink;
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
    return this.#env.clock.monotonic() < this.#forwardUntil ? call.operation | FORWARD : call.operation;
  }

  // What comes from the servers.

  opened(link: ServerLink, welcome: Welcome): void {
    this.#clusterId = welcome.clusterId;
    this.#failures = 0;
    if (link !== this.#primary) return;
    this.#owner.connected();
    this.#sendWaiting();
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
    if (value instanceof CoreError) {
      if (value.code === 'session-expired' && call.repetition === 'session') this.#owner.sessionExpired(call, value);
      // The state machine's word on the request is final, whatever became of earlier attempts.
      else call.reject(value);
      return;
    }
    if (this.#troubled) {
      this.#troubled = false;
      this.#redirects = 0;
      this.#backoff.reset();
    }
    call.resolve(value);
    if (call.repetition === 'session') this.#owner.progressed();
  }

  #refused(call: Call<unknown>, reader: ByteReader): void {
    const { error, leader } = readFailure(reader);
    if (!isElsewhere(error) || (call.repetition === 'never' && error.outcome === 'unknown')) return call.refuse(error);
    if (error.outcome === 'unknown') call.inDoubt = true;
    call.link = undefined;
    this.#lastError = error;
    if (leader === undefined || !this.#follow(leader)) this.retryLater();
  }

  closed(link: ServerLink, error: CoreError): void {
    const key = formatAddress(link.address);
    if (this.#links.get(key) === link) this.#links.delete(key);
    this.#lastError = error;
    for (const call of this.#calls as Iterable<Call<unknown>>) if (call.link === link) this.#interrupted(call, error);
    this.#streams.lost(link);
    if (link !== this.#primary || this.#stopped) return;
    this.#primary = undefined;
    this.#failures += 1;
    // It was known to others, or it would not have been dialled: go through them.
    if (link.welcome === undefined && this.#redirects > 0) {
      this.#forwardUntil = Instant.add(this.#env.clock.monotonic(), FORWARD_MS);
    }
    this.#avoid = link.address;
    const { endpoints } = this.#options;
    if (this.#failures < endpoints.count) this.#connect(endpoints.next(this.#avoid));
    else this.retryLater();
  }

  #interrupted(call: Call<unknown>, error: CoreError): void {
    call.link = undefined;
    if (call.repetition === 'never') return call.reject(interrupted(call, error));
    if (call.repetition === 'session') call.inDoubt = true;
  }

  // Which server it is.

  /** False when it would go round in circles. */
  #follow(leader: Address): boolean {
    if (this.#primary !== undefined && formatAddress(this.#primary.address) === formatAddress(leader)) {
      // Sent before this server was known to lead.
      if (this.#primary.open) this.#sendSoon();
      return true;
    }
    if (this.#redirects >= REDIRECTS_MAX || this.#env.clock.monotonic() < this.#forwardUntil) return false;
    this.#redirects += 1;
    this.#troubled = true;
    this.#connect(leader);
    return true;
  }

  #connect(address: Address): void {
    const key = formatAddress(address);
    const existing = this.#links.get(key);
    if (existing !== undefined) {
      this.#primary = existing;
      if (existing.open) this.#sendSoon();
      return;
    }
    const { env, dial, clientId } = this.#options;
    const link = new ServerLink({ env, dial, address, clientId, clusterId: this.#clusterId }, this);
    this.#links.set(key, link);
    this.#primary = link;
  }

  #sendSoon(): void {
    this.#env.tasks.defer(() => this.#sendWaiting());
  }

  /** After a pause, sends what waits through another server. */
  retryLater(): void {
    if (this.#retry !== undefined || this.#stopped) return;
    this.#troubled = true;
    const when = Instant.add(this.#env.clock.monotonic(), this.#backoff.delayMs());
    this.#retry = this.#env.timers.at(when, () => {
      this.#retry = undefined;
      this.#redirects = 0;
      if (this.#stopped) return;
      const { endpoints } = this.#options;
      // A server that knows no leader may be cut off: ask another one.
      this.#connect(endpoints.next(this.#primary?.address ?? this.#avoid));
    });
  }

  /** Sends everything that waits, in the order in which it was asked for. */
  #sendWaiting(): void {
    const link = this.openLink;
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

  /** Looks after the connections: those that are silent although something is expected are given up, those without use are closed. */
  #watch(): void {
    // Calls may have ended by their deadline or signal.
    this.#owner.progressed();
    const used = new Set<ServerLink | undefined>([this.#primary]);
    for (const call of this.#calls as Iterable<Call<unknown>>) used.add(call.link);
    for (const link of this.#links.values()) {
      const streaming = this.#streams.uses(link);
      if (!used.has(link) && !streaming) link.close();
      else this.#watchdog.look(link, streaming || this.#calls.size > 0);
    }
  }

  stop(error: (call: Waiter<unknown>) => CoreError): void {
    this.#stopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#watchdog[Symbol.dispose]();
    this.#calls.rejectAll(error);
    this.#calls[Symbol.dispose]();
    for (const link of [...this.#links.values()]) link.close();
  }
}

/** Refusals that say nothing of the request, only of the server that it went to. */
function isElsewhere(error: CoreError): boolean {
  switch (error.code) {
    case 'not-leader':
    case 'no-leader':
    case 'leader-changed':
    case 'stopped':
      return true;
    case 'unavailable':
    case 'timed-out':
      return error.retryable;
    default:
      return false;
  }
}

function interrupted(call: Call<unknown>, cause: CoreError): CoreError {
  const message = `${call.what}: the connection ended before the answer came (${cause.message})`;
  return new CoreError('unavailable', message, { retryable: true, outcome: call.outcome, cause });
}

function tooLarge(call: Call<unknown>, bytes: number): string {
  return `${call.what}: the request has ${bytes} bytes, and at most ${REQUEST_BYTES_MAX} are allowed`;
}
