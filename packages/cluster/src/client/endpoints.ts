import type { Address } from '@quorate/env';
import { CoreError } from '../core/errors.ts';

const PORT_MAX = 65_535;

/** `host:port`, `[v6]:port`. Throws `invalid-request` naming what was given. */
export function parseAddress(text: string): Address {
  const address = findAddress(text);
  if (address !== undefined) return address;
  throw new CoreError('invalid-request', `"${text}" is not an address: host:port expected, like 127.0.0.1:7410`);
}

/** The same for what others have written: undefined when it is no address. */
export function findAddress(text: string): Address | undefined {
  const match = /^(?:\[([\da-fA-F:.]+(?:%[^\]\s]+)?)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= PORT_MAX ? { host, port } : undefined;
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The addresses that a client knows, taken in turn. Those it was given stay; those it has learnt follow the membership. */
export class Endpoints {
  readonly #given: readonly Address[];
  #all: readonly Address[];
  #cursor: number;

  constructor(given: readonly Address[], start: number) {
    this.#given = given;
    this.#all = given;
    this.#cursor = start % given.length;
  }

  get count(): number {
    return this.#all.length;
  }

  /** The next in turn, and not `except` unless there is no other. */
  next(except: Address | undefined): Address {
    for (let tries = 0; tries < this.#all.length; tries++) {
      const address = this.#all[this.#cursor % this.#all.length]!;
      this.#cursor = (this.#cursor + 1) % this.#all.length;
      if (except === undefined || formatAddress(address) !== formatAddress(except)) return address;
    }
    return this.#all[0]!;
  }

  learn(members: readonly Address[]): void {
    const known = new Map([...this.#given, ...members].map((address) => [formatAddress(address), address]));
    this.#all = [...known.values()];
    this.#cursor %= this.#all.length;
  }
}
