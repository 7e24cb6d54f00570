import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageAssembler } from './frames.ts';

const framed = (message: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

test('messages come out as they went in, whatever the chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(framed));
      const assembler = new MessageAssembler(100);
      const got: Uint8Array[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        expect(
          assembler.push(bytes.subarray(at, at + size), (message) => got.push(Uint8Array.from(message))),
        ).toBeUndefined();
        at += size;
      }
      expect(got).toEqual(sent);
      expect(assembler.partial).toBe(false);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('a message that has begun and not ended is partial', () => {
  const assembler = new MessageAssembler(100);
  const whole = framed(Buffer.from('abc'));
  for (let i = 1; i < whole.length; i++) {
    assembler.push(whole.subarray(i - 1, i), () => expect.unreachable());
    expect(assembler.partial).toBe(true);
  }
});

test('several share a budget for what they hold, and give it back', () => {
  const budget = { heldBytes: 0, maxBytes: 20 };
  const begun = framed(Buffer.alloc(50)).subarray(0, 12);
  const [first, second] = [new MessageAssembler(100, budget), new MessageAssembler(100, budget)];
  expect(first.push(begun, () => {})).toBeUndefined();
  expect(second.push(begun, () => {})).toEqual({ kind: 'too-much-held' });
  second.drop();
  expect(budget.heldBytes).toBe(12);
  expect(first.push(Buffer.alloc(43), () => {})).toBeUndefined();
  expect(budget.heldBytes).toBe(0);
});

describe('a fault is seen as soon as the prefix is there', () => {
  test('a message over the limit', () => {
    const assembler = new MessageAssembler(100);
    expect(assembler.push(Buffer.from([0, 0, 0]), () => {})).toBeUndefined();
    expect(assembler.push(Buffer.from([0, 101]), () => {})).toEqual({ kind: 'too-large', sizeBytes: 101 });
  });

  test('a length of more than 2^31', () => {
    const fault = new MessageAssembler(100).push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), () => {});
    expect(fault).toEqual({ kind: 'too-large', sizeBytes: 0xffffffff });
  });

  test('a compressed message, after those before it were delivered', () => {
    const got: string[] = [];
    const bytes = Buffer.concat([framed(Buffer.from('a')), Buffer.from([1, 0, 0, 0, 0])]);
    expect(new MessageAssembler(100).push(bytes, (m) => got.push(Buffer.from(m).toString()))).toEqual({
      kind: 'compressed',
    });
    expect(got).toEqual(['a']);
  });

  test('a flag that means nothing', () => {
    const fault = new MessageAssembler(100).push(Buffer.from([2, 0, 0, 0, 0]), () => {});
    expect(fault).toEqual({ kind: 'unknown-flag', flag: 2 });
  });
});
