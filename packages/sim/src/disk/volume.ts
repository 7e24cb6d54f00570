/**
 * The file system of a simulated disk, synchronously: names, bytes, what is durable of them and what a crash leaves.
 * Faults, delays and processes are the business of `SimDisk` and `DiskMount`.
 */
import { DiskError } from '@quorate/env';
import { assert } from '@quorate/patterns/base';
import type { CrashVariant, PendingOperation } from './crash.ts';
import { DirectoryImage, type NameChange, type Node } from './directory-image.ts';
import { FileImage, SECTOR_BYTES } from './file-image.ts';
import { Survivors } from './survivors.ts';

export class Volume {
  /** Bytes of all files that have a name or an open handle. */
  usedBytes = 0;
  capacityBytes: number;
  #root: DirectoryImage;
  #sequence = 0;
  #nextId = 1;
  readonly #dirtyFiles = new Set<FileImage>();
  readonly #dirtyDirectories = new Set<DirectoryImage>();

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
    this.#root = new DirectoryImage(0);
  }

  /** The number of the newest change. A sync takes it when it starts: what changes later is not covered. */
  get sequence(): number {
    return this.#sequence;
  }

  makeDirectory(path: string): boolean {
    let directory = this.#root;
    let at = '';
    let made = false;
    for (const name of split(path)) {
      at += `/${name}`;
      const found = directory.live.get(name);
      if (found?.kind === 'file') throw new DiskError('exists', at, `${at} is a file, not a directory`);
      if (found === undefined) made = true;
      directory = found ?? this.#makeChild(directory, name, at);
    }
    return made;
  }

  list(path: string): string[] {
    return [...this.#directory(path).live.keys()].sort(byCodeUnit);
  }

  find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of split(path)) {
      if (node?.kind !== 'directory') return undefined;
      node = node.live.get(name);
    }
    return node;
  }

  openExisting(path: string): FileImage {
    const node = this.find(path);
    if (node === undefined) throw new DiskError('not-found', path, `${path} does not exist`);
    if (node.kind === 'directory') throw new DiskError('other', path, `${path} is a directory, not a file`);
    node.handles += 1;
    return node;
  }

  create(path: string): FileImage {
    const { directory, name } = this.#parent(path);
    if (directory.live.has(name)) throw new DiskError('exists', path, `${path} exists already`);
    const file = new FileImage(this.#nextId++, path);
    this.#change({
      kind: 'create',
      sequence: ++this.#sequence,
      path,
      sets: { directory, name, node: file },
      removes: undefined,
    });
    file.links = 1;
    file.handles = 1;
    return file;
  }

  release(file: FileImage): void {
    file.handles -= 1;
    this.#reclaim(file);
  }

  /** When the space does not suffice, what fits is written, in whole sectors, and `no-space` thrown. */
  write(file: FileImage, chunks: readonly Uint8Array[], position: number): void {
    let end = position;
    for (const chunk of chunks) end += chunk.length;
    const free = this.capacityBytes - this.usedBytes;
    if (end - file.sizeBytes <= free) {
      this.#write(file, chunks, position);
      return;
    }
    const fits = Math.floor((file.sizeBytes + free) / SECTOR_BYTES) * SECTOR_BYTES - position;
    if (fits > 0) this.#write(file, firstBytes(chunks, fits), position);
    throw noSpace(file.path, this.capacityBytes);
  }

  truncate(file: FileImage, sizeBytes: number): void {
    const growth = sizeBytes - file.sizeBytes;
    if (growth > this.capacityBytes - this.usedBytes) throw noSpace(file.path, this.capacityBytes);
    file.truncate(sizeBytes, ++this.#sequence);
    this.usedBytes += growth;
    this.#dirtyFiles.add(file);
  }

  sync(file: FileImage, sequence: number): void {
    file.sync(sequence);
    if (file.pending.length === 0) this.#dirtyFiles.delete(file);
  }

  /** What a failed sync leaves: see `FileImage.failSync`. */
  failSync(file: FileImage, sequence: number, reached: () => boolean): void {
    file.failSync(sequence, reached);
    if (file.pending.length === 0) this.#dirtyFiles.delete(file);
  }

  syncDirectory(path: string, sequence: number): void {
    this.#directory(path).sync(sequence);
    for (const directory of this.#dirtyDirectories) {
      if (directory.pending.length === 0) this.#dirtyDirectories.delete(directory);
    }
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from);
    const node = source.directory.live.get(source.name);
    if (node === undefined) throw new DiskError('not-found', from, `${from} does not exist`);
    const target = this.#parent(to);
    const replaced = target.directory.live.get(target.name);
    if (replaced === node) return;
    if (replaced !== undefined) assertReplaceable(node, replaced, to);
    this.#change({
      kind: 'rename',
      sequence: ++this.#sequence,
      path: to,
      sets: { ...target, node },
      removes: { ...source, node },
    });
    if (node.kind === 'file') node.path = to;
    if (replaced?.kind === 'file') this.#unlink(replaced);
  }

  remove(path: string): void {
    const { directory, name } = this.#parent(path);
    const node = directory.live.get(name);
    if (node === undefined) throw new DiskError('not-found', path, `${path} does not exist`);
    if (node.kind === 'directory' && node.live.size > 0) {
      throw new DiskError('not-empty', path, `${path} is a directory that is not empty`);
    }
    this.#change({
      kind: 'remove',
      sequence: ++this.#sequence,
      path,
      sets: undefined,
      removes: { directory, name, node },
    });
    if (node.kind === 'file') this.#unlink(node);
  }

  /** All files that have a name, by path. */
  files(): Map<string, FileImage> {
    const found = new Map<string, FileImage>();
    collect(this.#root, '', found);
    return found;
  }

  /** What a power failure now might take away, oldest first. */
  pending(): PendingOperation[] {
    const operations: PendingOperation[] = [];
    for (const file of this.#dirtyFiles) {
      for (const change of file.pending) {
        if (change.kind === 'write') operations.push({ kind: 'write', sequence: change.sequence, file, change });
        else operations.push({ kind: 'truncate', sequence: change.sequence, file, change });
      }
    }
    for (const directory of this.#dirtyDirectories) {
      for (const change of directory.pending) operations.push({ kind: 'names', sequence: change.sequence, change });
    }
    return operations.sort((a, b) => a.sequence - b.sequence);
  }

  /** The file system that is found after a power failure with that fate. This one stays as it is. */
  afterCrash(variant: CrashVariant): Volume {
    const pending = this.pending();
    assert(pending.length === variant.outcomes.length, 'a crash variant must be of the operations pending now');
    const volume = new Volume(this.capacityBytes);
    volume.#nextId = this.#nextId;
    volume.#root = new Survivors(pending, variant).directory(this.#root);
    for (const file of volume.files().values()) {
      file.links += 1;
      if (file.links === 1) volume.usedBytes += file.sizeBytes;
    }
    return volume;
  }

  /** Everything is as durable as if it had been synced: for setting a scene. */
  settle(): void {
    for (const file of this.#dirtyFiles) file.sync(this.#sequence);
    for (const directory of this.#dirtyDirectories) directory.sync(this.#sequence);
    this.#dirtyFiles.clear();
    this.#dirtyDirectories.clear();
  }

  #write(file: FileImage, chunks: readonly Uint8Array[], position: number): void {
    const before = file.sizeBytes;
    file.write(chunks, position, ++this.#sequence);
    this.usedBytes += file.sizeBytes - before;
    this.#dirtyFiles.add(file);
  }

  #makeChild(directory: DirectoryImage, name: string, path: string): DirectoryImage {
    const node = new DirectoryImage(this.#nextId++);
    const sequence = ++this.#sequence;
    this.#change({ kind: 'make-directory', sequence, path, sets: { directory, name, node }, removes: undefined });
    return node;
  }

  #change(change: NameChange): void {
    DirectoryImage.change(change);
    this.#dirtyDirectories.add((change.sets ?? change.removes)!.directory);
  }

  #unlink(file: FileImage): void {
    file.links -= 1;
    this.#reclaim(file);
  }

  #reclaim(file: FileImage): void {
    if (file.links === 0 && file.handles === 0) this.usedBytes -= file.sizeBytes;
  }

  #directory(path: string): DirectoryImage {
    const node = this.find(path);
    if (node === undefined) throw new DiskError('not-found', path, `${path} does not exist`);
    if (node.kind === 'file') throw new DiskError('other', path, `${path} is a file, not a directory`);
    return node;
  }

  #parent(path: string): { directory: DirectoryImage; name: string } {
    const names = split(path);
    const name = names.at(-1);
    if (name === undefined) throw new DiskError('permission-denied', path, 'the root directory cannot be changed');
    return { directory: this.#directory(`/${names.slice(0, -1).join('/')}`), name };
  }
}

