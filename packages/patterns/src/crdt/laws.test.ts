import { describe, expect, test } from 'vitest';
import { checkLaws } from './index.ts';
import { broken, randomFrom, subjects } from './laws.fixture.ts';

describe('the laws of CRDTs hold for', () => {
  for (const [at, subject] of subjects.entries())
    test(`${subject.crdt.name} (${at})`, () => {
      for (let seed = 1; seed <= 300; seed++) {
        const found = checkLaws(subject, randomFrom(seed), 14);
        expect(found === undefined ? undefined : `${found}, seed ${seed}`).toBeUndefined();
      }
    });
});

describe('the laws find what is broken', () => {
  for (const [at, { law, subject }] of broken.entries())
    test(`${law} (${at})`, () => {
      const found = Array.from({ length: 60 }, (_, seed) => checkLaws(subject, randomFrom(seed + 1))).filter(
        (each) => each !== undefined,
      );
      expect(found.some((each) => law.test(each))).toBe(true);
    });
});
