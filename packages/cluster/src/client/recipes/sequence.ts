import { CoreError } from '../../core/errors.ts';
import type { RangeResponse } from '../../core/requests.ts';
import type { Client } from '../client.ts';
import type { Bytes } from '../keys.ts';
import { get, type PutOptions, put, version } from '../operations.ts';

/** Wide enough for any number a sequence can reach, so that keys sort as their numbers do. */
const DIGITS = 16;

/**
 * Numbers 1, 2, 3, … without gaps, each handed out once. The number is the version of one key, so that drawing one is a single
 * write without a comparison that could fail: it does not slow down under contention. Deleting the key starts it again at 1.
 */
export class Sequence {
  readonly name: string;
  readonly #client: Client;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  async next(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<number> {
    const { responses } = await this.#client.txn({ then: [put(this.name, ''), get(this.name)] }, options);
    return (responses[1] as RangeResponse).kvs[0]!.version;
  }

  /** The last number handed out; 0 when none was. */
  async current(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<number> {
    return (await this.#client.get(this.name, options))?.version ?? 0;
  }

  /**
   * Creates the key `name/0000000000000001`, and so on: number and key in one revision, so that whoever sees a key also sees all that come before
   * it. Resolves with the number and the key. Draws again when others were faster.
   */
  async append(
    value: Bytes,
    options: PutOptions & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly number: number; readonly key: string; readonly revision: number }> {
    let last = await this.current(options);
    for (;;) {
      options.signal?.throwIfAborted();
      const number = last + 1;
      const key = this.keyOf(number);
      const { succeeded, responses, revision } = await this.#client.txn(
        {
          if: [version(this.name, '=', last)],
          then: [put(this.name, ''), put(key, value, options)],
          else: [get(this.name)],
        },
        options,
      );
      if (succeeded) return { number, key, revision };
      last = (responses[0] as RangeResponse).kvs[0]?.version ?? 0;
    }
  }

  keyOf(number: number): string {
    const digits = String(number);
    if (digits.length > DIGITS) throw new CoreError('invalid-request', `${number} has more than ${DIGITS} digits`);
    return `${this.name}/${digits.padStart(DIGITS, '0')}`;
  }
}
