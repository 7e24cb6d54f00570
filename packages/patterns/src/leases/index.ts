export { RevisionLog } from './revision-log.ts';
