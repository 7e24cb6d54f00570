import { test } from 'vitest';

test('one', () => undefined);
throw new Error('this file cannot be loaded');
