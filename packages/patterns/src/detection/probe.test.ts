import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  Probe,
  type ProbeEffect,
  type ProbeInput,
  ProbeRelay,
  type ProbeRelayEffect,
  type ProbeRelayInput,
} from './index.ts';

const options = { directTimeoutMs: 200, periodMs: 1000 };

const stepAt = (machine: Probe, ms: number, input: ProbeInput): ProbeEffect[] => {
  const out: ProbeEffect[] = [];
  machine.step(input, Instant.of(ms), out);
  return out;
};
const start = (relays: readonly string[] = [], seq = 1): ProbeInput => ({ kind: 'probe', seq, target: 'b', relays });

describe('SWIM section 3.1', () => {
  test('a direct ack gives alive and asks no relay', () => {
    const machine = new Probe(options);
    expect(stepAt(machine, 0, start(['c', 'd']))).toEqual([{ kind: 'ping', to: 'b', seq: 1 }]);
    expect(stepAt(machine, 50, { kind: 'ack', seq: 1 })).toEqual([
      { kind: 'verdict', target: 'b', alive: true, healthDelta: -1 },
    ]);
    expect([machine.deadline, machine.idle]).toEqual([undefined, true]);
  });
  test('an ack of an earlier round is ignored', () => {
    const machine = new Probe(options);
    stepAt(machine, 0, start([], 1));
    stepAt(machine, 50, { kind: 'ack', seq: 1 });
    stepAt(machine, 1000, start([], 2));
    expect(stepAt(machine, 1001, { kind: 'ack', seq: 1 })).toEqual([]);
  });
  test('one round at a time, with timeouts that make sense', () => {
    const machine = new Probe(options);
    stepAt(machine, 0, start());
    expect(() => stepAt(machine, 1, start())).toThrow(/no round is running/);
    expect(() => new Probe({ directTimeoutMs: 0, periodMs: 1 })).toThrow(/directTimeoutMs/);
    expect(() => new Probe({ directTimeoutMs: 5, periodMs: 5 })).toThrow(/periodMs/);
  });
});

const inputOf = (command: string): ProbeInput => {
  const [kind, ...args] = command.split(' ');
  switch (kind) {
    case 'probe':
      return { kind, seq: Number(args[0]), target: args[1]!, relays: args.slice(2) };
    case 'ill-probe':
      return { kind: 'probe', seq: Number(args[0]), target: args[1]!, relays: args.slice(2), health: 2 };
    case 'ack':
      return { kind, seq: Number(args[0]) };
    case 'nack':
      return { kind, seq: Number(args[0]), from: args[1]! };
    case 'stalled':
      return { kind };
    default:
      return { kind: 'tick' };
  }
};
const shown = (effect: ProbeEffect): string => {
  switch (effect.kind) {
    case 'ping':
      return `ping ${effect.to} #${effect.seq}`;
    case 'ping-req':
      return `ping-req ${effect.target} via ${effect.via} #${effect.seq}`;
    case 'verdict':
      return `verdict ${effect.target} ${effect.alive ? 'alive' : 'unresponsive'} health ${effect.healthDelta}`;
  }
};

// `REWRITE=1 npx vitest run packages/patterns/src/detection` rewrites them; commit only a diff you can explain.
describe('transcripts', () => {
  const dir = new URL('./testdata/', import.meta.url);
  for (const file of readdirSync(dir).filter((name) => name.startsWith('probe-'))) {
    test(file, () => {
      const text = readFileSync(new URL(file, dir), 'utf8');
      const machine = new Probe(options);
      const actual = text.replace(/^(\d+) (.+)\n----\n(?:(?!\n).+\n)*/gm, (_all, ms: string, command: string) => {
        const lines = stepAt(machine, Number(ms), inputOf(command)).map(shown);
        return `${ms} ${command}\n----\n${[...lines, `deadline ${machine.deadline ?? '-'}`].join('\n')}\n`;
      });
      if (process.env['REWRITE']) writeFileSync(new URL(file, dir), actual);
      else expect(actual).toBe(text);
    });
  }
});

test('every round ends in exactly one verdict, and an ack that arrived while the loop was blocked is never overlooked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1500 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 3 }),
      (ackAt, stalls) => {
        const machine = new Probe(options);
        stepAt(machine, 0, start(['c']));
        const verdicts: ProbeEffect[] = [];
        let acked = false;
        let now = 0;
        while (machine.deadline !== undefined) {
          const late = stalls.shift() ?? 0;
          const turn = machine.deadline + late;
          // Within a late turn the timer runs first and the ack, though long arrived, is read after it: the order of Node's event loop.
          if (!acked && ackAt < machine.deadline) {
            acked = true;
            verdicts.push(...stepAt(machine, Math.max(now, ackAt), { kind: 'ack', seq: 1 }));
            continue;
          }
          now = turn;
          verdicts.push(...stepAt(machine, now, { kind: 'tick' }).filter(({ kind }) => kind === 'verdict'));
          if (!acked && ackAt <= now) {
            acked = true;
            verdicts.push(...stepAt(machine, now, { kind: 'ack', seq: 1 }));
          }
        }
        expect(verdicts).toHaveLength(1);
        if (ackAt < 1000) expect(verdicts[0]).toMatchObject({ alive: true });
      },
    ),
    { numRuns: 500, seed: 42 },
  );
});

describe('relay', () => {
  const relayAt = (machine: ProbeRelay, ms: number, input: ProbeRelayInput): ProbeRelayEffect[] => {
    const out: ProbeRelayEffect[] = [];
    machine.step(input, Instant.of(ms), out);
    return out;
  };
  const ask = (seq: number, askedSeq: number): ProbeRelayInput => ({
    kind: 'ping-req',
    from: 'a',
    askedSeq,
    target: 'b',
    seq,
  });

  test('SWIM section 3.1: the ack of the target is passed on to who asked', () => {
    const relay = new ProbeRelay({ nackAfterMs: 160 });
    expect(relayAt(relay, 0, ask(7, 1))).toEqual([{ kind: 'ping', to: 'b', seq: 7 }]);
    expect(relayAt(relay, 20, { kind: 'ack', seq: 7 })).toEqual([{ kind: 'ack', to: 'a', seq: 1 }]);
    expect(relayAt(relay, 21, { kind: 'ack', seq: 7 })).toEqual([]);
    expect(relay.deadline).toBeUndefined();
  });
  test('Lifeguard section IV.A: a nack when nothing was heard in time, and not before', () => {
    const relay = new ProbeRelay({ nackAfterMs: 160 });
    relayAt(relay, 0, ask(7, 1));
    relayAt(relay, 50, ask(8, 2));
    expect(relay.deadline).toBe(160);
    expect(relayAt(relay, 159, { kind: 'tick' })).toEqual([]);
    expect(relayAt(relay, 160, { kind: 'tick' })).toEqual([{ kind: 'nack', to: 'a', seq: 1 }]);
    expect(relay.deadline).toBe(210);
  });
  test('beyond its bound it says so at once', () => {
    const relay = new ProbeRelay({ nackAfterMs: 160, maxPending: 1 });
    relayAt(relay, 0, ask(7, 1));
    expect(relayAt(relay, 0, ask(8, 2))).toEqual([{ kind: 'nack', to: 'a', seq: 2 }]);
    expect(() => new ProbeRelay({ nackAfterMs: 0 })).toThrow(/nackAfterMs/);
  });
});
