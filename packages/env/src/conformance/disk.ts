import type { Disk, File } from '../disk.ts';
import { bytes, type ConformanceCase, expectCode, expectEqual, expectSameBytes, expectThat, pattern } from './case.ts';

export interface DiskSubject {
  readonly disk: Disk;
  /** An empty directory that exists, without a slash at its end. */
  readonly directory: string;
}

async function created(subject: DiskSubject, name: string, content?: Uint8Array): Promise<File> {
  const file = await subject.disk.open(`${subject.directory}/${name}`, 'create');
  if (content !== undefined) await file.write([content], 0);
  return file;
}

async function contentOf(file: File): Promise<Uint8Array> {
  return file.read(0, await file.size());
}

const names: readonly ConformanceCase<DiskSubject>[] = [
  {
    name: 'makeDirectory creates missing parents and does not mind that it exists',
    async run({ disk, directory }) {
      await disk.makeDirectory(`${directory}/a/b/c`);
      await disk.makeDirectory(`${directory}/a/b`);
      expectEqual(await disk.list(`${directory}/a/b`), ['c'], 'the names');
    },
  },
  {
    name: 'list gives names in ascending order, and rejects for what is not there',
    async run(subject) {
      for (const name of ['b', 'a10', 'a9', 'Z']) await (await created(subject, name)).close();
      expectEqual(await subject.disk.list(subject.directory), ['Z', 'a10', 'a9', 'b'], 'the names');
      await expectCode(() => subject.disk.list(`${subject.directory}/none`), 'not-found', 'list');
    },
  },
  {
    name: 'exists tells files and directories from nothing',
    async run(subject) {
      const { disk, directory } = subject;
      await (await created(subject, 'file')).close();
      expectEqual(await disk.exists(`${directory}/file`), true, 'a file');
      expectEqual(await disk.exists(directory), true, 'a directory');
      expectEqual(await disk.exists(`${directory}/none`), false, 'nothing');
    },
  },
  {
    name: 'open wants a file to be there for read and write, and not to be there for create',
    async run(subject) {
      const { disk, directory } = subject;
      await (await created(subject, 'file')).close();
      await expectCode(() => disk.open(`${directory}/file`, 'create'), 'exists', 'create');
      await expectCode(() => disk.open(`${directory}/none`, 'read'), 'not-found', 'read');
      await expectCode(() => disk.open(`${directory}/none`, 'write'), 'not-found', 'write');
      await expectCode(() => disk.open(`${directory}/none/file`, 'create'), 'not-found', 'create without a directory');
    },
  },
  {
    name: 'rename moves a file and replaces the one that was there',
    async run(subject) {
      const { disk, directory } = subject;
      await (await created(subject, 'old', bytes(1))).close();
      await (await created(subject, 'new', bytes(2, 2))).close();
      await disk.rename(`${directory}/new`, `${directory}/old`);
      expectEqual(await disk.list(directory), ['old'], 'the names');
      const file = await disk.open(`${directory}/old`, 'read');
      expectEqual(await contentOf(file), bytes(2, 2), 'the content');
      await file.close();
      await expectCode(() => disk.rename(`${directory}/none`, `${directory}/x`), 'not-found', 'rename of nothing');
    },
  },
  {
    name: 'remove removes a file, and rejects for what is not there',
    async run(subject) {
      const { disk, directory } = subject;
      await (await created(subject, 'file')).close();
      await disk.remove(`${directory}/file`);
      expectEqual(await disk.list(directory), [], 'the names');
      await expectCode(() => disk.remove(`${directory}/file`), 'not-found', 'remove');
    },
  },
  {
    name: 'writeDurably follows a file through a rename, whatever has its old name by then',
    async run(subject) {
      const { disk, directory } = subject;
      const file = await created(subject, 'a');
      await disk.rename(`${directory}/a`, `${directory}/b`);
      const other = await created(subject, 'a');
      await file.writeDurably([bytes(1, 2, 3)], 0);
      expectEqual(await contentOf(file), bytes(1, 2, 3), 'the renamed one');
      expectEqual(await other.size(), 0, 'size of the one that has the old name');
      await file.close();
      await other.close();
    },
  },
  {
    name: 'a file that was renamed or removed stays open for those who have it open',
    async run(subject) {
      const { disk, directory } = subject;
      const [moved, removed] = [await created(subject, 'a', bytes(1)), await created(subject, 'b', bytes(2))];
      await disk.rename(`${directory}/a`, `${directory}/c`);
      await disk.remove(`${directory}/b`);
      await moved.write([bytes(3)], 1);
      expectEqual(await contentOf(moved), bytes(1, 3), 'the renamed one');
      expectEqual(await contentOf(removed), bytes(2), 'the removed one');
      await moved.close();
      await removed.close();
    },
  },
  {
    name: 'syncDirectory resolves for a directory and rejects for what is not there',
    async run({ disk, directory }) {
      await disk.syncDirectory(directory);
      await expectCode(() => disk.syncDirectory(`${directory}/none`), 'not-found', 'syncDirectory');
    },
  },
  {
    name: 'lock is held by one at a time, says that it is held, and can be taken again after it was given back',
    async run({ disk, directory }) {
      const lock = await disk.lock(`${directory}/lock`);
      await expectCode(() => disk.lock(`${directory}/lock`), 'locked', 'a second lock');
      await lock[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
      await (await disk.lock(`${directory}/lock`))[Symbol.asyncDispose]();
    },
  },
];

const contents: readonly ConformanceCase<DiskSubject>[] = [
  {
    name: 'write puts chunks one after the other, and read gives fewer bytes only at the end',
    async run(subject) {
      const file = await created(subject, 'file');
      await file.write([bytes(1, 2), bytes(), bytes(3), bytes(4, 5, 6)], 0);
      expectEqual(await file.size(), 6, 'the size');
      expectEqual(await file.read(1, 3), bytes(2, 3, 4), 'in the middle');
      expectEqual(await file.read(4, 100), bytes(5, 6), 'over the end');
      expectEqual(await file.read(6, 10), bytes(), 'at the end');
      expectEqual(await file.read(60, 10), bytes(), 'behind the end');
      await file.close();
    },
  },
  {
    name: 'read into a buffer gives a view of it, and touches nothing behind what it read',
    async run(subject) {
      const file = await created(subject, 'file', bytes(1, 2, 3, 4, 5));
      const room = bytes(9, 9, 9, 9);
      const got = await file.read(1, 3, room);
      expectEqual(got, bytes(2, 3, 4), 'what was read');
      expectEqual(got.buffer === room.buffer, true, 'a view of the buffer');
      expectEqual(await file.read(3, 4, room), bytes(4, 5), 'over the end');
      expectEqual(room, bytes(4, 5, 4, 9), 'the buffer');
      await file.close();
    },
  },
  {
    name: 'write overwrites in place, and a gap behind the end reads as zeros',
    async run(subject) {
      const file = await created(subject, 'file', bytes(1, 2, 3));
      await file.write([bytes(9)], 1);
      await file.write([bytes(7)], 5);
      expectEqual(await contentOf(file), bytes(1, 9, 3, 0, 0, 7), 'the content');
      await file.close();
    },
  },
  {
    name: 'a chunk may be a view of a larger buffer, and many chunks are one write',
    async run(subject) {
      const file = await created(subject, 'file');
      const all = pattern(30_000, 1);
      const chunks = Array.from({ length: 3000 }, (_, i) => all.subarray(i * 10, i * 10 + 10));
      await file.write(chunks, 3);
      expectSameBytes(await file.read(3, all.length), all, 'the content');
      await file.close();
    },
  },
  {
    name: 'what writeDurably and sync have taken is there when the file is opened again',
    async run(subject) {
      const { disk, directory } = subject;
      const content = pattern(300_000, 2);
      const file = await created(subject, 'file');
      for (let i = 0; i < 100; i++) await file.writeDurably([content.subarray(i * 3000, i * 3000 + 3000)], i * 3000);
      await file.write([bytes(1)], 300_000);
      await file.writeDurably([bytes(2), bytes(3)], 300_001);
      await file.write([bytes(4)], 300_003);
      await file.sync();
      await file.close();
      const again = await disk.open(`${directory}/file`, 'read');
      expectSameBytes(await again.read(0, 300_000), content, 'the content');
      expectEqual(await again.read(300_000, 10), bytes(1, 2, 3, 4), 'the end');
      await again.close();
    },
  },
  {
    name: 'writes to different places may overlap in time',
    async run(subject) {
      const file = await created(subject, 'file');
      const parts = Array.from({ length: 20 }, (_, i) => pattern(5000, i));
      await Promise.all(
        parts.map((part, i) => (i % 3 === 0 ? file.writeDurably([part], i * 5000) : file.write([part], i * 5000))),
      );
      for (const [i, part] of parts.entries()) expectSameBytes(await file.read(i * 5000, 5000), part, `part ${i}`);
      await file.close();
    },
  },
  {
    name: 'truncate cuts a file, and what grows behind the cut is not what was cut',
    async run(subject) {
      const file = await created(subject, 'file', bytes(1, 2, 3, 4));
      await file.truncate(2);
      expectEqual(await contentOf(file), bytes(1, 2), 'cut');
      await file.write([bytes(9)], 4);
      expectEqual(await contentOf(file), bytes(1, 2, 0, 0, 9), 'grown');
      await file.close();
    },
  },
  {
    name: 'a closed file rejects every call, and may be closed again',
    async run(subject) {
      const file = await created(subject, 'file', bytes(1));
      await file.close();
      await file.close();
      await expectCode(() => file.read(0, 1), 'closed', 'read');
      await expectCode(() => file.write([bytes(1)], 0), 'closed', 'write');
      await expectCode(() => file.writeDurably([bytes(1)], 0), 'closed', 'writeDurably');
      await expectCode(() => file.sync(), 'closed', 'sync');
      await expectCode(() => file.size(), 'closed', 'size');
      await expectCode(() => file.truncate(0), 'closed', 'truncate');
    },
  },
  {
    name: 'what read returns is the caller’s own',
    async run(subject) {
      const file = await created(subject, 'file', bytes(1, 2));
      (await file.read(0, 2)).fill(9);
      expectEqual(await contentOf(file), bytes(1, 2), 'the content');
      const read = await file.read(0, 2);
      await file.write([bytes(7, 7)], 0);
      expectThat(read[0] === 1, 'bytes that were read must not change with the file');
      await file.close();
    },
  },
];

export const diskConformance: readonly ConformanceCase<DiskSubject>[] = [...names, ...contents];
