import { describe, expect, test } from 'vitest';
import { brief, record, SegmentBuilder, scan } from './segment.fixture.ts';

/** Three batches: of one sector, of five, of one. */
const three = () =>
  new SegmentBuilder().batch(record(1, 30)).batch(record(1, 900), record(2, 1100)).batch(record(2, 5));

function zeroed(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return bytes.slice().fill(0, from, to);
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 0x10;
  return copy;
}

describe('a segment as it was written', () => {
  test('is clean, and all records are found in order', () => {
    const builder = three();
    const found = scan(builder.bytes());
    expect(found).toMatchObject({
      verdict: { kind: 'clean' },
      torn: false,
      validBytes: builder.end,
      sequence: 13,
      healed: 0,
      records: [record(1, 30), record(1, 900), record(2, 1100), record(2, 5)],
      damages: [],
    });
  });

  test('may have no batch, and no room behind its last one', () => {
    expect(scan(new SegmentBuilder().bytes(0))).toMatchObject({
      verdict: { kind: 'clean' },
      validBytes: 512,
      sequence: 10,
    });
    expect(scan(three().bytes(0))).toMatchObject({ verdict: { kind: 'clean' }, sequence: 13 });
  });

  test('batches start and end on sectors, and may hold large bodies, empty bodies and sectors of zeros', () => {
    const zeros = { kind: 9, stream: 5, note: '', body: new Uint8Array(5000) };
    const empty = { kind: 255, stream: 2 ** 40, note: 'x'.repeat(200), body: new Uint8Array(0) };
    const builder = new SegmentBuilder().batch(zeros, empty).batch(record(3, 100_000)).batch();
    for (const offset of builder.offsets) expect(offset % 512).toBe(0);
    const found = scan(builder.bytes());
    expect(found.verdict).toEqual({ kind: 'clean' });
    expect(brief(found.records)).toEqual(brief([zeros, empty, record(3, 100_000)]));
  });

  test('a batch with many records has a head of several sectors', () => {
    const records = Array.from({ length: 200 }, (_, i) => record(i, i % 50));
    expect(scan(new SegmentBuilder().batch(...records).bytes()).records).toEqual(records);
  });
});

describe('the last batch of the last segment', () => {
  const builder = () => new SegmentBuilder().batch(record(1, 30)).batch(record(1, 900), record(2, 1000));

  test('that lacks any set of its sectors is torn, and what is before it is kept', () => {
    const whole = builder().bytes();
    const [from, to] = [builder().offsets[1]!, builder().end];
    const sectors = (to - from) / 512;
    expect(sectors).toBe(5);
    let kept = 0;
    for (let missing = 1; missing < 1 << sectors; missing++) {
      let bytes = whole;
      for (let i = 0; i < sectors; i++) {
        if (missing & (1 << i)) bytes = zeroed(bytes, from + i * 512, from + (i + 1) * 512);
      }
      const found = scan(bytes);
      expect(found.damages).toEqual([]);
      if (found.sequence === 12) kept += 1;
      else {
        const nothing = missing === (1 << sectors) - 1;
        expect(found).toMatchObject({ verdict: { kind: nothing ? 'clean' : 'torn' }, validBytes: from, sequence: 11 });
      }
    }
    // Only the last one, which holds nothing but the second head.
    expect(kept).toBe(1);
  });

  test('that is cut off by the end of the file is torn', () => {
    const whole = builder().bytes(0);
    for (let length = builder().offsets[1]! + 1; length < whole.length; length += 37) {
      const found = scan(whole.slice(0, length));
      // Of the last sector only zeros and the second head may be missing.
      if (found.sequence === 12) expect(length).toBeGreaterThanOrEqual(whole.length - 568);
      else expect(found).toMatchObject({ torn: true, validBytes: builder().offsets[1], damages: [] });
    }
  });

  test('whose head of several sectors came only in part is torn', () => {
    const records = Array.from({ length: 60 }, (_, i) => record(i, 20));
    const bytes = new SegmentBuilder().batch(...records).bytes();
    for (let sector = 1; sector <= 2; sector++) {
      const holed = zeroed(zeroed(bytes, (1 + sector) * 512, (2 + sector) * 512), 4096, bytes.length);
      expect(scan(holed)).toMatchObject({ verdict: { kind: 'torn' }, validBytes: 512 });
    }
  });

  test('of which all sectors are there but a bit is wrong is corrupt, since no interrupted write looks like that', () => {
    const bytes = builder().bytes();
    const found = scan(flipped(bytes, builder().offsets[1]! + 300));
    expect(found.verdict).toMatchObject({ kind: 'corrupt' });
    expect(found.damages).toEqual([
      { offset: expect.any(Number), why: expect.stringContaining('stream 1'), stream: 1 },
    ]);
    expect(found.records).toEqual([record(1, 30), record(2, 1000)]);
  });

  test('that lacks sectors although a seal follows it is corrupt', () => {
    const bytes = builder().seal().bytes();
    const from = builder().offsets[1]!;
    for (let sector = 0; sector < 5; sector++) {
      const found = scan(zeroed(bytes, from + sector * 512, from + (sector + 1) * 512));
      // Without the first or the last sector the other head, and all bodies that were not in it, are still there.
      if (found.damages.length === 0) expect(found).toMatchObject({ sequence: 12, verdict: { kind: 'clean' } });
      else expect(found.verdict.kind).toBe('corrupt');
    }
    expect(scan(zeroed(bytes, from, builder().end)).damages).toMatchObject([{ offset: from, stream: undefined }]);
  });
});

