import { expect, test } from 'vitest';
import { NodeLog } from './log.ts';

function lines(options: ConstructorParameters<typeof NodeLog>[0]): { log: NodeLog; written: string[] } {
  const written: string[] = [];
  return { log: new NodeLog({ ...options, write: (line) => void written.push(line) }), written };
}

test('JSON: one object per line, with the fields of the log and of the call', () => {
  const { log, written } = lines({ format: 'json', fields: { node: 1 } });
  log.warn('slow disk', { ms: 12, path: '/a b' });
  expect(written).toHaveLength(1);
  expect(written[0]!.endsWith('\n')).toBe(true);
  expect(JSON.parse(written[0]!)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    level: 'warn',
    message: 'slow disk',
    node: 1,
    ms: 12,
    path: '/a b',
  });
});

test('pretty: time, level, message, fields; quoted where they would be torn apart', () => {
  const { log, written } = lines({ format: 'pretty' });
  log.error('it broke', { path: '/a b', count: 3, none: undefined });
  expect(written[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} error it broke path="\/a b" count=3\n$/);
});

test('what is below the level is not written', () => {
  const { log, written } = lines({ format: 'pretty', level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(written).toHaveLength(2);
});
