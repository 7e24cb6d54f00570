/**
 * The suspicion level φ: minus the decimal logarithm of the probability that a heartbeat comes even later than now.
 *
 * Hayashibara, Défago, Yared, Katayama, "The φ Accrual Failure Detector", SRDS 2004, section 4.2: φ = 1 means a mistake in 10 % of cases, φ = 2 in
 * 1 %, and so on. Three curves:
 *
 * - `logistic`: the approximation of the normal distribution by Bowling et al., "A Logistic Approximation to the Cumulative Normal
 *   Distribution", JIEM 2009, as Akka and Pekko use it. Right to 1.4e-4 in probability; beyond four deviations it overstates φ.
 * - `normal`: the paper's distribution, exact to about 1e-13 relative at every distance.
 * - `exponential`: Lakshman and Malik, "Cassandra", LADIS 2009, section 5.5: needs the mean only.
 *
 * Implementations that take the logarithm of a probability reach infinity where that probability underflows (40 deviations and far fewer).
 * Here no probability is ever formed in the tail: all results are finite, not negative and do not fall as the silence grows.
 *
 * Pure, O(1): `normal` takes up to about 100 multiplications, the others a handful.
 */
import { assert } from '../base/index.ts';

export type PhiCurve = 'logistic' | 'normal' | 'exponential';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** φ of a silence of `elapsedMs`, for heartbeats `meanMs` apart with a standard deviation of `deviationMs` above 0. `logistic`. */
export function phiOf(elapsedMs: number, meanMs: number, deviationMs: number): number {
  assert(deviationMs > 0, 'deviationMs must be above 0');
  return logisticPhi((elapsedMs - meanMs) / deviationMs);
}

/** φ of a silence `deviations` standard deviations above the mean (below it when negative), by the logistic approximation. */
export function logisticPhi(deviations: number): number {
  const y = deviations;
  const exponent = y * (1.5976 + 0.070566 * y * y);
  // log10(1 + e^x): for large x the 1 is below the last digit, and e^x would overflow.
  const natural = exponent > 37 ? exponent : Math.log1p(Math.exp(exponent));
  return finite(natural / Math.LN10);
}

/** φ of a silence `deviations` standard deviations above the mean, by the normal distribution itself. */
export function normalPhi(deviations: number): number {
  const y = deviations;
  if (y < 0) return finite(-Math.log1p(-upperTail(-y)) / Math.LN10);
  if (y < SERIES_BELOW) return finite(-Math.log10(upperTail(y)));
  return finite((0.5 * y * y + HALF_LOG_TWO_PI - Math.log(millsRatio(y))) / Math.LN10);
}

/** φ of a silence of so many times the mean interval, by the exponential distribution. */
export function exponentialPhi(means: number): number {
  return finite(Math.max(0, means) / Math.LN10);
}

/** The deviations above the mean at which `curve` reaches `threshold`: the inverse, by bisection. For construction, not for each message. */
export function deviationsAtPhi(curve: 'logistic' | 'normal', threshold: number): number {
  const phi = curve === 'logistic' ? logisticPhi : normalPhi;
  let low = -40;
  let high = 1;
  while (phi(high) < threshold) high *= 2;
  // Ends when no number lies between: `high` is then the first at which the threshold is reached.
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (phi(middle) < threshold) low = middle;
    else high = middle;
  }
  return high;
}

function finite(phi: number): number {
  return Math.min(phi, Number.MAX_VALUE);
}

const SERIES_BELOW = 2.5;

/** P(X > y) of the standard normal distribution, y not negative. Underflows to 0 beyond 38. */
function upperTail(y: number): number {
  const density = Math.exp(-0.5 * y * y - HALF_LOG_TWO_PI);
  return y < SERIES_BELOW ? 0.5 - density * lowerSeries(y) : density * millsRatio(y);
}

/** (P(X <= y) - 1/2) / density: y + y³/3 + y⁵/(3·5) + … */
function lowerSeries(y: number): number {
  let term = y;
  let sum = y;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (y * y) / odd;
    sum += term;
  }
  return sum;
}

/** P(X > y) / density by Laplace's continued fraction 1/(y + 1/(y + 2/(y + 3/(y + …)))), from the inside out. */
function millsRatio(y: number): number {
  if (y > 1e8) return 1 / y;
  let inner = y;
  // The nearer to 0, the slower it converges: about 100 terms at 2.5, 12 at 10.
  for (let depth = Math.ceil(10 + 600 / (y * y)); depth > 0; depth--) inner = y + depth / inner;
  return 1 / inner;
}
