import { type Disk, DiskError, type Env } from '@quorate/env';
import type { MemberRecord } from '../core/requests.ts';

const FILE = 'members.json';

/**
 * The members as last known, beside the log: after a restart of the whole cluster nobody can be asked, and the log cannot be read on before a
 * majority has found each other. Only a hint, and replaced by what the log says; so a lost or damaged file is no error.
 */
export class MembersFile {
  readonly #env: Pick<Env, 'disk' | 'log'>;
  readonly #path: string;
  readonly #directory: string;
  #wanted: readonly MemberRecord[] | undefined;
  #writing: Promise<void> | undefined;

  constructor(env: Pick<Env, 'disk' | 'log'>, directory: string) {
    this.#env = env;
    this.#directory = directory;
    this.#path = `${directory}/${FILE}`;
  }

  async read(): Promise<readonly MemberRecord[]> {
    try {
      if (!(await this.#env.disk.exists(this.#path))) return [];
      const file = await this.#env.disk.open(this.#path, 'read');
      try {
        return parse(new TextDecoder().decode(await file.read(0, await file.size())));
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#env.log.warn('the list of members cannot be read, and is not used', { reason: String(error) });
      return [];
    }
  }

  /** Writes one list at a time; of those that come meanwhile, only the last. */
  save(members: readonly MemberRecord[]): void {
    this.#wanted = members;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      try {
        await replace(this.#env.disk, this.#directory, this.#path, JSON.stringify(next));
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        this.#env.log.warn('the list of members cannot be saved', { reason: error.message });
      }
    }
  }

  #take(): readonly MemberRecord[] | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    return wanted;
  }
}

async function replace(disk: Disk, directory: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  if (await disk.exists(temporary)) await disk.remove(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.writeDurably([new TextEncoder().encode(text)], 0);
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(directory);
}

function parse(text: string): readonly MemberRecord[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new TypeError('a list was expected');
  return parsed.filter(isMember);
}

function isMember(value: unknown): value is MemberRecord {
  const { id, name, peerAddress, clientUrls } = value as Partial<MemberRecord>;
  return (
    Number.isSafeInteger(id) && typeof name === 'string' && typeof peerAddress === 'string' && Array.isArray(clientUrls)
  );
}
