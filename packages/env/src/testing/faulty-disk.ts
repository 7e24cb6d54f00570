import { type Disk, DiskError, type DiskErrorCode, type File } from '../disk.ts';

export type DiskCall =
  | 'makeDirectory'
  | 'list'
  | 'exists'
  | 'open'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'lock'
  | 'size'
  | 'read'
  | 'write'
  | 'sync'
  | 'writeDurably'
  | 'truncate';

export interface DiskFault {
  /** Default: any. */
  readonly calls?: readonly DiskCall[];
  /** Only of paths that contain this. Default: any. */
  readonly pathPart?: string;
  /** Lets so many matching calls pass first. Default 0. */
  readonly skip?: number;
  /** Fails so many. Default 1. */
  readonly times?: number;
  /** `hang`: the call never ends, and does nothing. */
  readonly result: DiskErrorCode | 'hang';
  /**
   * What a failing `write`, `writeDurably` or `sync` does all the same: nothing (default), the first half of the bytes, or everything
   * but the sync.
   */
  readonly effect?: 'none' | 'half' | 'unsynced';
}

interface Armed extends DiskFault {
  skipLeft: number;
  timesLeft: number;
}

const MUTATING: ReadonlySet<DiskCall> = new Set([
  'makeDirectory',
  'rename',
  'remove',
  'syncDirectory',
  'write',
  'sync',
  'writeDurably',
  'truncate',
]);

/**
 * Any disk, whose operations fail as told: with real files, what a full disk or a failed sync does to those above. At most
 * 100 faults may be armed.
 */
export class FaultyDisk implements Disk {
  /** Resolves when `dieAfter` has struck. */
  readonly died: Promise<void>;
  readonly #inner: Disk;
  #armed: Armed[] = [];
  #mutations = 0;
  #hangAt = Number.POSITIVE_INFINITY;
  #lastEffect: 'none' | 'half' | 'unsynced' = 'none';
  #announceDeath: () => void = () => {};

  constructor(inner: Disk) {
    this.#inner = inner;
    this.died = new Promise((resolve) => {
      this.#announceDeath = resolve;
    });
  }

  /** Calls so far that change something, failed ones included. */
  get mutations(): number {
    return this.#mutations;
  }

  arm(fault: DiskFault): void {
    if (this.#armed.length >= 100) throw new RangeError('100 disk faults are armed already');
    this.#armed.push({ ...fault, skipLeft: fault.skip ?? 0, timesLeft: fault.times ?? 1 });
  }

  /** After `count` more calls that change something nothing happens any more, as if the process had died. Of the next one the effect is there. */
  dieAfter(count: number, effect: 'none' | 'half' | 'unsynced' = 'none'): void {
    this.#hangAt = this.#mutations + count;
    this.#lastEffect = effect;
  }

  heal(): void {
    this.#armed = [];
    this.#hangAt = Number.POSITIVE_INFINITY;
  }

  makeDirectory(path: string): Promise<void> {
    return this.run('makeDirectory', path, () => this.#inner.makeDirectory(path));
  }

  list(path: string): Promise<readonly string[]> {
    return this.run('list', path, () => this.#inner.list(path));
  }

  exists(path: string): Promise<boolean> {
    return this.run('exists', path, () => this.#inner.exists(path));
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    const file = await this.run('open', path, () => this.#inner.open(path, mode));
    return new FaultyFile(file, this);
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('rename', from, () => this.#inner.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.run('remove', path, () => this.#inner.remove(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.run('syncDirectory', path, () => this.#inner.syncDirectory(path));
  }

  lock(path: string): Promise<AsyncDisposable> {
    return this.run('lock', path, () => this.#inner.lock(path));
  }

  /** @internal */
  async run<T>(
    call: DiskCall,
    path: string,
    carryOut: () => Promise<T>,
    partly?: (effect: 'half' | 'unsynced') => Promise<void>,
  ): Promise<T> {
    if (MUTATING.has(call)) this.#mutations += 1;
    if (this.#mutations > this.#hangAt) {
      if (this.#mutations === this.#hangAt + 1 && this.#lastEffect !== 'none') await partly?.(this.#lastEffect);
      this.#announceDeath();
      return never();
    }
    const fault = this.#faultFor(call, path);
    if (fault === undefined) return carryOut();
    if (fault.result === 'hang') return never();
    if (fault.effect !== undefined && fault.effect !== 'none') await partly?.(fault.effect);
    throw new DiskError(fault.result, path, `${call} ${path}: ${fault.result} (injected)`);
  }

  #faultFor(call: DiskCall, path: string): DiskFault | undefined {
    for (const fault of this.#armed) {
      if (fault.timesLeft === 0) continue;
      if (fault.calls !== undefined && !fault.calls.includes(call)) continue;
      if (fault.pathPart !== undefined && !path.includes(fault.pathPart)) continue;
      if (fault.skipLeft > 0) fault.skipLeft -= 1;
      else {
        fault.timesLeft -= 1;
        return fault;
      }
    }
    return undefined;
  }
}

class FaultyFile implements File {
  readonly path: string;
  readonly #inner: File;
  readonly #disk: FaultyDisk;

  constructor(inner: File, disk: FaultyDisk) {
    this.path = inner.path;
    this.#inner = inner;
    this.#disk = disk;
  }

  size(): Promise<number> {
    return this.#disk.run('size', this.path, () => this.#inner.size());
  }

  read(position: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#disk.run('read', this.path, () => this.#inner.read(position, lengthBytes, into));
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const partly = (effect: 'half' | 'unsynced') => this.#partly(chunks, position, effect);
    return this.#disk.run('write', this.path, () => this.#inner.write(chunks, position), partly);
  }

  sync(): Promise<void> {
    return this.#disk.run('sync', this.path, () => this.#inner.sync());
  }

  writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const partly = (effect: 'half' | 'unsynced') => this.#partly(chunks, position, effect);
    return this.#disk.run('writeDurably', this.path, () => this.#inner.writeDurably(chunks, position), partly);
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#disk.run('truncate', this.path, () => this.#inner.truncate(sizeBytes));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #partly(chunks: readonly Uint8Array[], position: number, effect: 'half' | 'unsynced'): Promise<void> {
    if (effect === 'unsynced') return this.#inner.write(chunks, position);
    let left = Math.floor(chunks.reduce((sum, chunk) => sum + chunk.length, 0) / 2);
    const half: Uint8Array[] = [];
    for (const chunk of chunks) {
      if (left > 0) half.push(chunk.subarray(0, left));
      left -= chunk.length;
    }
    return this.#inner.write(half, position);
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
