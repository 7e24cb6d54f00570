import { EventCode, SimEvent } from '../engine/sim-event.ts';
import type { TcpEndpoint } from './tcp-endpoint.ts';

/** Something that an end does in its process's time. */
export class EndpointEvent extends SimEvent {
  readonly #endpoint: TcpEndpoint;
  readonly #label: string;
  readonly #action: () => void;

  constructor(endpoint: TcpEndpoint, label: string, action: () => void) {
    super(EventCode.socket, endpoint.stack.nodeId);
    this.#endpoint = endpoint;
    this.#label = label;
    this.#action = action;
  }

  override fire(): void {
    const { process } = this.#endpoint;
    if (process === undefined || process.admit(this)) this.#action();
  }

  override describe(): string {
    return `connection ${this.#endpoint.id} ${this.#label}`;
  }
}
