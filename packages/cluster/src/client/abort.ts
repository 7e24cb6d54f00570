/** A signal that aborts as soon as one of several does; disposing takes its listeners off them. */
export class LinkedSignal implements Disposable, EventListenerObject {
  readonly #controller: AbortController = new AbortController();
  readonly #sources: readonly AbortSignal[];

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) source.addEventListener('abort', this);
    this.handleEvent();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  handleEvent(): void {
    const first = this.#sources.find((source) => source.aborted);
    if (first === undefined) return;
    this[Symbol.dispose]();
    this.#controller.abort(first.reason);
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener('abort', this);
  }
}
