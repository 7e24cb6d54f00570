/**
 * One native client's connection on the server: reads its requests, hands them to the core, and gathers the answers of a turn into one
 * write. A request that cannot be served is answered with an error and disturbs no other; a frame that cannot be read ends the connection.
 *
 * Back-pressure: beyond a bound of unanswered requests or bytes the socket is not read; while the client does not read its answers, its
 * watches are paused.
 */
import type { Env } from '@quorate/env';
import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { type ItemSink, ItemWriter, readItems } from '../../../client/protocol/envelope.ts';
import { writeFailure } from '../../../client/protocol/failures.ts';
import { ClientFrame, FORWARD, Operation, REQUEST_BYTES_MAX, Status } from '../../../client/protocol/operations.ts';
import type { ClientConnection, ClientHandler } from '../../../transport/types.ts';
import { WireError } from '../../../wire/index.ts';
import { encodeCommand, readRange, writeResponse } from '../../codec/index.ts';
import { Kind, SESSION_FLAG } from '../../codec/kinds.ts';
import { CoreError } from '../../errors.ts';
import type { Reply } from '../../machine/reply.ts';
import { coreError } from '../../messages.ts';
import type { RangeRequest } from '../../requests.ts';
import type { CoreBackend } from '../core-backend.ts';
import type { ReadJob } from '../read-queue.ts';
import type { WriteSink } from '../write-queue.ts';
import { Administration } from './administration.ts';
import { ClientWatches } from './client-watches.ts';
import type { WatchEncoder } from './watch-encoder.ts';

/** Unanswered requests of one connection beyond which it is not read; half of it lets it be read again. */
export const CONNECTION_REQUESTS_MAX = 16_384;
export const CONNECTION_BYTES_MAX: number = 32 * 1024 * 1024;
/** One frame may bring more than that; beyond this its requests are refused. */
export const CONNECTION_REQUESTS_HARD_MAX: number = 4 * CONNECTION_REQUESTS_MAX;

/** What a client may put into the log itself. The rest has operations of its own, which do more than a log entry. */
const CLIENT_COMMANDS: ReadonlySet<number> = new Set([
  Kind.put,
  Kind.deleteRange,
  Kind.txn,
  Kind.compact,
  Kind.leaseGrant,
  Kind.leaseRevoke,
  Kind.alarm,
]);

/** How an answer's body is written; the status is `ok`. */
export type Body = (writer: ByteWriter) => void;

/** Where a request's answer goes. */
export interface Answering {
  answer(id: number, body: Body): void;
  refuse(id: number, error: CoreError, leader?: NodeId): void;
}

export interface ClientSessionParts {
  readonly env: Pick<Env, 'tasks' | 'log'>;
  readonly backend: CoreBackend;
  readonly encoder: WatchEncoder;
  readonly connection: ClientConnection;
  readonly gone: () => void;
  /** Where this is entered while it has answers to write: `flush` may be called before the end of the turn. */
  readonly dirty: Set<ClientSession>;
}

export class ClientSession implements ClientHandler, ItemSink, WriteSink, Answering {
  readonly #env: Pick<Env, 'tasks' | 'log'>;
  readonly #backend: CoreBackend;
  readonly #connection: ClientConnection;
  readonly #gone: () => void;
  readonly #dirty: Set<ClientSession>;
  readonly #replies: ItemWriter = new ItemWriter(new ByteWriter(1024), ClientFrame.replies);
  readonly #watches: ClientWatches;
  readonly #administration: Administration;
  #flushing = false;
  #closed = false;
  #unanswered = 0;
  #unansweredBytes = 0;
  #paused = false;
  /** Whether something may still look into the frame that is being read. */
  #keepsFrame = false;
  readonly #run: () => void = () => this.flush();

