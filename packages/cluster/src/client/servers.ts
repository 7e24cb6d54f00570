/**
 * The connections to a cluster's members, and which of them requests go to: one server at a time, the leader once it is known.
 *
 *                    refused, lost, silent                      names another as leader
 *     dialling ------------------------------> dialling  <--------------------------------- open
 *       (leader, or the next in turn)         (the next in turn, after a growing pause when all have failed)
 *
 * A leader that cannot be reached from here, though others can, is reached through them: for a while, requests are to carry `FORWARD`.
 */
import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { CoreError } from '../core/errors.ts';
import type { Welcome } from '../wire/index.ts';
import { Backoff } from './backoff.ts';
import { type Endpoints, formatAddress } from './endpoints.ts';
import { LinkWatchdog } from './link-watchdog.ts';
import { type Dial, type LinkOwner, ServerLink } from './server-link.ts';

/** How many times in a row servers may name each other as leader before a pause. */
const REDIRECTS_MAX = 3;
/** How long requests are passed on by others before the leader is tried again. */
const FORWARD_MS = 2000;

export interface ServersOptions {
  readonly env: Pick<Env, 'clock' | 'timers' | 'tasks' | 'random'>;
  readonly dial: Dial;
  readonly endpoints: Endpoints;
  readonly clientId: string;
  /** 0 when any will do. */
  readonly clusterId: number;
}

export interface ServersOwner {
  /** An answer: see `LinkOwner`. */
  item(link: ServerLink, id: number, status: number, payload: Uint8Array, start: number, end: number): void;
  /** Requests may be sent, to another server than before. */
  opened(): void;
  /** What waits should be sent again, soon: after a pause, or because the server has only now been chosen. */
  resend(): void;
  /** Nothing more comes from that connection. */
  lost(link: ServerLink, error: CoreError): void;
  /** No server will have this client, for a reason that time does not change. */
  hopeless(error: CoreError): void;
  /** Some time has passed. Returns the connections that are in use, and by calling `expecting` those that owe an answer. */
  look(): { readonly used: ReadonlySet<ServerLink>; readonly expecting: (link: ServerLink) => boolean };
}

export class Servers implements LinkOwner, Disposable {
  readonly #options: ServersOptions;
  readonly #owner: ServersOwner;
  readonly #links: Map<string, ServerLink> = new Map();
  readonly #watchdog: LinkWatchdog;
  readonly #backoff: Backoff;
  /** Servers that will not have this client, and said why in a way that time does not change. */
  readonly #hopeless: Set<string> = new Set();
  #chosen: ServerLink | undefined;
  #clusterId: number;
  #redirects = 0;
  /** Something has gone wrong since the last good answer. */
  #troubled = false;
  /** Connections that failed since one was last opened. */
  #failures = 0;
  /** Which was no good when it was tried last. */
  #avoid: Address | undefined;
  #forwardUntil: Instant = Instant.of(Number.NEGATIVE_INFINITY);
  #retry: Disposable | undefined;
  #lastError: CoreError | undefined;
  #stopped = false;

  constructor(options: ServersOptions, owner: ServersOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#clusterId = options.clusterId;
    this.#backoff = new Backoff(options.env.random.stream('client-backoff'), { firstMs: 10, maxMs: 500 });
    this.#watchdog = new LinkWatchdog(options.env, () => this.#look());
    this.#connect(options.endpoints.next(undefined));
  }

  /** The connection that requests go to; undefined while there is none. */
  get open(): ServerLink | undefined {
    return this.#chosen?.open === true ? this.#chosen : undefined;
  }

  get clusterId(): number {
    return this.#clusterId;
  }

  /** Whether requests should be passed on by a server that does not lead. */
  get forwarding(): boolean {
    return this.#now < this.#forwardUntil;
  }

  /** What has gone wrong last; undefined when all is well. */
  get lastError(): CoreError | undefined {
    return this.#lastError;
  }

