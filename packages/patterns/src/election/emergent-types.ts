import type { SafeLeadership } from './leadership.ts';

/** Who belongs, oldest first. Ordered by generation, then version. */
export interface MemberView {
  /** Of the leader that published it; 0 for the founding one. */
  readonly generation: number;
  readonly version: number;
  readonly members: readonly string[];
}

export type EmergentMessage =
  | {
      readonly kind: 'claim';
      readonly generation: number;
      readonly viewGeneration: number;
      readonly viewVersion: number;
    }
  | { readonly kind: 'grant'; readonly generation: number }
  /** A higher generation has been promised, or a newer view is known: `view`. */
  | { readonly kind: 'refused'; readonly generation: number; readonly view: MemberView }
  /** To whom one holds for the leader: is it still? If not, `resigned`. */
  | { readonly kind: 'asked' | 'resigned' }
  | { readonly kind: 'view'; readonly view: MemberView }
  | { readonly kind: 'accepted'; readonly generation: number; readonly version: number };

export type EmergentLeaderInput =
  /** The failure detector's opinion. Nobody is suspected at first. To begin, founders `tick`. */
  | { readonly kind: 'suspect' | 'trust'; readonly member: string }
  /** Somebody asks to be let in; the leader adds it as the youngest. An identity is never reused. */
  | { readonly kind: 'join'; readonly member: string }
  | { readonly kind: 'message'; readonly from: string; readonly message: EmergentMessage }
  | { readonly kind: 'tick' };

export type EmergentLeaderEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: EmergentMessage }
  | { readonly kind: 'leader'; readonly leadership: SafeLeadership }
  | { readonly kind: 'lost'; readonly leadership: SafeLeadership };
