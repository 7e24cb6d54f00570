export { CRDT_FORMAT_VERSION, decodeCrdt, encodeCrdt } from './binary.ts';
export { type BoundedCounter, type BoundedCounterType, boundedCounter } from './bounded-counter.ts';
export {
  type Causal,
  type CausalType,
  causalType,
  type DotStore,
} from './causal.ts';
export { booleanCodec, bytesCodec, type Codec, type Crdt, numberCodec, textCodec } from './crdt.ts';
export { type DotMap, dotMapStore } from './dot-map.ts';
export { type Dots, type Dotted, dotsOf, dotsStore, listOf } from './dots.ts';
export { type Embedded, type EmbeddedType, embedded } from './embedded.ts';
export { type EnableWinsFlag, type EnableWinsFlagType, enableWinsFlag } from './enable-wins-flag.ts';
export { type GCounter, type GCounterType, gCounter } from './g-counter.ts';
export { type GSet, type GSetType, gSet } from './g-set.ts';
export { checkLaws, type LawSubject } from './laws.ts';
export { type LwwRegister, type LwwRegisterType, lwwRegister } from './lww-register.ts';
export { type MvRegister, type MvRegisterType, mvRegister } from './mv-register.ts';
export { type OrMap, type OrMapType, orMap } from './or-map.ts';
export { type OrSet, type OrSetStore, type OrSetType, orSet } from './or-set.ts';
export { type MergeRule, PersistentMap, PersistentMapBuilder } from './persistent-map.ts';
export { type PnCounter, type PnCounterType, pnCounter } from './pn-counter.ts';
export { type StabilityEffect, type StabilityInput, StabilityTracker } from './stability.ts';
export { StateReader, StateWriter } from './state-bytes.ts';
export { type TextState, type TextType, text } from './text.ts';
export { type TwoPhaseSet, type TwoPhaseSetType, twoPhaseSet } from './two-phase-set.ts';
