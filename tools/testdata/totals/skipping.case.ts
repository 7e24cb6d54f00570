import { expect, test } from 'vitest';

test.skipIf(true)('one', () => expect(1).toBe(2));