describe('a batch that others follow', () => {
  test.each([
    ['the first', 0],
    ['the second', 1],
  ])('and that is gone is corruption: %s', (_which, i) => {
    const { offsets } = three();
    const found = scan(zeroed(three().bytes(), offsets[i]!, offsets[i + 1]!));
    expect(found).toMatchObject({ torn: false, sequence: 13, verdict: { kind: 'corrupt', offset: offsets[i] } });
    expect(found.damages).toMatchObject([{ offset: offsets[i], stream: undefined }]);
    expect(found.records.length).toBeGreaterThan(0);
  });

  test('and whose first head is damaged is read from its second, and nothing is lost', () => {
    const { offsets } = three();
    for (const at of [0, 5, 9, 13, 20, 30, 40, 50, 60]) {
      const found = scan(flipped(three().bytes(), offsets[1]! + at));
      expect(found).toMatchObject({ verdict: { kind: 'clean' }, damages: [], sequence: 13 });
      expect(found.records).toHaveLength(4);
    }
    expect(scan(flipped(three().bytes(), offsets[1]! + 5)).healed).toBe(1);
  });

  test('and whose body is damaged costs that record only', () => {
    const { offsets } = three();
    const found = scan(flipped(three().bytes(), offsets[1]! + 300));
    expect(found.damages).toMatchObject([{ stream: 1 }]);
    expect(found.records).toEqual([record(1, 30), record(2, 1100), record(2, 5)]);
  });
});

describe('a segment that others follow', () => {
  test('has no torn end: what lacks sectors there is corrupt', () => {
    const { offsets } = three();
    const bytes = zeroed(three().bytes(), offsets[1]! + 1024, offsets[2]!);
    expect(scan(zeroed(bytes, offsets[2]!, offsets[3]!), false).verdict.kind).toBe('corrupt');
  });
});

describe('what is behind the last batch', () => {
  test('is cut when it is not zeros, and never read', () => {
    const bytes = three().bytes();
    for (let at = three().end; at < bytes.length; at += 11) {
      expect(scan(flipped(bytes, at))).toMatchObject({
        verdict: { kind: 'torn' },
        validBytes: three().end,
        damages: [],
      });
    }
  });

  test('is cut behind a seal too, where the next batch was about to come', () => {
    const sealed = three().seal().bytes();
    expect(scan(sealed)).toMatchObject({ verdict: { kind: 'clean' }, validBytes: three().end, sequence: 13 });
    expect(scan(flipped(sealed, three().end + 700))).toMatchObject({
      verdict: { kind: 'torn' },
      validBytes: three().end,
    });
  });
});

describe('what belongs elsewhere', () => {
  test('a batch of another segment, of another place or of an earlier time is not taken for one of this', () => {
    const bytes = three().bytes(4096);
    const { offsets, end } = three();
    // The first batch once more, behind the last: right in itself, but not there.
    bytes.set(bytes.slice(offsets[0], offsets[1]), end);
    const found = scan(bytes);
    expect(found.records).toHaveLength(4);
    expect(found.sequence).toBe(13);
    expect(found.verdict.kind).toBe('corrupt');
  });

  test('a batch that does not follow on the one before is reported', () => {
    const bytes = new SegmentBuilder().batch(record(1, 30)).batch(record(1, 31)).bytes();
    const other = new SegmentBuilder().batch(record(1, 29)).bytes();
    bytes.set(other.slice(512, 1024), 512);
    const found = scan(bytes);
    expect(found.damages).toMatchObject([
      { offset: 1024, why: 'the batch there does not follow on batch 10', stream: undefined },
    ]);
  });
});
