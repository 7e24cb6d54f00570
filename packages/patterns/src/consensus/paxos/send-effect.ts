import type { NodeId } from './ballot.ts';

/** `after`: the ticket of the `persist` that must be durable before this message may leave; 0 when it need not wait. */
export interface SendEffect<Message> {
  readonly kind: 'send';
  readonly to: NodeId;
  readonly message: Message;
  readonly after: number;
}
