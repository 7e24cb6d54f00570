import { ByteWriter } from '@quorate/patterns/base';
import { writeWatchMessage } from '../../codec/index.ts';
import type { WatchMessage } from '../../requests.ts';

/** Encodes a message once when it goes to many watchers, as the same events do when they watch the same keys. */
export class WatchEncoder {
  readonly #writer: ByteWriter = new ByteWriter(4096);
  #message: WatchMessage | undefined;
  /** The events of the message encoded last: the hub may wrap the same list anew for each watcher. */
  #encoded: Uint8Array = new Uint8Array(0);

  encode(message: WatchMessage): Uint8Array {
    if (!this.#isSame(message)) {
      writeWatchMessage(this.#writer, message);
      this.#encoded = this.#writer.take();
      this.#message = message;
    }
    return this.#encoded;
  }

  #isSame(message: WatchMessage): boolean {
    const last = this.#message;
    if (last === message) return true;
    return (
      last?.kind === 'events' &&
      message.kind === 'events' &&
      last.events === message.events &&
      last.revision === message.revision
    );
  }
}
