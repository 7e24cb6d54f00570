export { describeFault, type Fault, type FaultKind, formatFaults, LEADER, parseFaults } from './fault.ts';
export { type MinimiseOptions, minimise } from './minimise.ts';
export { Nemesis, type NemesisOptions } from './nemesis.ts';
export { planFaults } from './plan.ts';
export {
  describeProfile,
  drawProfile,
  FAULT_FAMILIES,
  type FaultFamily,
  type FaultRate,
  type Profile,
  type ProfileOptions,
  worldOptions,
} from './profile.ts';
