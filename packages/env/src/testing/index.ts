export { type DiskCall, type DiskFault, FaultyDisk } from './faulty-disk.ts';