  constructor(parts: ClientSessionParts) {
    this.#env = parts.env;
    this.#backend = parts.backend;
    this.#connection = parts.connection;
    this.#gone = parts.gone;
    this.#dirty = parts.dirty;
    this.#watches = new ClientWatches(parts.backend, parts.encoder, this);
    this.#administration = new Administration(parts.backend, this);
  }

  // --- From the connection

  frame(kind: number, payload: Uint8Array): void {
    if (this.#closed) return;
    if (kind !== ClientFrame.requests)
      throw new WireError('unexpected', `a frame of kind ${kind} must not come from a client`);
    this.#keepsFrame = false;
    readItems(payload, this);
    if (!this.#keepsFrame) this.#connection.release(payload);
    if (!this.#closed) this.#considerPause();
  }

  drained(): void {
    if (this.#closed) return;
    this.#watches.resumeAll();
    this.#considerPause();
  }

  /** This node may have been left behind: the client must watch from another one. */
  endWatches(): void {
    this.#watches.end(coreError('no-leader'));
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dirty.delete(this);
    this.#watches.close();
    this.#administration.close();
    this.#gone();
  }

  // --- Requests

  item(id: number, code: number, payload: Uint8Array, start: number, end: number): void {
    this.#unanswered += 1;
    if (end - start > REQUEST_BYTES_MAX) return this.refuse(id, coreError('request-too-large'));
    if (this.#unanswered > CONNECTION_REQUESTS_HARD_MAX) return this.refuse(id, coreError('too-many-requests'));
    try {
      this.#serve(id, code, payload, start, end);
    } catch (error) {
      if (error instanceof BytesError)
        this.refuse(id, coreError('invalid-request', { detail: error.message, cause: error }));
      else if (error instanceof CoreError) this.refuse(id, error);
      else throw error;
    }
  }

  #serve(id: number, code: number, payload: Uint8Array, start: number, end: number): void {
    // The bytes of a write are copied at once; of all else, what was read may be a view.
    if ((code & ~FORWARD) !== Operation.write) this.#keepsFrame = true;
    const forward = (code & FORWARD) !== 0;
    switch (code & ~FORWARD) {
      case Operation.write:
        return this.#write(id, payload, start, end, forward);
      case Operation.range:
        return this.#range(id, readRange(new ByteReader(payload, start, end)));
      case Operation.serializableRange: {
        const request = readRange(new ByteReader(payload, start, end));
        return this.#ranged(id, request);
      }
      case Operation.openSession:
        return this.#submit(id, encodeCommand({ kind: 'session-open' }), forward);
      case Operation.closeSession: {
        const session = new ByteReader(payload, start, end).uint();
        return this.#submit(id, encodeCommand({ kind: 'session-close', session }), forward);
      }
      case Operation.keepAlive:
        return this.#keepAlive(id, new ByteReader(payload, start, end).uint(), forward);
      default:
        this.#other(id, code & ~FORWARD, new ByteReader(payload, start, end));
    }
  }

  /** Watches have no one answer, and say nothing to what comes after their beginning; the rest is for operators. */
  #other(id: number, operation: number, body: ByteReader): void {
    if (this.#watches.serves(operation)) {
      // Throws when it is malformed, and is then answered as all else is.
      this.#watches.serve(id, operation, body);
      this.#unanswered -= 1;
    } else this.#administration.serve(id, operation, body);
  }

  #write(id: number, payload: Uint8Array, start: number, end: number, forward: boolean): void {
    const kind = start < end ? payload[start]! & ~SESSION_FLAG : 0;
    if (!CLIENT_COMMANDS.has(kind)) {
      return this.refuse(
        id,
        coreError('invalid-request', { detail: `a client may not write commands of kind ${kind}` }),
      );
    }
    this.#submit(id, payload.subarray(start, end), forward);
  }

  #submit(id: number, command: Uint8Array, forward: boolean): void {
    const { view, writes } = this.#backend;
    if (!view.leads && (!forward || view.leader === undefined)) return this.#refuseElsewhere(id);
    const refused = writes.add(command, this, id);
    if (refused !== undefined) return this.refuse(id, refused);
    this.#unansweredBytes += command.length;
  }

  #refuseElsewhere(id: number): void {
    const { leader } = this.#backend.view;
    this.refuse(id, coreError(leader === undefined ? 'no-leader' : 'not-leader'), leader);
  }

