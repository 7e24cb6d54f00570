/** A load whose acknowledged writes are remembered, to be looked for afterwards. */
import { type Client, CoreError } from '@quorate/cluster/client';

export class AcknowledgedWrites {
  /** Key to the values whose outcome is possible: the last acknowledged one, and any later one whose outcome is unknown. */
  readonly #possible = new Map<string, string[]>();
  readonly #acknowledgedAt: number[] = [];
  #writing = true;
  #done: Promise<unknown> = Promise.resolve();

  /** Starts `writers` that each write their own keys, one write after the other. */
  start(client: Client, writers: number): void {
    this.#done = Promise.all(Array.from({ length: writers }, (_, writer) => this.#write(client, writer)));
  }

  async stop(): Promise<void> {
    this.#writing = false;
    await this.#done;
  }

  get count(): number {
    return this.#acknowledgedAt.length;
  }

  /** The longest time without any acknowledgement around `at`, from the last one before. */
  gapAround(at: number): number {
    const after = this.#acknowledgedAt.find((each) => each > at);
    return (after ?? Number.POSITIVE_INFINITY) - at;
  }

  async #write(client: Client, writer: number): Promise<void> {
    for (let i = 0; this.#writing; i++) {
      const key = `w${writer}/${i % 50}`;
      const value = `${writer}-${i}`;
      const before = this.#possible.get(key) ?? [];
      this.#possible.set(key, [...before, value]);
      try {
        await client.put(key, value, { timeoutMs: 20_000 });
        this.#possible.set(key, [value]);
        this.#acknowledgedAt.push(performance.now());
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        if (error.outcome === 'not-applied') this.#possible.set(key, before);
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** What of it the cluster no longer has: empty when all is well. */
  async lost(client: Client): Promise<string[]> {
    const lost: string[] = [];
    for (const [key, possible] of this.#possible) {
      const found = await client.get(key, { timeoutMs: 20_000 });
      const text = found === undefined ? undefined : new TextDecoder().decode(found.value);
      // A first write that was never acknowledged need not be there.
      if (text === undefined ? possible.length === 1 : !possible.includes(text))
        lost.push(`${key}: found ${text}, expected one of ${possible}`);
    }
    return lost;
  }
}