  get #now(): Instant {
    return this.#options.env.clock.monotonic();
  }

  /** A good answer has come. */
  succeeded(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#redirects = 0;
    this.#lastError = undefined;
    this.#backoff.reset();
  }

  /** A server could not serve a request, and perhaps said who leads: goes there, or elsewhere after a pause. `resend` follows. */
  failed(error: CoreError, leader: Address | undefined): void {
    this.#lastError = error;
    this.#troubled = true;
    if (leader === undefined || !this.#follow(leader)) this.retryLater();
  }

  /** False when it would go round in circles. */
  #follow(leader: Address): boolean {
    if (this.#chosen !== undefined && formatAddress(this.#chosen.address) === formatAddress(leader)) {
      // What failed had been sent before this server was known to lead.
      if (this.#chosen.open) this.#owner.resend();
      return true;
    }
    if (this.#redirects >= REDIRECTS_MAX || this.forwarding) return false;
    this.#redirects += 1;
    this.#connect(leader);
    return true;
  }

  /** After a pause, chooses another server. */
  retryLater(): void {
    if (this.#retry !== undefined || this.#stopped) return;
    this.#troubled = true;
    this.#retry = this.#options.env.timers.at(Instant.add(this.#now, this.#backoff.delayMs()), () => {
      this.#retry = undefined;
      this.#redirects = 0;
      // A server that knows no leader may be cut off: ask another one.
      if (!this.#stopped) this.#connect(this.#options.endpoints.next(this.#chosen?.address ?? this.#avoid));
    });
  }

  #connect(address: Address): void {
    const key = formatAddress(address);
    const existing = this.#links.get(key);
    if (existing !== undefined) {
      this.#chosen = existing;
      if (existing.open) this.#owner.resend();
      return;
    }
    const { env, dial, clientId } = this.#options;
    const link = new ServerLink({ env, dial, address, clientId, clusterId: this.#clusterId }, this);
    this.#links.set(key, link);
    this.#chosen = link;
  }

  // --- From the connections

  item(link: ServerLink, id: number, status: number, payload: Uint8Array, start: number, end: number): void {
    this.#owner.item(link, id, status, payload, start, end);
  }

  opened(link: ServerLink, welcome: Welcome): void {
    this.#clusterId = welcome.clusterId;
    this.#failures = 0;
    this.#hopeless.clear();
    if (link === this.#chosen) this.#owner.opened();
  }

  closed(link: ServerLink, error: CoreError): void {
    const key = formatAddress(link.address);
    if (this.#links.get(key) === link) this.#links.delete(key);
    this.#lastError = error;
    this.#troubled = true;
    this.#owner.lost(link, error);
    if (!error.retryable && this.#hopeless.add(key).size >= this.#options.endpoints.count) this.#owner.hopeless(error);
    if (this.#stopped) return;
    if (link === this.#chosen) this.#goElsewhere(link);
    // What was on it goes over to the server that requests have gone to since.
    else if (this.open !== undefined) this.#owner.resend();
  }

  #goElsewhere(from: ServerLink): void {
    this.#chosen = undefined;
    this.#failures += 1;
    this.#avoid = from.address;
    // Others named it as leader, and it cannot be reached: go through them.
    if (from.welcome === undefined && this.#redirects > 0) this.#forwardUntil = Instant.add(this.#now, FORWARD_MS);
    const { endpoints } = this.#options;
    if (this.#failures < endpoints.count) this.#connect(endpoints.next(this.#avoid));
    else this.retryLater();
  }

  /** Those that are silent although something is expected are given up, those without use are closed. */
  #look(): void {
    const { used, expecting } = this.#owner.look();
    for (const link of this.#links.values()) {
      if (link !== this.#chosen && !used.has(link)) this.#retire(link);
      else this.#watchdog.look(link, expecting(link));
    }
  }

  /** It takes nothing more, and may take its time to end: should its server be wanted again, that is another connection. */
  #retire(link: ServerLink): void {
    this.#links.delete(formatAddress(link.address));
    link.close();
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#watchdog[Symbol.dispose]();
    for (const link of [...this.#links.values()]) link.close();
  }
}
