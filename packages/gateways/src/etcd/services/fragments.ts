import { Event, type WatchResponse } from '../messages/watch.ts';
import { Writer } from '../protobuf/writer.ts';

/** etcd's limit on requests with the allowance for overhead: a response of this size or more is cut when the client asked for it. */
export const FRAGMENT_BYTES: number = 2 * 1024 * 1024;

/** What an event adds to a response beyond its own bytes: a tag and a length. */
const EVENT_OVERHEAD_BYTES = 6;
const RESPONSE_OVERHEAD_BYTES = 64;

const writer = new Writer();

function sizeOf(event: Event): number {
  Event.write(writer, event);
  const size = writer.written;
  writer.discard();
  return size + EVENT_OVERHEAD_BYTES;
}

/**
 * One response's events in responses of less than `maxBytes`, as far as single events allow; all but the last are marked as
 * fragments.
 */
export function fragment(response: WatchResponse, maxBytes: number = FRAGMENT_BYTES): WatchResponse[] {
  const { events } = response;
  if (events.length < 2) return [response];
  const parts: Event[][] = [];
  let part: Event[] = [];
  let bytes = RESPONSE_OVERHEAD_BYTES;
  for (const event of events) {
    const size = sizeOf(event);
    if (part.length > 0 && bytes + size >= maxBytes) {
      parts.push(part);
      part = [];
      bytes = RESPONSE_OVERHEAD_BYTES;
    }
    part.push(event);
    bytes += size;
  }
  parts.push(part);
  return parts.map((some, i) => ({ ...response, events: some, fragment: i < parts.length - 1 }));
}
