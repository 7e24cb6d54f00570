export type { CallOptions, Core, CoreStatus, LeaseStatus, MemberStatus, WatchHandle } from './core.ts';
export { CompactedError, CoreError, type CoreErrorCode, type Outcome } from './errors.ts';
export { coreError, errorText } from './messages.ts';
export type * from './requests.ts';
