/** What kind of thing happened: part of the digest and of the readable trace. Numbers are never reused. */
export const EventCode = {
  control: 1,
  timer: 2,
  turn: 3,
  segment: 4,
  datagram: 5,
  disk: 6,
  socket: 7,
  process: 8,
  fault: 9,
} as const;
export type EventCode = (typeof EventCode)[keyof typeof EventCode];

/** Not waiting in the queue. */
export const IDLE = -1;
/** Waiting in line for the present instant. */
export const READY = -2;

/** Something that will happen at an instant of virtual time. Subclasses carry the data, so that no closure is needed. */
export abstract class SimEvent {
  readonly code: EventCode;
  /** The node it happens on, by number; -1 for the world itself. */
  readonly nodeId: number;
  /** Owned by the queue: the place in the heap, `IDLE` or `READY`. */
  slot: number = IDLE;
  /** Owned by the queue: breaks ties, and is in the digest. */
  sequence = 0;

  constructor(code: EventCode, nodeId: number) {
    this.code = code;
    this.nodeId = nodeId;
  }

  abstract fire(): void;

  /** One line for people. */
  abstract describe(): string;
}

/** For what happens too rarely to deserve a class of its own. */
export class ActionEvent extends SimEvent {
  readonly #label: string;
  readonly #action: () => void;

  constructor(code: EventCode, nodeId: number, label: string, action: () => void) {
    super(code, nodeId);
    this.#label = label;
    this.#action = action;
  }

  override fire(): void {
    this.#action();
  }

  override describe(): string {
    return this.#label;
  }
}
