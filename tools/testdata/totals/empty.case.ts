import { describe } from 'vitest';

describe('nothing in here', () => undefined);
