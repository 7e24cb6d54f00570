/** A client's requests, below the words of its API: calls, the session that makes writes count once, watches. */
import type { Address } from '@quorate/env';
import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import {
  type Command,
  readMemberStatus,
  readResponse,
  type SessionResponse,
  writeCommand,
} from '../core/codec/index.ts';
import type { CallOptions, MemberStatus } from '../core/core.ts';
import { CoreError } from '../core/errors.ts';
import { Call, type Repetition } from './call.ts';
import { Endpoints, findAddress } from './endpoints.ts';
import { HeldCalls } from './held-calls.ts';
import type { Keys } from './keys.ts';
import type { ResolvedClientOptions } from './options.ts';
import { Operation } from './protocol/operations.ts';
import { Router, type RouterOwner } from './router.ts';
import { Session } from './session.ts';
import { StreamTable } from './stream-table.ts';
import { Watcher, type WatchOptions } from './watcher.ts';

/** How long `close` waits for the servers to forget the session. */
const CLOSE_TIMEOUT_MS = 500;

interface AskOptions extends CallOptions {
  readonly repetition?: Repetition;
  /** See `Waiter`. */
  readonly essential?: boolean;
}

export class Requester implements RouterOwner {
  readonly options: ResolvedClientOptions;
  readonly #endpoints: Endpoints;
  readonly #streams: StreamTable = new StreamTable();
  readonly #router: Router;
  readonly #session: Session = new Session();
  readonly #watchers: Set<Watcher> = new Set();
  /** Writes beyond the session's window, or without a session, in order. */
  readonly #held: HeldCalls = new HeldCalls();
  /** The session that is being opened, shared by all who wait for it. */
  #opening: Promise<void> | undefined;
  #renewing = false;
  #closed: CoreError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedClientOptions) {
    this.options = options;
    this.#endpoints = new Endpoints(options.endpoints, options.env.random.stream('client-endpoint').uint32());
    const { env, dial, name, clusterId, timeoutMs, inFlightMax } = options;
    const routing = { env, dial, clientId: name, clusterId, timeoutMs, inFlightMax, endpoints: this.#endpoints };
    this.#router = new Router(routing, this, this.#streams);
  }

  get server(): Address | undefined {
    return this.#router.server;
  }

  /** The connection that requests go over now: for what is known to one server only. */
  get link(): object | undefined {
    return this.#router.openLink;
  }

  get clusterId(): number {
    return this.#router.clusterId;
  }

  get inFlight(): number {
    return this.#router.inFlight;
  }

  /** A request that is no write. `encode` writes its body. */
  ask<T>(
    what: string,
    operation: number,
    decode: (reader: ByteReader) => T | CoreError,
    options?: AskOptions,
    encode?: (writer: ByteWriter) => void,
  ): Promise<T> {
    const call = new Call<T>(what, operation, options?.repetition ?? 'harmless', decode);
    call.essential = options?.essential ?? false;
    const refused = this.#enter(call, options);
    if (refused !== undefined) return Promise.reject(refused);
    const writer = this.#router.begin(call);
    try {
      encode?.(writer);
    } catch (error) {
      this.#unencodable(call, error);
      return call.promise;
    }
    this.#router.end(call);
    return call.promise;
  }

  /** A write, applied once however often it is sent. */
  write<T>(command: Command, options?: CallOptions): Promise<T> {
    const call = new Call<T>(command.kind, Operation.write, 'session', decodeWrite as (reader: ByteReader) => T);
    const refused = this.#enter(call, options);
    if (refused !== undefined) return Promise.reject(refused);
    call.command = command;
    this.#submit(call);
    return call.promise;
  }

  /** A client that is being closed takes nothing more but what closing takes. */
  #enter(call: Call<unknown>, options: CallOptions | undefined): CoreError | undefined {
    if (this.#closed !== undefined && call.operation !== Operation.closeSession)
      return stopped('not-applied', call.what);
    return this.#router.enter(call, options);
  }

  /** Sends a write, or holds it until there is a session that has room for it. */
  #submit(call: Call<unknown>): void {
    if (this.#session.id !== 0 && !this.#session.full && this.#held.first === undefined) return this.#send(call);
    this.#held.add(call);
    void this.#renew();
  }

