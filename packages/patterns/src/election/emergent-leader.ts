/**
 * Emergent leader: the oldest member leads. When it falls silent, the next oldest takes over, once a majority of the last known membership lets it.
 *
 * Joshi, "Patterns of Distributed Systems", 2023, chapter "Emergent Leader". The chapter leaves open what happens when views differ; here a view is what
 * Raft's configuration is (Ongaro, dissertation 2014, chapter 4): each member lets in one claimant per generation, and none whose view is older than its
 * own; a view takes one change at a time, each acknowledged by a majority of it; and the first of a generation changes nobody. So majorities
 * of any two views in use overlap, and a generation has one leader: it is a fencing token, and leadership is safe.
 *
 * An identity is one run of a process: a restart joins anew, as the youngest. That is why promises need no disk. If a majority is gone for good,
 * nobody leads; an operator founds a new membership.
 *
 *     following --the older ones are suspected--> claiming --majority--> leading --majority suspected, or a higher generation--> following
 *
 * Pure. O(members) per message.
 */
import { assert, Instant } from '../base/index.ts';
import { majoritySize } from '../quorum/index.ts';
import type { EmergentLeaderEffect, EmergentLeaderInput, EmergentMessage, MemberView } from './emergent-types.ts';
import { type Election, FencingToken, type SafeLeadership } from './leadership.ts';

export interface EmergentLeaderOptions {
  readonly self: string;
  /** The founding members, oldest first, the same for all of them; undefined for who joins later. */
  readonly founders?: readonly string[];
  /** How long a claim or a view may go unanswered before it is sent again. */
  readonly retryMs: number;
}

type Role =
  | { readonly kind: 'following' }
  | { readonly kind: 'claiming'; readonly votes: Set<string> }
  | { readonly kind: 'leading'; readonly acks: Set<string>; committed: boolean; confirmed: boolean };

export class EmergentLeader implements Election<SafeLeadership, EmergentLeaderInput, EmergentLeaderEffect> {
  readonly #self: string;
  readonly #retryMs: number;
  #view: MemberView;
  /** Highest generation promised or seen. */
  #promised = 0;
  /** The last claim let in: at most one per generation. */
  #granted: { readonly generation: number; readonly to: string } | undefined;
  #role: Role = { kind: 'following' };
  #leader: string | undefined;
  #known: SafeLeadership | undefined;
  #retryAt: Instant = Instant.of(0);
  readonly #suspected = new Set<string>();
  readonly #joining = new Set<string>();

  constructor(options: EmergentLeaderOptions) {
    const founders = options.founders ?? [];
    assert(options.retryMs > 0, 'retryMs must be above 0');
    // One who is named twice would be two of a majority.
    assert(new Set(founders).size === founders.length, `founders must be distinct, not ${founders.join(', ')}`);
    this.#self = options.self;
    this.#retryMs = options.retryMs;
    this.#view = { generation: 0, version: 0, members: founders };
  }

  get view(): MemberView {
    return this.#view;
  }

  get known(): SafeLeadership | undefined {
    return this.#known;
  }

  held(_now: Instant): SafeLeadership | undefined {
    return this.#role.kind === 'leading' && this.#role.confirmed ? this.#known : undefined;
  }

  get deadline(): Instant | undefined {
    const role = this.#role;
    if (role.kind === 'following') return undefined;
    return role.kind === 'claiming' || !this.#everywhere(role.acks) ? this.#retryAt : undefined;
  }

