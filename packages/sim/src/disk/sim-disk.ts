/**
 * A disk that loses, tears, refuses and rots on demand. Stand-alone it is a `Disk` of its own, whose operations are
 * carried out at once or one by one; in a `World` every process gets a mount, and virtual time decides.
 *
 *     const disk = new SimDisk({ seed: 1n });
 *     disk.crashAfter(7);                                   // power fails right after the 7th operation
 *     await Promise.race([script(disk), disk.crashed]);
 *     for (const variant of disk.crashVariants()) await recover(disk.afterCrash(variant));
 */
import type { Disk, File } from '@quorate/env';
import { parseSeed, type Seed, SeededStream, type SeedInput } from '../random/index.ts';
import { type CrashVariant, drawCrash, type PendingOperation } from './crash.ts';
import { crashVariants } from './crash-variants.ts';
import { DiskFaults } from './faults.ts';
import { DiskMount, Locks } from './mount.ts';
import { DEFAULT_DISK_LATENCY, type DiskLatency, type DiskOperation, type DiskScheduler } from './operation.ts';
import type { AnyRequest } from './request.ts';
import { Volume } from './volume.ts';
import { WaitingRequests } from './waiting-requests.ts';

export interface SimDiskOptions {
  readonly seed?: SeedInput | Seed;
  /** Default 1 GiB. */
  readonly capacityBytes?: number;
  /** Of the stand-alone disk: `immediate` (default) carries an operation out within the call, `stepped` on `step()`. */
  readonly completion?: 'immediate' | 'stepped';
  readonly latency?: Partial<DiskLatency>;
}

export class SimDisk implements Disk {
  readonly faults: DiskFaults;
  readonly locks: Locks = new Locks();
  /** Resolves when `crashAfter` has struck. */
  readonly crashed: Promise<void>;
  latency: DiskLatency;
  /** Multiplies every delay: a latency spike while it is over 1. */
  latencyFactor = 1;
  #volume: Volume;
  #mount: DiskMount;
  readonly #mounts = new Set<DiskMount>();
  #operations = 0;
  #crashAfter = Number.POSITIVE_INFINITY;
  #hasCrashed = false;
  #slowed: readonly { readonly factor: number }[] = [];
  #stalledKinds: readonly string[] = [];
  readonly #waiting: WaitingRequests = new WaitingRequests();
  readonly #completion: 'immediate' | 'stepped';
  readonly #seed: Seed;
  readonly #delays: SeededStream;
  readonly #crashes: SeededStream;
  readonly #announceCrash: () => void;

