/** `put get del watch lock elect`: the core's key space from the command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { type Client, type Keys, type KeyValue, toText } from '@quorate/cluster/client';
import { Command, Option } from 'commander';
import { wholeNumber } from './arguments.ts';
import { type ClientFlags, endpointsOption, timeoutOption, withClient } from './with-client.ts';

interface RangeFlags {
  readonly prefix: boolean;
  readonly to?: string;
}

const keysOf = (key: string, flags: RangeFlags): Keys =>
  flags.prefix ? { prefix: key } : flags.to === undefined ? key : { from: key, to: flags.to };

const shown = ({ key, value, ...rest }: KeyValue): object => ({ key: toText(key), value: toText(value), ...rest });
const print = (text: string): boolean => process.stdout.write(`${text}\n`);
/** Keys and values as they are: what is no text is not made into one. */
const printBytes = (...fields: readonly (string | Uint8Array)[]): boolean => {
  const line = fields.flatMap((field, at) => [Buffer.from(at === 0 ? '' : '\t'), Buffer.from(field)]);
  return process.stdout.write(Buffer.concat([...line, Buffer.from('\n')]));
};

function clientCommand(name: string, description: string): Command {
  return new Command(name).description(description).addOption(endpointsOption()).addOption(timeoutOption());
}

const ranged = (command: Command): Command =>
  command
    .addOption(new Option('--prefix', 'all keys that start with the key').default(false).conflicts('to'))
    .option('--to <key>', 'all keys from the key up to this one, which is not included');

function putCommand(): Command {
  return clientCommand('put', 'write a key')
    .argument('<key>')
    .argument('<value>', 'the value; - reads standard input')
    .option('--lease <id>', 'attach the key to a lease', wholeNumber(0))
    .action(async (key: string, value: string, flags: ClientFlags & { lease?: number }) => {
      const bytes = value === '-' ? await readStandardInput() : value;
      process.exitCode = await withClient(flags, async (client, signal) => {
        const { revision } = await client.put(key, bytes, {
          signal,
          ...(flags.lease === undefined ? {} : { lease: flags.lease }),
        });
        print(`revision ${revision}`);
        return 0;
      });
    });
}

function getCommand(): Command {
  return ranged(clientCommand('get', 'read keys; exit status 1 when there is none'))
    .argument('<key>')
    .option('--revision <number>', 'the state as of that revision', wholeNumber(0), 0)
    .option('--limit <count>', 'at most so many keys', wholeNumber(0), 0)
    .option('--serializable', 'ask one node only; may be stale', false)
    .option('--keys-only', 'no values', false)
    .option('--json', 'one JSON object per key', false)
    .action(
      async (
        key: string,
        flags: ClientFlags &
          RangeFlags & { revision: number; limit: number; serializable: boolean; keysOnly: boolean; json: boolean },
      ) => {
        process.exitCode = await withClient(flags, async (client, signal) => {
          const { revision, limit, serializable, keysOnly } = flags;
          const { kvs } = await client.range(keysOf(key, flags), { revision, limit, serializable, keysOnly, signal });
          for (const kv of kvs) {
            if (flags.json) print(JSON.stringify(shown(kv)));
            else printBytes(kv.key, ...(keysOnly ? [] : [kv.value]));
          }
          return kvs.length > 0 ? 0 : 1;
        });
      },
    );
}

function deleteCommand(): Command {
  return ranged(clientCommand('del', 'delete keys'))
    .argument('<key>')
    .action(async (key: string, flags: ClientFlags & RangeFlags) => {
      process.exitCode = await withClient(flags, async (client, signal) => {
        const { deleted } = await client.delete(keysOf(key, flags), { signal });
        print(`${deleted} deleted`);
        return 0;
      });
    });
}

function watchCommand(): Command {
  return ranged(clientCommand('watch', 'print changes until Ctrl-C'))
    .argument('<key>')
    .option('--from-revision <number>', 'history from that revision on', wholeNumber(0))
    .option('--json', 'one JSON object per event', false)
    .action(async (key: string, flags: ClientFlags & RangeFlags & { fromRevision?: number; json: boolean }) => {
      process.exitCode = await withClient(flags, async (client, signal) => {
        const from = flags.fromRevision === undefined ? {} : { fromRevision: flags.fromRevision };
        for await (const { events } of client.watch(keysOf(key, flags), { ...from, signal })) {
          for (const { type, kv } of events) {
            if (flags.json) print(JSON.stringify({ type, ...shown(kv) }));
            else printBytes(String(kv.modRevision), type, kv.key, ...(type === 'put' ? [kv.value] : []));
          }
        }
        return 0;
      });
    });
}

