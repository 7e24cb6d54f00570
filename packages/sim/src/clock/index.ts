export { DriftingClock, WORLD_EPOCH_MS } from './drifting-clock.ts';
