import type { Disk, Env, File } from '@quorate/env';
import { type BatchBytes, type SegmentHeader, writeSegmentHeader } from '@quorate/patterns/log';
import { makeDurableDirectory } from './durable-directory.ts';

const NAME = /^log-([0-9a-f]{8})\.wal$/;
const TEMPORARY = '.tmp';

/** The directory that holds the log's segments, and nothing else but copies of damaged ones. */
export class LogDirectory {
  readonly path: string;
  readonly #disk: Disk;

  constructor(env: Pick<Env, 'disk'>, path: string) {
    this.#disk = env.disk;
    this.path = path;
  }

  pathOf(segment: number): string {
    return `${this.path}/log-${segment.toString(16).padStart(8, '0')}.wal`;
  }

  /** Numbers of the segments, ascending. Removes what an interrupted creation left. */
  async open(): Promise<readonly number[]> {
    await makeDurableDirectory(this.#disk, this.path);
    const segments: number[] = [];
    for (const name of await this.#disk.list(this.path)) {
      const match = NAME.exec(name);
      if (match !== null) segments.push(Number.parseInt(match[1]!, 16));
      else if (name.endsWith(TEMPORARY)) await this.#disk.remove(`${this.path}/${name}`);
    }
    // The life before may have been killed between a rename and its sync.
    await this.#disk.syncDirectory(this.path);
    return segments.sort((a, b) => a - b);
  }

  async read(segment: number): Promise<Uint8Array> {
    const file = await this.#disk.open(this.pathOf(segment), 'read');
    try {
      return await file.read(0, await file.size());
    } finally {
      await file.close();
    }
  }

  openForAppend(segment: number): Promise<File> {
    return this.#disk.open(this.pathOf(segment), 'write');
  }

  /** A segment appears under its name complete and durable, or not at all. */
  async create(header: SegmentHeader, first: BatchBytes): Promise<File> {
    const path = this.pathOf(header.segment);
    const temporary = path + TEMPORARY;
    const file = await this.#disk.open(temporary, 'create');
    try {
      await file.writeDurably([writeSegmentHeader(header), ...first.chunks], 0);
    } finally {
      await file.close();
    }
    await this.#disk.rename(temporary, path);
    await this.#disk.syncDirectory(this.path);
    return this.openForAppend(header.segment);
  }

  /** Durable before it returns, so that segments vanish in the order in which they are removed. */
  async remove(segment: number): Promise<void> {
    await this.#disk.remove(this.pathOf(segment));
    await this.#disk.syncDirectory(this.path);
  }

  /** Keeps a copy of a damaged segment for whoever wants to know what happened. The segment itself stays part of the log. */
  async keepAside(segment: number, bytes: Uint8Array): Promise<string> {
    const path = `${this.pathOf(segment)}.damaged`;
    if (await this.#disk.exists(path)) return path;
    const temporary = path + TEMPORARY;
    const file = await this.#disk.open(temporary, 'create');
    try {
      await file.writeDurably([bytes], 0);
    } finally {
      await file.close();
    }
    await this.#disk.rename(temporary, path);
    await this.#disk.syncDirectory(this.path);
    return path;
  }
}