/** Runs a program while something is held; stops it when the holding is lost. Without a program, holds until Ctrl-C. */
async function whileHeld(
  held: { readonly token: number; readonly key: string; readonly signal: AbortSignal },
  program: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const [command, ...rest] = program[0] === '--' ? program.slice(1) : program;
  if (command === undefined) {
    await new Promise<void>((resolve) => {
      held.signal.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (!held.signal.aborted || signal.aborted) return 0;
    process.stderr.write('quorate: no longer held\n');
    return 1;
  }
  const environment = { ...process.env, QUORATE_TOKEN: String(held.token), QUORATE_LOCK_KEY: held.key };
  const child = spawn(command, rest, { stdio: 'inherit', env: environment });
  const stop = (): void => {
    process.stderr.write('quorate: no longer held; stopping the program\n');
    child.kill('SIGTERM');
  };
  held.signal.addEventListener('abort', stop, { once: true });
  using _ = passSignalsOn(child);
  let status: number;
  try {
    status = await new Promise<number>((resolve) => {
      child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
        const why = code === 'ENOENT' ? 'there is no such program' : message;
        process.stderr.write(`quorate: cannot run ${command}: ${why}\n`);
        resolve(NOT_RUN_STATUS);
      });
      child.once('exit', (code, killer) => resolve(code ?? 128 + (killer === null ? 0 : constants.signals[killer])));
    });
  } finally {
    held.signal.removeEventListener('abort', stop);
  }
  return held.signal.aborted && !signal.aborted ? 1 : status;
}

/** As shells have it. */
const NOT_RUN_STATUS = 127;
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ctrl-C in a terminal reaches the program by itself; what only this process is sent is passed on. The program decides what comes of it. */
function passSignalsOn(child: ChildProcess): Disposable {
  const inTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY === true);
  const passOn = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  return {
    [Symbol.dispose]() {
      for (const signal of PASSED_ON) process.off(signal, passOn);
    },
  };
}

function lockCommand(): Command {
  return clientCommand('lock', 'hold a lock while a program runs (or until Ctrl-C); QUORATE_TOKEN is its fencing token')
    .argument('<name>')
    .argument('[program...]', 'program and its arguments, after --')
    .option('--ttl <seconds>', 'how long others wait should this process vanish', wholeNumber(1), 10)
    .action(async (name: string, program: string[], flags: ClientFlags & { ttl: number }) => {
      process.exitCode = await withClient(flags, async (client, signal) => {
        await using lock = await client.lock(name, { ttlSeconds: flags.ttl, signal });
        if (program.length === 0) print(`${lock.key}\ntoken ${lock.token}`);
        // Awaited here: the lock is given back when this function returns.
        return await whileHeld(lock, program, signal);
      });
    });
}

function electCommand(): Command {
  return clientCommand('elect', 'stand for an election and lead until Ctrl-C, or observe who leads')
    .argument('<name>')
    .argument('[value]', 'what the others see of this leader')
    .option('--observe', 'print every leader instead of standing', false)
    .option('--ttl <seconds>', 'how long the others wait should this process vanish', wholeNumber(1), 10)
    .action(async (name: string, value: string | undefined, flags: ClientFlags & { observe: boolean; ttl: number }) => {
      process.exitCode = await withClient(flags, (client, signal) =>
        flags.observe ? observe(client, name, signal) : lead(client, name, value ?? '', flags.ttl, signal),
      );
    });
}

async function observe(client: Client, name: string, signal: AbortSignal): Promise<number> {
  for await (const leader of client.election(name).observe({ signal })) {
    print(leader === undefined ? '(no leader)' : `${leader.token}\t${leader.text}`);
  }
  return 0;
}

async function lead(
  client: Client,
  name: string,
  value: string,
  ttlSeconds: number,
  signal: AbortSignal,
): Promise<number> {
  await using leadership = await client.election(name).campaign(value, { ttlSeconds, signal });
  print(`elected\ntoken ${leadership.token}`);
  return await whileHeld(leadership, [], signal);
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function keyCommands(): readonly Command[] {
  return [putCommand(), getCommand(), deleteCommand(), watchCommand(), lockCommand(), electCommand()];
}
