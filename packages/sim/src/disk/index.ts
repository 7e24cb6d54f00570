export type { CrashVariant, Outcome, PendingOperation, Torn } from './crash.ts';
export { type DiskFaultRates, DiskFaults, type DiskOperationKind, NO_DISK_FAULTS } from './faults.ts';
export { type FileImage, SECTOR_BYTES } from './file-image.ts';
export type { DiskMount } from './mount.ts';
export { DEFAULT_DISK_LATENCY, type DiskLatency, type DiskOperation, type DiskScheduler } from './operation.ts';
export { SimDisk, type SimDiskOptions } from './sim-disk.ts';
