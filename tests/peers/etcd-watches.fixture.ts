/** Random scripts of watches over a few keys, and what their watchers hear in the end. */
import {
  COMPACT,
  DELETE_RANGE,
  type GrpcClient,
  type MethodRef,
  PUT,
  RANGE,
  TXN,
  WATCH,
} from '@quorate/gateways/etcd/client';
import fc from 'fast-check';

type MessageOf<M> = M extends MethodRef<unknown, infer A> ? A : never;
type Heard = MessageOf<typeof WATCH>;

const KEYS = ['a', 'b', 'c'] as const;

export interface ScriptedWatch {
  readonly key: string;
  readonly rangeEnd: string;
  /** From the present revision; undefined for "from now on". */
  readonly start: number | undefined;
  readonly prevKv: boolean;
  readonly filters: readonly number[];
  readonly watchId: number;
}
export type ScriptedStep =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string; readonly rangeEnd: string }
  | { readonly kind: 'txn'; readonly keys: readonly string[] }
  | { readonly kind: 'watch'; readonly watch: ScriptedWatch }
  | { readonly kind: 'cancel'; readonly watchId: number };
export interface WatchScript {
  /** Compacts this many revisions behind the present one first; then nothing in the script starts before that. */
  readonly compactBehind: number | undefined;
  readonly steps: readonly ScriptedStep[];
}

const key = fc.constantFrom(...KEYS);
const rangeEnd = fc.constantFrom('', '', 'c', 'z', '\0', 'A');
/** An empty key stands for the first possible one: only with a range does it hear anything. */
const span = fc.oneof(
  { weight: 8, arbitrary: fc.record({ key: key as fc.Arbitrary<string>, rangeEnd }) },
  { weight: 1, arbitrary: fc.record({ key: fc.constant(''), rangeEnd: fc.constantFrom('c', 'z', '\0') }) },
);
const watch = fc
  .record({
    span,
    start: fc.oneof(fc.constant(undefined), fc.integer({ min: -8, max: 2 })),
    prevKv: fc.boolean(),
    filters: fc.constantFrom<readonly number[]>([], [], [0], [1]),
    watchId: fc.constantFrom(0, 0, 0, 1, 5),
  })
  .map(({ span: where, ...rest }): ScriptedWatch => ({ ...where, ...rest }));
const step: fc.Arbitrary<ScriptedStep> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.constantFrom('', '1', '2') }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), key, rangeEnd: fc.constantFrom('', 'c', 'z') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('txn' as const), keys: fc.uniqueArray(key, { minLength: 1 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('watch' as const), watch }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), watchId: fc.constantFrom(0, 1, 2, 5) }) },
);
export const watchScript: fc.Arbitrary<WatchScript> = fc.record({
  compactBehind: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
  steps: fc.array(step, { minLength: 4, maxLength: 20 }),
});

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const text = (some: Uint8Array): string => Buffer.from(some).toString('latin1');

/** Runs scripts against one server, one after the other. */
export class WatchRunner {
  readonly #client: GrpcClient;
  #heard: Heard[] = [];
  #watches = new Map<number, ScriptedWatch>();
  #wake: () => void = () => {};
  #compacted: number | undefined;

  constructor(client: GrpcClient) {
    this.#client = client;
  }

  /** The answer is, for each watcher, what it heard, in order. */
  async run(script: WatchScript): Promise<unknown> {
    this.#heard = [];
    this.#watches = new Map();
    // The first time up to now, whatever was compacted before.
    if (this.#compacted === undefined) await this.#compact(0);
    if (script.compactBehind !== undefined) await this.#compact(script.compactBehind);
    const stream = this.#client.stream(WATCH, {
      message: (response) => {
        this.#heard.push(response);
        this.#wake();
      },
      ended: () => this.#wake(),
    });
    let made = 0;
    const live = new Set<number>();
    for (const one of script.steps) {
      if (one.kind === 'watch') {
        stream.send({ ...WATCH.request.create(), createRequest: await this.#creation(one.watch) });
        made += 1;
        const answers = await this.#until((heard) => heard.filter((r) => r.created).length === made);
        const answer = answers.filter((r) => r.created).at(-1)!;
        if (!answer.canceled) live.add(answer.watchId);
        this.#watches.set(answer.watchId, one.watch);
      } else if (one.kind === 'cancel') {
        stream.send({ ...WATCH.request.create(), cancelRequest: { watchId: one.watchId } });
        // One that was compacted has been canceled already.
        if (live.delete(one.watchId)) await this.#until((heard) => isOver(heard, one.watchId));
      } else {
        await this.#change(one);
      }
    }
    await this.#everybodyServed();
    stream.cancel();
    return this.#summary();
  }

  async #compact(behind: number): Promise<void> {
    const revision = (await this.#revision()) - behind;
    try {
      await this.#client.unary(COMPACT, { revision, physical: true });
    } catch {
      // Compacted further than that already.
    }
    this.#compacted = Math.max(this.#compacted ?? 0, revision);
  }

  async #revision(): Promise<number> {
    const answer = await this.#client.unary(RANGE, { ...RANGE.request.create(), key: bytes('a'), countOnly: true });
    return answer.header!.revision;
  }

