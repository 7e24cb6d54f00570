/** Deliberate bugs, each one that somebody has made: what the exploration must find. */
import type { Instant } from '../base/index.ts';
import { type MakeStation, type ShownEffect, type Station, soundStations } from './commit-explore.fixture.ts';

type Step = (station: Station, input: unknown, now: Instant, out: ShownEffect[]) => void;

function mutant(isWanted: (name: string) => boolean, step: Step): MakeStation {
  return (name) => {
    const station = soundStations(name);
    if (!isWanted(name)) return station;
    return {
      get phase() {
        return station.phase;
      },
      step: (input, now, out) => step(station, input, now, out),
      shown: () => station.shown(),
    };
  };
}

const isCoordinator = (name: string): boolean => name === 'c';
const isParticipant = (name: string): boolean => name !== 'c';
const T = { transaction: 't' };

/** Does not wait for a forced record of this kind to be durable, nor forces it. */
function unforced(isWanted: (name: string) => boolean, kind: string): MakeStation {
  return mutant(isWanted, (station, input, now, out) => {
    const made: ShownEffect[] = [];
    station.step(input, now, made);
    for (const effect of made) {
      const isIt = effect.kind === 'record' && (effect.record as { kind: string }).kind === kind;
      out.push(isIt ? { ...effect, forced: false } : effect);
      if (isIt) station.step({ kind: 'recorded', ticket: effect.ticket }, now, out);
    }
  });
}

/** Answers inquiries in this phase with a guess. */
function guessing(isWanted: (name: string) => boolean, phase: string, answer: object): MakeStation {
  return mutant(isWanted, (station, input, now, out) => {
    const { kind, from, message } = input as { kind: string; from: string; message: { kind: string } };
    if (kind !== 'message' || message.kind !== 'inquiry' || station.phase !== phase)
      return station.step(input, now, out);
    out.push({ kind: 'send', to: from, message: answer });
  });
}

export const MUTANTS: Readonly<Record<string, MakeStation>> = {
  'a participant votes before its prepared record is durable': unforced(isParticipant, 'prepared'),
  'a participant acknowledges before its commit record is durable': unforced(isParticipant, 'commit'),
  'a coordinator announces a commit before its record is durable': unforced(isCoordinator, 'commit'),
  'a coordinator presumes abort while the commit is being recorded': guessing(isCoordinator, 'recording', {
    kind: 'abort',
    ...T,
  }),
  'a coordinator presumes abort while it collects votes': guessing(isCoordinator, 'collecting', {
    kind: 'abort',
    ...T,
  }),
  'a participant in doubt tells another one to abort': guessing(isParticipant, 'in-doubt', {
    kind: 'answer',
    outcome: 'abort',
    ...T,
  }),
  'a participant whose prepared record is on its way tells another one to abort': mutant(
    isParticipant,
    (station, input, now, out) => {
      const { kind, from, message } = input as { kind: string; from: string; message: { kind: string } };
      const isAsked = kind === 'message' && message.kind === 'inquiry' && station.phase === 'recording';
      if (!isAsked) return station.step(input, now, out);
      station.step({ kind: 'message', from: 'c', message: { kind: 'abort', ...T } }, now, out);
      out.push({ kind: 'send', to: from, message: { kind: 'answer', outcome: 'abort', ...T } });
    },
  ),
  'a participant in doubt for too long aborts': mutant(isParticipant, (station, input, now, out) => {
    const { kind } = input as { kind: string };
    if (kind === 'tick' && station.phase === 'in-doubt')
      station.step({ kind: 'message', from: 'c', message: { kind: 'abort', ...T } }, now, out);
    else station.step(input, now, out);
  }),
  'a coordinator forgets the commit at its restart': mutant(isCoordinator, (station, input, now, out) => {
    const { kind } = input as { kind: string };
    station.step(kind === 'recover' ? { kind, records: [] } : input, now, out);
  }),
  'a coordinator forgets the commit at the first acknowledgement': mutant(isCoordinator, (station, input, now, out) => {
    const { kind, message } = input as { kind: string; message: { kind: string } };
    station.step(input, now, out);
    if (kind === 'message' && message.kind === 'ack')
      for (const from of ['p1', 'p2']) station.step({ kind, from, message }, now, out);
  }),
  'a participant that remembers nothing of a transaction votes yes': mutant(
    isParticipant,
    (station, input, now, out) => {
      const { kind, from, message } = input as { kind: string; from: string; message: { kind: string } };
      if (kind === 'message' && message.kind === 'prepare' && station.phase === undefined)
        out.push({ kind: 'send', to: from, message: { kind: 'vote', vote: 'yes', ...T } });
      else station.step(input, now, out);
    },
  ),
};
