/**
 * One sentence of an interface's contract. `run` rejects when the subject does not keep it. Nothing here knows a test runner or a real
 * clock: whoever runs a case drives its world until the promise settles.
 */
export interface ConformanceCase<Subject> {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceError(message);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [shown, wanted] = [show(actual), show(expected)];
  expectThat(shown === wanted, `${what}: expected ${wanted}, got ${shown}`);
}

/** Runs `call` and returns what it rejects with. */
export async function expectRejection(
  call: () => Promise<unknown>,
  what: string,
): Promise<{ readonly code?: unknown }> {
  try {
    await call();
  } catch (error) {
    return error as { readonly code?: unknown };
  }
  throw new ConformanceError(`${what}: expected a rejection`);
}

export async function expectCode(call: () => Promise<unknown>, code: string, what: string): Promise<void> {
  expectEqual((await expectRejection(call, what)).code, code, what);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${[...value].join(' ')}`;
  return JSON.stringify(value) ?? 'undefined';
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function pattern(sizeBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + seed * 17 + (i >>> 8)) & 255);
}

/** Short of `toEqual`, which takes seconds for large arrays. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  expectEqual(actual.length, expected.length, `${what}: length`);
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  expectThat(at < 0, `${what}: byte ${at} differs`);
}