  constructor(options: SimDiskOptions = {}) {
    this.#seed = seedOf(options.seed ?? 0n);
    this.#delays = new SeededStream(this.#seed, 'delays');
    this.#crashes = new SeededStream(this.#seed, 'crashes');
    this.faults = new DiskFaults(new SeededStream(this.#seed, 'faults'));
    this.latency = { ...DEFAULT_DISK_LATENCY, ...options.latency };
    this.#completion = options.completion ?? 'immediate';
    this.#volume = new Volume(options.capacityBytes ?? 1 << 30);
    this.#mount = this.#mounted('this process', undefined);
    let announce = (): void => {};
    this.crashed = new Promise((resolve) => {
      announce = resolve;
    });
    this.#announceCrash = announce;
  }

  get volume(): Volume {
    return this.#volume;
  }

  /** Bytes that all files together may have. */
  get capacityBytes(): number {
    return this.#volume.capacityBytes;
  }

  set capacityBytes(bytes: number) {
    this.#volume.capacityBytes = bytes;
  }

  get usedBytes(): number {
    return this.#volume.usedBytes;
  }

  /** How many operations that a crash could tell apart have been carried out. `writeDurably` counts as two. */
  get operations(): number {
    return this.#operations;
  }

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  // A stand-alone disk is its own only process.

  makeDirectory(path: string): Promise<void> {
    return this.#mount.makeDirectory(path);
  }

  list(path: string): Promise<readonly string[]> {
    return this.#mount.list(path);
  }

  exists(path: string): Promise<boolean> {
    return this.#mount.exists(path);
  }

  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    return this.#mount.open(path, mode);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#mount.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#mount.remove(path);
  }

  syncDirectory(path: string): Promise<void> {
    return this.#mount.syncDirectory(path);
  }

  lock(path: string): Promise<AsyncDisposable> {
    return this.#mount.lock(path);
  }

  /** The disk for one process. `owner` is named to others that meet its locks. */
  mount(owner: string, scheduler: DiskScheduler): DiskMount {
    return this.#mounted(owner, scheduler);
  }

  /**
   * The process has died and the system lives on: what was written stays, synced or not. Each operation on its way was
   * carried out or not, as the seed decides.
   */
  unmount(mount: DiskMount): void {
    for (const request of this.#waiting.all()) {
      if (request.mount === mount && request.mutates && this.#crashes.below(2) === 0) request.carryOutUnheard();
    }
    this.#waiting.forget(mount);
    this.#mounts.delete(mount);
    mount.end();
  }

  /** The power failed: all mounts end, and of what was not durable there remains what `variant` or else the seed says. */
  crash(variant?: CrashVariant): CrashVariant {
    if (variant === undefined) this.#carryOutSome();
    for (const mount of this.#mounts) mount.end();
    this.#mounts.clear();
    this.#waiting.forget();
    const fate = variant ?? drawCrash(this.#volume.pending(), this.#crashes);
    this.#volume = this.#volume.afterCrash(fate);
    this.#mount = this.#mounted('this process', undefined);
    return fate;
  }

  /** Lets the power fail right after the `count`-th operation from now on has been carried out and before its caller hears of it. */
  crashAfter(count: number): void {
    this.#crashAfter = this.#operations + count;
    if (count === 0) this.#strike();
  }

  /** What a power failure now could take away, oldest first. */
  pending(): PendingOperation[] {
    return this.#volume.pending();
  }

  /** All fates worth trying of what is pending now. */
  crashVariants(): Generator<CrashVariant> {
    return crashVariants(this.#volume.pending());
  }

  /** Another disk, as this one would be found after a power failure. This one stays as it is, so that all variants can be tried. */
  afterCrash(variant: CrashVariant): SimDisk {
    const disk = new SimDisk({ seed: this.#seed, latency: this.latency, completion: this.#completion });
    disk.#volume = this.#volume.afterCrash(variant);
    return disk;
  }

  /** Empties the disk. Mounts must have ended. */
  wipe(): void {
    this.#volume = new Volume(this.#volume.capacityBytes);
  }

  /** The disk is slower by `factor` until the end that is returned is called. Of several at once the slowest counts: they do not add up. */
  slowDown(factor: number): () => void {
    const slowness = { factor };
    this.#slowed = [...this.#slowed, slowness];
    this.#lookAtSlowness();
    return () => {
      this.#slowed = this.#slowed.filter((each) => each !== slowness);
      this.#lookAtSlowness();
    };
  }

  #lookAtSlowness(): void {
    this.latencyFactor = Math.max(1, ...this.#slowed.map(({ factor }) => factor));
  }

  /** Operations of these kinds hang until `unstall`. */
  stall(...kinds: DiskOperation['kind'][]): void {
    this.#stalledKinds = kinds;
  }

  unstall(): void {
    this.#stalledKinds = [];
    const { stalled } = this.#waiting;
    this.#waiting.stalled = [];
    for (const request of stalled) this.enqueue(request);
  }

  /** Ends all faults; what they have done stays. */
  heal(): void {
    this.faults.heal();
    this.#slowed = [];
    this.latencyFactor = 1;
    this.unstall();
  }

  /** Flips one bit of a file, on the device and in the cache. */
  flipBit(path: string, offset: number, bit = 0): void {
    const node = this.#volume.find(path);
    if (node?.kind !== 'file') throw new RangeError(`no file at ${path} to flip a bit in`);
    node.flipBit(offset, bit);
  }

  /** Flips a bit that the seed chooses in a non-empty file whose path the filter lets pass. Says where, or undefined when there is none. */
  flipRandomBit(
    accept: (path: string) => boolean = () => true,
  ): { path: string; offset: number; bit: number } | undefined {
    const files = [...this.#volume.files()].filter(([path, file]) => file.sizeBytes > 0 && accept(path));
    if (files.length === 0) return undefined;
    files.sort(([a], [b]) => (a < b ? -1 : 1));
    const [path, file] = this.#crashes.pick(files);
    const flip = { path, offset: this.#crashes.below(file.sizeBytes), bit: this.#crashes.below(8) };
    file.flipBit(flip.offset, flip.bit);
    return flip;
  }

  /** Of the stepped disk: how many operations wait. */
  get waiting(): number {
    return this.#waiting.line.length;
  }

  /** Of the stepped disk: carries out one waiting operation, by default the oldest. False when there is none. */
  step(index = 0): boolean {
    const [request] = this.#waiting.line.splice(index, 1);
    request?.perform();
    return request !== undefined;
  }

  /** Called by requests. */
  enqueue(request: AnyRequest): void {
    const { scheduler } = request.mount;
    if (scheduler !== undefined) {
      this.#waiting.depart(request);
      scheduler.schedule(request, this.#delayUs(request));
    } else if (this.#completion === 'stepped') this.#waiting.line.push(request);
    else request.perform();
  }

  /** Called by operations whose time has come. */
  perform(request: AnyRequest): void {
    this.#waiting.arrive(request);
    if (!request.mount.isAlive || this.#hasCrashed) return;
    if (this.#stalledKinds.includes(request.kind)) {
      this.#waiting.stalled.push(request);
      return;
    }
    const error = this.faults.draw(request.kind, request.path);
    if (error === undefined) request.carryOut();
    else request.fail(error);
    if (request.mutates) {
      this.#operations += 1;
      if (this.#operations >= this.#crashAfter) {
        this.#strike();
        return;
      }
    }
    request.settle();
  }

  #mounted(owner: string, scheduler: DiskScheduler | undefined): DiskMount {
    const mount = new DiskMount(this, owner, scheduler);
    this.#mounts.add(mount);
    return mount;
  }

  /** What was on its way when the power failed may have come to the system, and is then one more unsynced change. */
  #carryOutSome(): void {
    for (const request of this.#waiting.all()) {
      const { kind } = request;
      if ((kind === 'write' || kind === 'names') && this.#crashes.below(2) === 0) request.carryOutUnheard();
    }
  }

  #delayUs(request: AnyRequest): number {
    const transferUs = (request.sizeBytes * 1000) / this.latency.bytesPerMs;
    return Math.round((this.#delays.delayUs(this.latency[request.kind]) + transferUs) * this.latencyFactor);
  }

  #strike(): void {
    this.#hasCrashed = true;
    this.#mount.end();
    this.#announceCrash();
  }
}

function seedOf(seed: SeedInput | Seed): Seed {
  return typeof seed === 'object' ? seed : parseSeed(seed);
}
