import { type RandomNumber, randomBelow } from '../base/index.ts';
import type { LogCluster, Machine } from './log-cluster.fixture.ts';

export interface LogChaosOptions {
  readonly burnMax: number;
  readonly slow?: number;
  /** Whether readers are done with records, which are then dropped. */
  readonly releases?: boolean;
}

/** What befalls a cluster. Each run has a character of its own: what is rare in one happens all the time in another. */
export class LogChaos {
  readonly #cluster: LogCluster;
  readonly #random: RandomNumber;
  readonly #burnMax: number;
  readonly #releases: number;
  /** Of 1000 turns; for `far` and `slow` one turn in so many. */
  readonly #odds: { readonly [what in 'crash' | 'cut' | 'failOver' | 'far' | 'slow']: number };

  constructor(cluster: LogCluster, random: RandomNumber, options: LogChaosOptions) {
    this.#cluster = cluster;
    this.#random = random;
    this.#burnMax = options.burnMax;
    this.#releases = options.releases === true ? 30 : 0;
    const oneOf = (...odds: readonly number[]): number => odds[randomBelow(random, odds.length)]!;
    this.#odds = {
      crash: oneOf(2, 15, 40),
      cut: oneOf(0, 10, 30),
      failOver: oneOf(4, 10, 40),
      far: oneOf(2, 4, 16),
      slow: options.slow ?? oneOf(1, 2),
    };
  }

  turn(): void {
    const cluster = this.#cluster;
    const { far, slow } = this.#odds;
    cluster.now += randomBelow(this.#random, 8);
    cluster.tick();
    if (randomBelow(this.#random, slow) === 0) cluster.flush(this.#any());
    if (randomBelow(this.#random, far) === 0) cluster.deliverFar();
    for (let i = 0; i < 3; i++) cluster.deliverAny();
    this.#befall();
  }

  #befall(): void {
    const cluster = this.#cluster;
    const { crash, cut, failOver, slow } = this.#odds;
    const machine = this.#any();
    let fate = randomBelow(this.#random, 1000);
    const isNow = (odds: number): boolean => {
      fate -= odds;
      return fate < 0 && fate >= -odds;
    };
    if (isNow(crash)) cluster.crash(machine);
    if (isNow(40)) cluster.start(machine);
    if (isNow(cut)) cluster.cut(machine.name, this.#any().name);
    if (isNow(15)) cluster.mend();
    if (isNow(failOver)) cluster.failOver();
    if (isNow(15)) cluster.refresh(machine);
    if (isNow(2) && cluster.machines.filter(({ burnt }) => burnt).length < this.#burnMax) cluster.burn(machine);
    if (isNow(this.#releases)) {
      const { highWaterMark } = machine.up ? machine.replica.status : { highWaterMark: 0 };
      cluster.feed(machine, { kind: 'release', index: Math.max(0, highWaterMark - randomBelow(this.#random, 6)) });
    }
    if (isNow(400 / slow)) cluster.flush(machine);
    if (fate >= 0) this.#append();
  }

  #append(): void {
    // Clients do not know that somebody has been deposed.
    const leaders = this.#cluster.machines.filter(({ up, replica }) => up && replica.status.role === 'leader');
    const leader = leaders[randomBelow(this.#random, Math.max(1, leaders.length))];
    if (leader !== undefined) this.#cluster.append(leader, 1 + randomBelow(this.#random, 2));
  }

  #any(): Machine {
    const { machines } = this.#cluster;
    return machines[randomBelow(this.#random, machines.length)]!;
  }
}
