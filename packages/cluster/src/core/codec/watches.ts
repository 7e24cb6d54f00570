import { ByteReader, ByteWriter, unreachable } from '@quorate/patterns/base';
import type { WatchEvent, WatchMessage, WatchRequest } from '../requests.ts';
import { readKeyValue, writeKeyValue } from './key-values.ts';
import { decoding, unknownKind } from './malformed.ts';
import { readFlags } from './named.ts';

const WATCH_PREV_KV = 1;
const WATCH_WITHOUT_PUTS = 2;
const WATCH_WITHOUT_DELETES = 4;
const WATCH_RANGE_END = 8;
const WATCH_FLAGS = 15;

export function writeWatchRequest(writer: ByteWriter, request: WatchRequest): void {
  const ranged = request.rangeEnd !== undefined && request.rangeEnd.length > 0;
  writer.u8(
    (request.prevKv ? WATCH_PREV_KV : 0) |
      (request.withoutPuts ? WATCH_WITHOUT_PUTS : 0) |
      (request.withoutDeletes ? WATCH_WITHOUT_DELETES : 0) |
      (ranged ? WATCH_RANGE_END : 0),
  );
  writer.bytes(request.key);
  if (ranged) writer.bytes(request.rangeEnd!);
  writer.int(request.startRevision ?? 0);
}

export function readWatchRequest(reader: ByteReader): Required<WatchRequest> {
  const flags = readFlags(reader, WATCH_FLAGS);
  return {
    key: reader.bytes(),
    rangeEnd: (flags & WATCH_RANGE_END) !== 0 ? reader.bytes() : undefined,
    startRevision: reader.int(),
    prevKv: (flags & WATCH_PREV_KV) !== 0,
    withoutPuts: (flags & WATCH_WITHOUT_PUTS) !== 0,
    withoutDeletes: (flags & WATCH_WITHOUT_DELETES) !== 0,
  };
}

const CREATED = 1;
const EVENTS = 2;
const PROGRESS = 3;
const CANCELED = 4;

const EVENT_DELETE = 1;
const EVENT_PREV_KV = 2;
const EVENT_FLAGS = 3;
/** The least that an event takes: flags, a key's length and a revision. */
const EVENT_BYTES_MIN = 3;
const REASON_BYTES_MAX = 64 * 1024;

const EMPTY = new Uint8Array(0);

function writeEvent(writer: ByteWriter, event: WatchEvent): void {
  const deleted = event.type === 'delete';
  writer.u8((deleted ? EVENT_DELETE : 0) | (event.prevKv === undefined ? 0 : EVENT_PREV_KV));
  if (deleted) {
    writer.bytes(event.kv.key);
    writer.uint(event.kv.modRevision);
  } else writeKeyValue(writer, event.kv);
  if (event.prevKv !== undefined) writeKeyValue(writer, event.prevKv);
}

function readEvent(reader: ByteReader): WatchEvent {
  const flags = readFlags(reader, EVENT_FLAGS);
  const deleted = (flags & EVENT_DELETE) !== 0;
  const kv = deleted
    ? { key: reader.bytes(), value: EMPTY, createRevision: 0, modRevision: reader.uint(), version: 0, lease: 0 }
    : readKeyValue(reader);
  return {
    type: deleted ? 'delete' : 'put',
    kv,
    prevKv: (flags & EVENT_PREV_KV) !== 0 ? readKeyValue(reader) : undefined,
  };
}

export function writeWatchMessage(writer: ByteWriter, message: WatchMessage): void {
  switch (message.kind) {
    case 'created':
      writer.u8(CREATED);
      writer.uint(message.revision);
      break;
    case 'events':
      writer.u8(EVENTS);
      writer.uint(message.revision);
      writer.uint(message.events.length);
      for (const event of message.events) writeEvent(writer, event);
      break;
    case 'progress':
      writer.u8(PROGRESS);
      writer.uint(message.revision);
      break;
    case 'canceled':
      writer.u8(CANCELED);
      writer.uint(message.revision);
      writer.text(message.reason);
      writer.boolean(message.compactRevision !== undefined);
      if (message.compactRevision !== undefined) writer.uint(message.compactRevision);
      break;
    default:
      unreachable(message);
  }
}

export function readWatchMessage(reader: ByteReader): WatchMessage {
  const kind = reader.u8();
  const revision = reader.uint();
  switch (kind) {
    case CREATED:
      return { kind: 'created', revision };
    case EVENTS: {
      const events: WatchEvent[] = [];
      for (let left = reader.count(EVENT_BYTES_MIN); left > 0; left--) events.push(readEvent(reader));
      return { kind: 'events', revision, events };
    }
    case PROGRESS:
      return { kind: 'progress', revision };
    case CANCELED: {
      const reason = reader.text(REASON_BYTES_MAX);
      return { kind: 'canceled', revision, reason, compactRevision: reader.boolean() ? reader.uint() : undefined };
    }
    default:
      return unknownKind(reader, kind, 'watch message');
  }
}

export function encodeWatchMessage(message: WatchMessage): Uint8Array {
  const writer = new ByteWriter(128);
  writeWatchMessage(writer, message);
  return writer.take();
}

/** Total: any bytes give a message, or throw a `CoreError` with the code `invalid-request`. */
export function decodeWatchMessage(bytes: Uint8Array): WatchMessage {
  return decoding('watch message', () => {
    const reader = new ByteReader(bytes);
    const message = readWatchMessage(reader);
    reader.expectEnd();
    return message;
  });
}
