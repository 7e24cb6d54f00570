/** Effects and messages as short lines, for transcripts and for tests that compare them. */
import type { Configuration, Entry, RaftEffect, RaftMessage } from './types.ts';

export function showEffect(effect: RaftEffect): string {
  switch (effect.kind) {
    case 'persist':
      return `persist #${effect.ticket}${showState(effect.state)}${showEntries(effect.entries)}`;
    case 'restore':
      return `restore #${effect.ticket} ${effect.mark.index}@${effect.mark.term}`;
    case 'send':
      return `>${effect.to} ${showMessage(effect.message)}${effect.after === 0 ? '' : ` after #${effect.after}`}`;
    case 'commit':
      return `commit${showEntries(effect.entries)}`;
    case 'proposed':
      return `proposed ${effect.firstIndex}..${effect.lastIndex}@${effect.term}`;
    case 'refused':
      return `refused: ${effect.reason}${showLeader(effect.leader)}`;
    case 'read-ready':
      return `read-ready ${effect.ids.join()} at ${effect.index}`;
    case 'read-failed':
      return `read-failed ${effect.ids.join()}`;
    case 'send-snapshot':
      return `send-snapshot to ${effect.to}`;
    case 'role':
      return `${effect.role} in term ${effect.term}${effect.role === 'follower' ? showLeader(effect.leader) : ''}`;
    case 'configuration':
      return `configuration ${showConfiguration(effect.configuration)}${effect.committed ? ' committed' : ''}`;
    case 'repaired':
      return 'repaired';
  }
}

export function showMessage(message: RaftMessage): string {
  const { kind, term } = message;
  switch (kind) {
    case 'vote-request': {
      const name = message.preVote ? 'pre-vote-request' : kind;
      return `${name} t${term} log ${message.lastIndex}@${message.lastTerm}${message.transfer ? ' transfer' : ''}`;
    }
    case 'vote-response':
      return `${message.preVote ? 'pre-vote-response' : kind} t${term} ${message.granted ? 'yes' : 'no'}`;
    case 'append-request': {
      const entries = message.entries.length === 0 ? ' []' : showEntries(message.entries);
      return `append t${term} prev ${message.prevIndex}@${message.prevTerm}${entries} commit ${message.commit}`;
    }
    case 'append-accepted':
      return `accepted t${term} match ${message.matchIndex}`;
    case 'append-rejected':
      return `rejected t${term} at ${message.rejectedIndex} hint ${message.hintIndex}@${message.hintTerm}`;
    case 'heartbeat':
      return `heartbeat t${term} commit ${message.commit} round ${message.round}${message.quiesce ? ' quiesce' : ''}`;
    case 'heartbeat-response':
      return `heartbeat-response t${term} round ${message.round}`;
    case 'timeout-now':
      return `timeout-now t${term}`;
    case 'read-request':
    case 'repair-request':
      return `${kind} t${term}`;
    case 'read-response':
      return `${kind} t${term} ${message.index === undefined ? 'ask again' : `at ${message.index}`}`;
    case 'repair-response':
      return `${kind} t${term} up to ${message.index}`;
  }
}

export function showConfiguration({ voters, outgoing, learners, learnersNext }: Configuration): string {
  const parts = [`{${voters.join(' ')}}`];
  if (outgoing.length > 0) parts.push(`leaving {${outgoing.join(' ')}}`);
  if (learners.length > 0) parts.push(`learners {${learners.join(' ')}}`);
  if (learnersNext.length > 0) parts.push(`next learners {${learnersNext.join(' ')}}`);
  return parts.join(' ');
}

/** `[3@2 4@2 c5@2]`: configurations are marked with a c. Long runs are cut. */
export function showEntries(entries: readonly Entry[]): string {
  if (entries.length === 0) return '';
  const shown = entries.map(({ kind, index, term }) => `${kind === 'configuration' ? 'c' : ''}${index}@${term}`);
  if (shown.length > 6) shown.splice(2, shown.length - 4, '..');
  return ` [${shown.join(' ')}]`;
}

function showState(state: { term: number; vote: number | undefined } | undefined): string {
  if (state === undefined) return '';
  return ` term ${state.term}${state.vote === undefined ? '' : ` vote ${state.vote}`}`;
}

function showLeader(leader: number | undefined): string {
  return leader === undefined ? '' : ` under ${leader}`;
}
