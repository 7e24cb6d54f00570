const UNIT_MS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1000, M: 60_000, H: 3_600_000 };

/** A `grpc-timeout` value (at most eight digits and a unit) in milliseconds, or undefined when it is not one. */
export function parseTimeout(value: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

/** The shortest form that is not shorter than `timeoutMs`. */
export function formatTimeout(timeoutMs: number): string {
  const millis = Math.ceil(timeoutMs);
  return millis < 100_000_000 ? `${Math.max(millis, 0)}m` : `${Math.min(Math.ceil(millis / 1000), 99_999_999)}S`;
}
