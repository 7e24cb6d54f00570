import { Instant } from '../base/index.ts';

export interface RoundNode<Message> {
  step(
    input: { readonly kind: 'tick' } | { readonly kind: 'message'; readonly from: string; readonly message: Message },
    now: Instant,
    out: ({ readonly kind: 'send'; readonly to: string; readonly message: Message } | { readonly kind: string })[],
  ): void;
}

/**
 * Synchronous rounds, as in the papers: all act at once, and what they send and all answers to it arrive within the round. `lost` drops a message.
 * The number of messages sent.
 */
export function playRound<Message>(
  nodes: ReadonlyMap<string, RoundNode<Message>>,
  round: number,
  lost: () => boolean = () => false,
): number {
  const now = Instant.of(round);
  const queue: { from: string; to: string; message: Message }[] = [];
  const out: { readonly kind: string }[] = [];
  const collect = (from: string): void => {
    for (const effect of out.splice(0)) {
      if (effect.kind !== 'send') continue;
      const { to, message } = effect as unknown as { to: string; message: Message };
      queue.push({ from, to, message });
    }
  };
  for (const [name, node] of nodes) {
    node.step({ kind: 'tick' }, now, out);
    collect(name);
  }
  let sent = 0;
  for (let at = 0; at < queue.length; at++) {
    const { from, to, message } = queue[at]!;
    sent += 1;
    if (lost()) continue;
    nodes.get(to)!.step({ kind: 'message', from, message }, now, out);
    collect(to);
  }
  return sent;
}
