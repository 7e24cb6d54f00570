/** A machine with an easy way in: text for bytes, one command per entry. */

import {
  type Command,
  decodeResponse,
  encodeBatch,
  encodeCommand,
  type Response,
  type SessionHeader,
} from '../codec/index.ts';
import type { WatchHandle } from '../core.ts';
import { CoreError } from '../errors.ts';
import type {
  Compare,
  DeleteRangeRequest,
  KeyValue,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnOperation,
  TxnRequest,
  TxnResponse,
  WatchMessage,
  WatchRequest,
} from '../requests.ts';
import { CoreMachine, type CoreMachineOptions, plainResponse, type Reply } from './index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (b: Uint8Array): string => decoder.decode(b);

export const put = (key: string, value = '', more: Partial<PutRequest> = {}): PutRequest => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
  ...more,
});
export const get = (key: string, end?: string, more: Partial<RangeRequest> = {}): RangeRequest => ({
  kind: 'range',
  key: bytes(key),
  rangeEnd: end === undefined ? undefined : bytes(end),
  ...more,
});
export const del = (key: string, end?: string, prevKv = false): DeleteRangeRequest => ({
  kind: 'delete-range',
  key: bytes(key),
  rangeEnd: end === undefined ? undefined : bytes(end),
  prevKv,
});
export const txn = (compare: Compare[], success: TxnOperation[], failure: TxnOperation[] = []): TxnRequest => ({
  kind: 'txn',
  compare,
  success,
  failure,
});
export const when = (
  key: string,
  target: 'version' | 'create' | 'mod' | 'lease',
  result: Compare['result'],
  operand: number,
  end?: string,
): Compare => ({ key: bytes(key), rangeEnd: end === undefined ? undefined : bytes(end), target, result, operand });
export const whenValue = (key: string, result: Compare['result'], operand: string, end?: string): Compare => ({
  key: bytes(key),
  rangeEnd: end === undefined ? undefined : bytes(end),
  target: 'value',
  result,
  operand: bytes(operand),
});

/** `key=value@mod`, enough to recognise a version. */
export const shown = (kvs: readonly KeyValue[]): string[] =>
  kvs.map((kv) => `${text(kv.key)}=${text(kv.value)}@${kv.modRevision}`);

export class Bench {
  readonly machine: CoreMachine;
  index = 0;

  constructor(options: CoreMachineOptions = {}) {
    this.machine = new CoreMachine(options);
  }

  /** Applies one entry with these encoded commands, and returns the replies. */
  applyEncoded(...commands: Uint8Array[]): Reply[] {
    return this.applyEntry(encodeBatch(commands));
  }

  applyEntry(data: Uint8Array): Reply[] {
    const replies: Reply[] = [];
    this.index += 1;
    this.machine.apply(this.index, data, {
      reply: (nth: number, reply: Reply) => {
        replies[nth] = reply;
      },
      refused: () => {},
      lost: () => {},
    } as never);
    return replies;
  }

  /** The answer or refusal. That its encoded form says the same is checked on the way. */
  try(command: Command, header?: SessionHeader): Response | CoreError {
    const reply = this.applyEncoded(encodeCommand(command, header))[0]!;
    const { value } = reply;
    const decoded = decodeResponse(reply.bytes);
    if (JSON.stringify(show(decoded)) !== JSON.stringify(show(value))) {
      throw new Error(`encoded answer differs: ${JSON.stringify(show(decoded))} and ${JSON.stringify(show(value))}`);
    }
    return value;
  }

  do<K extends Response['kind']>(
    command: Command & { kind: K | string },
    header?: SessionHeader,
  ): Response & { kind: K } {
    const answer = this.try(command as Command, header);
    if (answer instanceof CoreError) throw answer;
    return answer as Response & { kind: K };
  }

  txn(request: TxnRequest): TxnResponse {
    return this.do<'txn'>(request);
  }

  /** The code of the refusal, or `ok`. */
  code(command: Command, header?: SessionHeader): string {
    const answer = this.try(command, header);
    return answer instanceof CoreError ? answer.code : 'ok';
  }

  put(key: string, value = '', more: Partial<PutRequest> = {}): number {
    return this.do<'put'>(put(key, value, more)).revision;
  }

  range(request: RangeRequest): RangeResponse {
    const answer = this.machine.range(request);
    if (answer instanceof CoreError) throw answer;
    return plainResponse(answer);
  }

  rangeCode(request: RangeRequest): string {
    const answer = this.machine.range(request);
    return answer instanceof CoreError ? answer.code : 'ok';
  }

  kv(key: string): KeyValue | undefined {
    return this.range(get(key)).kvs[0];
  }

  /** All keys with their values, as text. */
  content(revision = 0): string[] {
    return shown(this.range(get('\u0000', '\u0000', { revision })).kvs);
  }

  watch(key: string, end?: string, more: Partial<WatchRequest> = {}): Ear {
    return new Ear(this, { key: bytes(key), rangeEnd: end === undefined ? undefined : bytes(end), ...more });
  }

  flush(): void {
    this.machine.applied(this.index);
    while (this.machine.work()) {}
  }

  async snapshot(): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.machine.snapshot()) chunks.push(chunk.slice());
    return chunks;
  }

  async restore(chunks: readonly Uint8Array[]): Promise<void> {
    await this.machine.restore(
      (async function* () {
        yield* chunks;
      })(),
    );
    this.index = this.machine.appliedIndex;
  }

  hash(revision = 0): string {
    const steps = this.machine.hash(revision);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return JSON.stringify(show(step.value));
    }
  }
}

/** A watcher with all that it heard. */
export class Ear {
  readonly heard: WatchMessage[] = [];
  readonly handle: WatchHandle;
  constructor(bench: Bench, request: WatchRequest) {
    this.handle = bench.machine.watch(request, (message) => this.heard.push(message));
  }
  get kinds(): string[] {
    return this.heard.map((m) => m.kind);
  }
  /** `put a=1@2` or `delete a@3`, with `(was …)` when the previous value came along. */
  get events(): string[] {
    return this.heard.flatMap((m) =>
      m.kind !== 'events'
        ? []
        : m.events.map((e) => {
            const what = e.type === 'put' ? `put ${shown([e.kv])[0]}` : `delete ${text(e.kv.key)}@${e.kv.modRevision}`;
            return e.prevKv === undefined ? what : `${what} (was ${shown([e.prevKv])[0]})`;
          }),
    );
  }
}

/** JSON-able, bytes as text. */
export function show(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, v) => {
      if (v instanceof Uint8Array) return [...v].join(',');
      if (v instanceof CoreError) return { ...v, message: v.message };
      return v;
    }),
  );
}