  /** Whether all who can be reached have the view: a majority is enough to go on, not to stop sending it. */
  #everywhere(acks: ReadonlySet<string>): boolean {
    return this.#view.members.every((member) => acks.has(member) || this.#suspected.has(member));
  }

  step(input: EmergentLeaderInput, now: Instant, out: EmergentLeaderEffect[]): void {
    switch (input.kind) {
      case 'suspect':
        this.#suspected.add(input.member);
        break;
      case 'trust':
        this.#suspected.delete(input.member);
        break;
      case 'join':
        this.#joining.add(input.member);
        break;
      case 'message':
        this.#message(input.from, input.message, now, out);
        break;
      case 'tick':
        if (this.deadline !== undefined && now >= this.deadline) this.#retry(now, out);
        break;
    }
    this.#act(now, out);
  }

  /** Looks at all the state and does the next thing. */
  #act(now: Instant, out: EmergentLeaderEffect[]): void {
    const { members } = this.#view;
    const reachable = members.filter((member) => member === this.#self || !this.#suspected.has(member));
    const enough = reachable.length >= majoritySize(members.length);
    if (this.#role.kind === 'leading') {
      if (!enough || !members.includes(this.#self)) return this.#follow(undefined, out);
      return this.#change(now, out);
    }
    const leaderFine = this.#leader !== undefined && !this.#suspected.has(this.#leader) && this.#leader !== this.#self;
    const turn = enough && !leaderFine && reachable[0] === this.#self;
    if (turn && this.#role.kind === 'following') this.#claim(now, out);
    else if (!turn && this.#role.kind === 'claiming') this.#role = { kind: 'following' };
  }

  #claim(now: Instant, out: EmergentLeaderEffect[]): void {
    this.#promised += 1;
    this.#leader = undefined;
    this.#role = { kind: 'claiming', votes: new Set([this.#self]) };
    this.#retry(now, out);
    this.#count(now, out);
  }

  #retry(now: Instant, out: EmergentLeaderEffect[]): void {
    this.#retryAt = Instant.add(now, this.#retryMs);
    const { generation: viewGeneration, version: viewVersion } = this.#view;
    const message: EmergentMessage =
      this.#role.kind === 'claiming'
        ? { kind: 'claim', generation: this.#promised, viewGeneration, viewVersion }
        : { kind: 'view', view: this.#view };
    for (const to of this.#view.members) if (to !== this.#self) out.push({ kind: 'send', to, message });
  }

  #message(from: string, message: EmergentMessage, now: Instant, out: EmergentLeaderEffect[]): void {
    switch (message.kind) {
      case 'claim':
        return this.#claimed(from, message, out);
      case 'grant':
        if (this.#role.kind !== 'claiming' || message.generation !== this.#promised) return;
        this.#role.votes.add(from);
        return this.#count(now, out);
      case 'view':
        return this.#viewed(from, message.view, out);
      case 'accepted':
        if (this.#role.kind !== 'leading' || message.generation !== this.#view.generation) return;
        if (message.version === this.#view.version) this.#acknowledged(from, out);
        return;
      case 'refused':
        return this.#refused(message, out);
      case 'asked':
        if (this.#role.kind !== 'leading') out.push({ kind: 'send', to: from, message: { kind: 'resigned' } });
        return;
      case 'resigned':
        if (from === this.#leader) this.#leader = undefined;
        return;
    }
  }

  #refused({ generation, view }: EmergentMessage & { kind: 'refused' }, out: EmergentLeaderEffect[]): void {
    const newer = compareViews(view, this.#view) > 0;
    if (generation <= this.#promised && !newer) return;
    this.#promised = Math.max(generation, this.#promised);
    // To know of a newer view is not to acknowledge it: that counts only for the leader that published it.
    if (newer) this.#view = view;
    this.#follow(undefined, out);
  }

  #claimed(from: string, claim: EmergentMessage & { kind: 'claim' }, out: EmergentLeaderEffect[]): void {
    const refuse = (): void => {
      out.push({ kind: 'send', to: from, message: { kind: 'refused', generation: this.#promised, view: this.#view } });
    };
    const grant = (): void => {
      out.push({ kind: 'send', to: from, message: { kind: 'grant', generation: claim.generation } });
    };
    // Asked again: the first grant was lost.
    if (
      claim.generation === this.#promised &&
      claim.generation === this.#granted?.generation &&
      from === this.#granted.to
    )
      return grant();
    if (claim.generation <= this.#promised) return refuse();
    // Whoever hears its leader lets nobody else in. But that it lives does not mean that it leads.
    if (this.#leader !== undefined && this.#leader !== from && !this.#suspected.has(this.#leader)) {
      if (this.#leader !== this.#self) out.push({ kind: 'send', to: this.#leader, message: { kind: 'asked' } });
      return;
    }
    const older = compareViews({ generation: claim.viewGeneration, version: claim.viewVersion }, this.#view) < 0;
    this.#promised = claim.generation;
    this.#follow(undefined, out);
    // The claimant lacks the latest membership: it must not decide by an old one.
    if (older) return refuse();
    this.#granted = { generation: claim.generation, to: from };
    grant();
  }

  #count(now: Instant, out: EmergentLeaderEffect[]): void {
    if (this.#role.kind !== 'claiming') return;
    const { votes } = this.#role;
    const { members } = this.#view;
    if (members.filter((member) => votes.has(member)).length < majoritySize(members.length)) return;
    this.#role = { kind: 'leading', acks: new Set(), committed: false, confirmed: false };
    this.#leader = this.#self;
    // The first view of a generation changes nobody: only after it is everywhere may members come and go.
    this.#publish(members, now, out);
  }

  #publish(members: readonly string[], now: Instant, out: EmergentLeaderEffect[]): void {
    const confirmed = this.#role.kind === 'leading' && this.#role.confirmed;
    this.#view = { generation: this.#promised, version: this.#view.version + 1, members };
    this.#role = { kind: 'leading', acks: new Set(), committed: false, confirmed };
    this.#retry(now, out);
    if (members.includes(this.#self)) this.#acknowledged(this.#self, out);
  }

  #acknowledged(from: string, out: EmergentLeaderEffect[]): void {
    if (this.#role.kind !== 'leading') return;
    const { acks } = this.#role;
    const { members, generation } = this.#view;
    acks.add(from);
    if (members.filter((member) => acks.has(member)).length < majoritySize(members.length)) return;
    this.#role.committed = true;
    if (this.#role.confirmed) return;
    this.#role.confirmed = true;
    this.#known = { safety: 'safe', leader: this.#self, token: FencingToken.of(generation) };
    out.push({ kind: 'leader', leadership: this.#known });
  }

  #change(now: Instant, out: EmergentLeaderEffect[]): void {
    if (this.#role.kind !== 'leading' || !this.#role.committed) return;
    const { members } = this.#view;
    for (const member of this.#joining) {
      this.#joining.delete(member);
      if (!members.includes(member)) return this.#publish([...members, member], now, out);
    }
    const gone = members.find((member) => this.#suspected.has(member) && member !== this.#self);
    if (gone !== undefined)
      this.#publish(
        members.filter((member) => member !== gone),
        now,
        out,
      );
  }

  #viewed(from: string, view: MemberView, out: EmergentLeaderEffect[]): void {
    if (view.generation < this.#promised) {
      out.push({ kind: 'send', to: from, message: { kind: 'refused', generation: this.#promised, view: this.#view } });
      return;
    }
    this.#promised = view.generation;
    if (compareViews(view, this.#view) > 0) this.#view = view;
    this.#follow(from, out);
    const { generation, version } = this.#view;
    out.push({ kind: 'send', to: from, message: { kind: 'accepted', generation, version } });
  }

  #follow(leader: string | undefined, out: EmergentLeaderEffect[]): void {
    const mine = this.held(Instant.of(0));
    this.#role = { kind: 'following' };
    this.#leader = leader;
    if (mine !== undefined) out.push({ kind: 'lost', leadership: mine });
    if (leader === undefined) {
      if (mine !== undefined) this.#known = undefined;
      return;
    }
    if (this.#known?.token === this.#promised) return;
    this.#known = { safety: 'safe', leader, token: FencingToken.of(this.#promised) };
    out.push({ kind: 'leader', leadership: this.#known });
  }
}

function compareViews(a: Omit<MemberView, 'members'>, b: Omit<MemberView, 'members'>): number {
  return a.generation - b.generation || a.version - b.version;
}