function split(path: string): string[] {
  if (!path.startsWith('/'))
    throw new DiskError('other', path, `a path must be absolute, but was ${JSON.stringify(path)}`);
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function collect(directory: DirectoryImage, path: string, into: Map<string, FileImage>): void {
  for (const [name, node] of directory.live) {
    if (node.kind === 'file') into.set(`${path}/${name}`, node);
    else collect(node, `${path}/${name}`, into);
  }
}

function firstBytes(chunks: readonly Uint8Array[], lengthBytes: number): Uint8Array[] {
  const first: Uint8Array[] = [];
  let left = lengthBytes;
  for (const chunk of chunks) {
    if (left <= 0) break;
    first.push(chunk.subarray(0, left));
    left -= chunk.length;
  }
  return first;
}

function assertReplaceable(node: Node, replaced: Node, path: string): void {
  if (replaced.kind === 'directory' && node.kind === 'directory' && replaced.live.size === 0) return;
  if (replaced.kind === 'file' && node.kind === 'file') return;
  throw new DiskError(
    replaced.kind === 'directory' ? 'not-empty' : 'exists',
    path,
    `${path} is in the way of a rename`,
  );
}

function noSpace(path: string, capacityBytes: number): DiskError {
  return new DiskError('no-space', path, `no space left for ${path}: the disk holds ${capacityBytes} bytes`);
}
