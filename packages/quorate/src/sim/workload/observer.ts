/** Watches keys, from now or from the past, gives up and resumes, and falls behind compaction. */
import { type Client, CompactedError, CoreError, type Watcher } from '@quorate/cluster/client';
import { WatchCheck, type Watched } from '../checks/watch-check.ts';
import type { Stage } from './stage.ts';

export class Observer {
  readonly #stage: Stage;
  readonly #client: Client;
  readonly #name: string;
  #check: WatchCheck | undefined;
  #watcher: Watcher | undefined;
  #closed = false;

  constructor(stage: Stage, client: Client, nth: number) {
    this.#stage = stage;
    this.#client = client;
    this.#name = `${stage.name}/w${nth}`;
  }

  /** Changes that it has still to hear of. */
  get outstanding(): number {
    return this.#check?.outstanding ?? 0;
  }

  describe(): string {
    const { watched, next, outstanding } = this.#check!;
    const { from, to, without } = watched;
    const filter = without === undefined ? '' : ` without ${without}`;
    return `${this.#name} watches ${JSON.stringify([from, to])}${filter} from revision ${next} and misses ${outstanding} changes`;
  }

  async run(): Promise<void> {
    const { random } = this.#stage;
    while (!this.#closed) {
      const watched: Watched = {
        name: this.#name,
        ...random.pick([
          { from: 'k', to: 'l' },
          { from: 'k0', to: undefined },
          { from: '\0', to: '\0' },
        ]),
        previous: random.chance(0.5),
        without: random.pick([undefined, undefined, 'puts', 'deletes']),
      };
      const { reference, revisions } = this.#stage.parts;
      const past = random.chance(0.5) ? Math.max(1, revisions.floor().revision - random.below(100)) : 0;
      this.#check = new WatchCheck(reference, this.#stage.parts.violations, watched, past);
      await this.#follow(random.between(1, 4));
    }
  }

  /** Watches the same keys so many times, each from where the last ended. */
  async #follow(times: number): Promise<void> {
    for (let left = times; left > 0 && !this.#closed; left--) {
      if (left < times) this.#stage.parts.world.mark('watch resumed by its reader');
      try {
        await this.#watchFor(this.#stage.random.exponential(1500));
      } catch (error) {
        if (error instanceof CompactedError) this.#compacted(error);
        else if (!(error instanceof CoreError)) throw error;
        else await this.#stage.sleep(50);
      }
    }
  }

  async #watchFor(ms: number): Promise<void> {
    const check = this.#check!;
    const { from, to, previous, without } = check.watched;
    const { random } = this.#stage;
    const keys = to === undefined ? from : { from: from === '\0' ? '' : from, ...(to === '\0' ? {} : { to }) };
    const watcher = this.#client.watch(keys, {
      ...(check.next > 0 ? { fromRevision: check.next } : {}),
      ...(without === undefined ? {} : { without }),
      previous,
      progress: random.chance(0.5),
      bufferedMax: random.pick([1, 256]),
    });
    this.#watcher = watcher;
    if (this.#closed) watcher.close();
    const started = watcher.started.then((next) => {
      if (check.next === 0) check.next = next;
    });
    started.catch(() => {});
    const isSlow = random.chance(0.2);
    // After the safety phase it goes on to the end, so that nothing it must hear can be missed.
    const timer = this.#stage.sleep(ms).then(() => {
      if (!this.#stage.isOver()) watcher.close();
    });
    for await (const batch of watcher) {
      if (check.next === 0) check.next = await watcher.started;
      check.seen(batch);
      if (isSlow && !this.#stage.isOver()) await this.#stage.sleep(random.below(200));
      if (random.chance(0.1)) watcher.requestProgress();
    }
    await timer;
  }

  #compacted({ requestedRevision, compactRevision }: CompactedError): void {
    const check = this.#check!;
    this.#stage.parts.world.mark('watch resumed after compaction');
    check.compacted(requestedRevision, compactRevision);
    check.next = Math.max(check.next, compactRevision);
  }

  close(): void {
    this.#closed = true;
    this.#watcher?.close();
  }
}
