import { DiskError, type Env } from '@quorate/env';
import type { MemberRecord } from '../core/requests.ts';
import { readText, replaceText } from './text-file.ts';

const FILE = 'members.json';

/**
 * The members as last known, beside the log: after a restart of the whole cluster nobody can be asked, and the log cannot be read on before a
 * majority has found each other. Only a hint, and replaced by what the log says; so a lost or damaged file is no error.
 */
export class MembersFile {
  readonly #env: Pick<Env, 'disk' | 'log'>;
  readonly #directory: string;
  #wanted: readonly MemberRecord[] | undefined;
  /** What is in the file; undefined when that is not known. */
  #saved: string | undefined;
  #writing: Promise<void> | undefined;

  constructor(env: Pick<Env, 'disk' | 'log'>, directory: string) {
    this.#env = env;
    this.#directory = directory;
  }

  async read(): Promise<readonly MemberRecord[]> {
    try {
      const text = await readText(this.#env.disk, `${this.#directory}/${FILE}`);
      return text === undefined ? [] : parse(text);
    } catch (error) {
      this.#env.log.warn('the list of members cannot be read, and is not used', { reason: String(error) });
      return [];
    }
  }

  /** Writes one list at a time; of those that come meanwhile, only the last. One that is in the file already is not written again. */
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
      const text = JSON.stringify(next);
      if (text === this.#saved) continue;
      this.#saved = undefined;
      try {
        await replaceText(this.#env.disk, this.#directory, FILE, text);
        this.#saved = text;
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
