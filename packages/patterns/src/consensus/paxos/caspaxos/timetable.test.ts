import { expect, test } from 'vitest';
import { Instant } from '../../../base/index.ts';
import { Timetable } from './timetable.ts';

const at = Instant.of;

test('a timetable gives out each key once, when it is due, the earliest first', () => {
  const timetable = new Timetable<string>();
  timetable.set('late', at(30));
  timetable.set('early', at(10));
  timetable.set('middle', at(20));
  expect(timetable.deadline).toBe(10);
  expect(timetable.takeDue(at(9))).toEqual([]);
  expect(timetable.takeDue(at(20))).toEqual(['early', 'middle']);
  expect(timetable.takeDue(at(20))).toEqual([]);
  expect(timetable.deadline).toBe(30);
});

test('a key that was given out can be set to the same time again', () => {
  const timetable = new Timetable<string>();
  timetable.set('x', at(10));
  timetable.takeDue(at(10));
  timetable.set('x', at(10));
  expect(timetable.takeDue(at(10))).toEqual(['x']);
});

test('a key that is moved is due at its new time alone, and one that is cleared not at all', () => {
  const timetable = new Timetable<string>();
  timetable.set('x', at(10));
  timetable.set('x', at(20));
  timetable.set('y', at(15));
  timetable.clear('y');
  timetable.clear('never set');
  expect(timetable.takeDue(at(19))).toEqual([]);
  expect(timetable.takeDue(at(20))).toEqual(['x']);
  expect(timetable.deadline).toBeUndefined();
});
