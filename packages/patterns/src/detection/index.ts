export type { FailureDetector } from './failure-detector.ts';
export { IntervalHistory } from './interval-history.ts';
export { deviationsAtPhi, exponentialPhi, logisticPhi, normalPhi, type PhiCurve, phiOf } from './phi.ts';
export { PhiAccrualDetector, type PhiAccrualOptions } from './phi-accrual.ts';
export { TimeoutDetector } from './timeout-detector.ts';