  /** Sends what was held back, as far as the session's window goes. */
  progressed(): void {
    while (this.#held.first !== undefined && this.#session.id !== 0 && !this.#session.full)
      this.#send(this.#held.take());
  }

  #send(call: Call<unknown>): void {
    const writer = this.#router.begin(call);
    try {
      writeCommand(writer, call.command!, this.#session.number(call));
    } catch (error) {
      return this.#unencodable(call, error);
    }
    this.#router.end(call);
  }

  /** What cannot be encoded is the caller's mistake, and nothing of it may leave. */
  #unencodable(call: Call<unknown>, cause: unknown): void {
    this.#router.cancel(call);
    call.reject(new CoreError('invalid-request', `${call.what}: ${(cause as Error).message}`, { cause }));
  }

  watch(keys: Keys, options: WatchOptions): Watcher {
    if (this.#closed !== undefined) throw this.#closed;
    return new Watcher(keys, options, (watcher) => {
      const id = this.#streams.add(watcher, this.#router.openLink);
      this.#watchers.add(watcher);
      return {
        post: (operation) => this.#streams.post(id, operation),
        restart: () => {
          this.#streams.interrupted(id);
          this.#router.retryLater();
        },
        close: () => {
          this.#streams.post(id, Operation.unwatch);
          this.#streams.remove(id);
          this.#watchers.delete(watcher);
        },
      };
    });
  }

  /** Resolves once a session is open: a leader answers, and a majority stands behind it. */
  ready(): Promise<void> {
    return this.#session.id === 0 ? this.#openSession() : Promise.resolve();
  }

  #openSession(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const opened = await this.ask('open a session', Operation.openSession, decodeSession, { essential: true });
    this.#session.opened(opened.session);
    this.progressed();
  }

  sessionExpired(call: Call<unknown>, error: CoreError): void {
    if (call.session === this.#session.id) this.#session.closed();
    if (call.inDoubt) call.refuse(error);
    else {
      // It was certainly not applied: the same write again, in a new session.
      call.link = undefined;
      call.chunk = undefined;
      call.outcome = 'not-applied';
      this.#submit(call);
    }
    void this.#renew();
  }

  /** Opens a session as long as there is none and somebody waits for it. Each of them has its own deadline. */
  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    while (this.#session.id === 0 && this.#held.first !== undefined) {
      try {
        await this.#openSession();
      } catch (error) {
        if (error instanceof CoreError && error.code === 'timed-out') continue;
        for (const call of this.#held.takeAll()) call.refuse(error as CoreError);
      }
    }
    this.#renewing = false;
  }

  /** Another server: whom it knows may be news. */
  connected(): void {
    this.ask('list the members', Operation.members, decodeMembers, { essential: true }).then(
      (members) => this.#learn(members),
      // The next connection brings another chance.
      () => {},
    );
  }

  #learn(members: readonly MemberStatus[]): void {
    this.#endpoints.learn(members.flatMap(({ peerAddress }) => findAddress(peerAddress) ?? []));
  }

  /** Everything outstanding is rejected with `stopped`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = stopped('not-applied', 'client');
    for (const watcher of [...this.#watchers]) watcher.stop(this.#closed);
    if (this.#session.id !== 0 && this.#router.openLink !== undefined) {
      const session = this.#session.id;
      const options = { timeoutMs: CLOSE_TIMEOUT_MS, essential: true };
      // Best effort: a session that is not closed is forgotten when it is the one that was used least recently.
      await this.ask('close the session', Operation.closeSession, decodeSession, options, (w) => w.uint(session)).catch(
        () => {},
      );
    }
    this.#router.stop((call) => stopped(call.outcome, call.what));
  }
}

function stopped(outcome: CoreError['outcome'], what: string): CoreError {
  return new CoreError('stopped', `${what}: the client was closed`, { outcome });
}

/** The kind of answer follows from the kind of request; the state machine gives no other. */
function decodeWrite(reader: ByteReader): unknown {
  return readResponse(reader);
}

function decodeSession(reader: ByteReader): SessionResponse | CoreError {
  return readResponse(reader) as SessionResponse | CoreError;
}

/** The least that a member takes. */
const MEMBER_BYTES_MIN = 5;

export function decodeMembers(reader: ByteReader): readonly MemberStatus[] {
  const members: MemberStatus[] = [];
  for (let left = reader.count(MEMBER_BYTES_MIN); left > 0; left--) members.push(readMemberStatus(reader));
  return members;
}