  written(id: number, reply: Reply): void {
    if (this.#closed) return;
    this.#begin();
    reply.writeTo(this.#replies.begin(id, Status.ok));
    this.#replies.end();
  }

  refused(id: number, error: CoreError, leader: NodeId | undefined): void {
    this.refuse(id, error, leader);
  }

  #range(id: number, request: RangeRequest): void {
    const job: ReadJob = {
      ready: (error) => {
        if (this.#closed) return;
        if (error === undefined) this.#ranged(id, request);
        else this.refuse(id, error, this.#backend.view.leader);
      },
    };
    const refused = this.#backend.reads.add(job);
    if (refused !== undefined) this.refuse(id, refused);
  }

  #ranged(id: number, request: RangeRequest): void {
    const answer = this.#backend.readNow(request);
    if (answer instanceof CoreError) return this.refuse(id, answer);
    this.answer(id, (writer) => writeResponse(writer, answer));
  }

  #keepAlive(id: number, lease: number, forward: boolean): void {
    const { view, leaseKeeping } = this.#backend;
    if (!view.leads && (!forward || view.leader === undefined)) return this.#refuseElsewhere(id);
    leaseKeeping.keepAlive(lease, (error, ttlSeconds) => {
      if (error === undefined) this.answer(id, (writer) => writer.uint(ttlSeconds));
      else this.refuse(id, error, view.leader);
    });
  }

  // --- Answers

  answer(id: number, body: Body): void {
    if (this.#closed) return;
    this.#begin();
    body(this.#replies.begin(id, Status.ok));
    this.#replies.end();
  }

  refuse(id: number, error: CoreError, leader?: NodeId): void {
    if (this.#closed) return;
    this.#begin();
    this.failed(id, error, leader);
  }

  /** The end of a watch that could not begin. */
  failed(id: number, error: CoreError, leader: NodeId | undefined): void {
    if (this.#closed) return;
    this.#flushSoon();
    writeFailure(this.#replies.begin(id, Status.error), error, this.#backend.addressOf(leader));
    this.#replies.end();
  }

  /** A watch's message; whether the client still keeps up. */
  message(id: number, encoded: Uint8Array): boolean {
    this.#replies.begin(id, Status.watch).raw(encoded);
    this.#replies.end();
    this.#flushSoon();
    return !this.#connection.connection.congested;
  }

  #begin(): void {
    // Requests are taken to be of equal size: the sum is what counts, and it is right again when all are answered.
    this.#unansweredBytes -= this.#unansweredBytes / this.#unanswered;
    this.#unanswered -= 1;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#dirty.add(this);
    this.#env.tasks.defer(this.#run);
  }

  /** Writes all answers gathered so far. Without any, does nothing. */
  flush(): void {
    this.#flushing = false;
    this.#dirty.delete(this);
    if (this.#closed || this.#replies.length === 0) return;
    const { connection } = this.#connection;
    connection.write(this.#replies.take());
    if (connection.congested) this.#watches.pauseAll();
    this.#considerPause();
  }

  /** Reads on only as long as the client takes its answers, and few enough of them are owed. */
  #considerPause(): void {
    const { connection } = this.#connection;
    const share = this.#paused ? 0.5 : 1;
    const over =
      connection.congested ||
      this.#unanswered > CONNECTION_REQUESTS_MAX * share ||
      this.#unansweredBytes > CONNECTION_BYTES_MAX * share;
    if (over === this.#paused) return;
    this.#paused = over;
    if (over) connection.pause();
    else connection.resume();
  }
}