  async #creation(scripted: ScriptedWatch) {
    const { key: watched, rangeEnd: end, start, prevKv, filters, watchId } = scripted;
    let startRevision = start === undefined ? 0 : Math.max(1, (await this.#revision()) + start);
    // etcd 3.4 forgets a deletion at the very revision that was compacted (its issue 19179); the gateway's core does not.
    if (startRevision === this.#compacted) startRevision += 1;
    const blank = { progressNotify: false, fragment: false };
    return { ...blank, key: bytes(watched), rangeEnd: bytes(end), startRevision, prevKv, filters, watchId };
  }

  async #change(one: ScriptedStep): Promise<void> {
    if (one.kind === 'put') await this.#put(one.key, one.value);
    if (one.kind === 'delete') {
      const request = { key: bytes(one.key), rangeEnd: bytes(one.rangeEnd), prevKv: false };
      await this.#client.unary(DELETE_RANGE, request);
    }
    if (one.kind === 'txn') {
      const blank = { requestRange: undefined, requestDeleteRange: undefined, requestTxn: undefined };
      const success = one.keys.map((put) => ({
        ...blank,
        requestPut: { ...PUT.request.create(), key: bytes(put), value: bytes('txn') },
      }));
      await this.#client.unary(TXN, { compare: [], success, failure: [] });
    }
  }

  #put(into: string, value: string): Promise<unknown> {
    return this.#client.unary(PUT, { ...PUT.request.create(), key: bytes(into), value: bytes(value) });
  }

  /** Puts and deletes every key once more, and waits until every watcher that is left has heard what it can hear of that. */
  async #everybodyServed(): Promise<void> {
    const from = await this.#revision();
    for (const one of KEYS) await this.#put(one, 'end');
    await this.#client.unary(DELETE_RANGE, { key: bytes('a'), rangeEnd: bytes('z'), prevKv: false });
    await this.#until((heard) => {
      const created = heard.filter((r) => r.created && !r.canceled).map((r) => r.watchId);
      return created.every(
        (id) => isOver(heard, id) || revisionServed(heard, id) >= lastFor(this.#watches.get(id)!, from),
      );
    });
  }

  async #until(condition: (heard: readonly Heard[]) => boolean): Promise<readonly Heard[]> {
    const deadline = performance.now() + 5000;
    while (!condition(this.#heard)) {
      if (performance.now() > deadline) return this.#heard;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 100);
      });
    }
    return this.#heard;
  }

  #summary(): unknown {
    // How events are grouped into responses, and what comes between watchers, is a matter of timing.
    const lines = new Map<string, string[]>();
    let refused = 0;
    for (const response of this.#heard) {
      const id = response.watchId === -1 ? `refused ${refused++}` : `${response.watchId}`;
      const line = lines.get(id) ?? [];
      lines.set(id, line);
      line.push(...describe(response));
    }
    // So is how far a watcher got before it was canceled.
    const settled = [...lines].map(
      ([id, line]) => [id, line.includes(CANCELED) ? line.filter(isControl) : line] as const,
    );
    return Object.fromEntries(settled.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function isOver(heard: readonly Heard[], id: number): boolean {
  const mine = heard.filter((r) => r.watchId === id);
  return mine.some((r) => r.canceled) && !(mine.at(-1)?.created === true);
}

/** The revision of the last change that a watcher hears of, when the keys are put one by one from `from` on and then deleted together. */
function lastFor({ key: first, rangeEnd: end, filters }: ScriptedWatch, from: number): number {
  const heardKeys = KEYS.filter((one) => (end === '' ? one === first : one >= first && (end === '\0' || one < end)));
  if (heardKeys.length === 0) return 0;
  return filters.includes(1) ? from + 1 + KEYS.indexOf(heardKeys.at(-1)!) : from + KEYS.length + 1;
}

function revisionServed(heard: readonly Heard[], id: number): number {
  const events = heard.filter((r) => r.watchId === id).flatMap((r) => r.events);
  return events.at(-1)?.kv?.modRevision ?? 0;
}

const CANCELED = 'canceled, compacted 0, ""';
const isControl = (line: string): boolean => line === CANCELED || line.startsWith('created');

function describe(response: Heard): string[] {
  const out: string[] = [];
  if (response.created)
    out.push(response.canceled ? `refused: ${response.cancelReason}` : `created at ${response.header!.revision}`);
  else if (response.canceled) out.push(`canceled, compacted ${response.compactRevision}, "${response.cancelReason}"`);
  for (const event of response.events) {
    const { key: k, modRevision, createRevision, version, value } = event.kv!;
    const previous =
      event.prevKv === undefined ? '' : `, before: ${text(event.prevKv.value)}@${event.prevKv.modRevision}`;
    const what = event.type === 1 ? 'delete' : `put ${text(value)} (version ${version} since ${createRevision})`;
    out.push(`${text(k)} ${what} @${modRevision}${previous}`);
  }
  return out;
}
