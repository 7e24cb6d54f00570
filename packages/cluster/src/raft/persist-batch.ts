import type { LogStore, PersistRequest } from '../storage/types.ts';
import type { HostedGroup } from './group.ts';

interface Ticket {
  readonly group: HostedGroup;
  readonly ticket: number;
}

/** What this turn writes to the log: the requests of all groups as one unit. */
export class PersistBatch {
  readonly #log: LogStore;
  #requests: PersistRequest[] = [];
  #tickets: Ticket[] = [];
  /** Calls of `LogStore.persist`. */
  count = 0;

  constructor(log: LogStore) {
    this.#log = log;
  }

  add(group: HostedGroup, ticket: number, request: PersistRequest): void {
    this.#requests.push(request);
    this.#tickets.push({ group, ticket });
  }

  /** Hands everything to the log. Each group hears of its tickets when they are durable; a stopped one does not listen. */
  flush(): void {
    if (this.#requests.length === 0) return;
    const requests = this.#requests;
    const tickets = this.#tickets;
    this.#requests = [];
    this.#tickets = [];
    this.count += 1;
    this.#log.persist(requests, () => {
      for (let i = 0; i < tickets.length; i++) tickets[i]!.group.durable(tickets[i]!.ticket);
    });
  }
}
