export { type ConformanceCase, ConformanceError } from './case.ts';
export { type ClockSubject, clockConformance } from './clock.ts';
export { type DiskSubject, diskConformance } from './disk.ts';
export { netConformance } from './net.ts';
export type { NetSubject } from './net-recorder.ts';
export { type RandomSubject, randomConformance } from './random.ts';
