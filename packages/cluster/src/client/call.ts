import type { ByteReader } from '@quorate/patterns/base';
import type { Command } from '../core/codec/commands.ts';
import { CoreError } from '../core/errors.ts';
import { Waiter } from '../core/service/waiting-list.ts';
import type { Encoded, ServerLink } from './server-link.ts';

/**
 * What may be done when nobody knows whether a request arrived. `session`: repeat it, the state machine tells a repetition. `harmless`:
 * repeat it, it changes nothing. `never`: tell the caller that the outcome is unknown.
 */
export type Repetition = 'session' | 'harmless' | 'never';

/** One request, from the call to its answer, over as many attempts and servers as it takes. */
export class Call<T> extends Waiter<T> implements Encoded {
  readonly operation: number;
  readonly repetition: Repetition;
  readonly decode: (reader: ByteReader) => T | CoreError;
  /** Where it is in flight; undefined while it waits to be sent. */
  link: ServerLink | undefined;
  chunk: Uint8Array | undefined;
  start = 0;
  end = 0;
  /** An earlier attempt may have been applied. */
  inDoubt = false;
  /** Of a write: what its session header says, and what to encode again should the session have expired before. */
  session = 0;
  sequence = 0;
  command: Command | undefined;

  constructor(what: string, operation: number, repetition: Repetition, decode: (reader: ByteReader) => T | CoreError) {
    super(what);
    this.operation = operation;
    this.repetition = repetition;
    this.decode = decode;
  }

  /** Ends the call with a refusal that says nothing of earlier attempts. */
  refuse(error: CoreError): void {
    if (!this.inDoubt || error.outcome !== 'not-applied') return this.reject(error);
    const details = { retryable: error.retryable, outcome: 'unknown', cause: error } as const;
    this.reject(new CoreError(error.code, `${error.message} (an earlier attempt may have been applied)`, details));
  }
}
