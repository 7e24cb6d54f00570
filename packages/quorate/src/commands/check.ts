/** `quorate check`: decides whether recorded histories are linearizable. */
import { readFile, writeFile } from 'node:fs/promises';
import {
  type CheckResult,
  checkHistory,
  HistoryFormatError,
  kvModel,
  kvVocabulary,
  type Model,
  readHistory,
  registerModel,
  registerVocabulary,
  renderHistory,
  type Verdict,
  type Vocabulary,
} from '@quorate/sim/check';

/** Per file. */
const TIMEOUT_SECONDS = 60;

export interface CheckCommandOptions {
  /** `register` or `kv`. */
  readonly model: string;
  /** Where to write a picture: of the first history that is not linearizable, or else of the first one. */
  readonly html?: string | undefined;
  /** For each file. Default 60. */
  readonly timeoutSeconds?: number | undefined;
}

/** Where lines go, without their newline. */
export interface CheckOutput {
  out(line: string): void;
  err(line: string): void;
}

/** The exit status: 0 all are linearizable, 1 one is not, 2 none is known not to be, but one is unknown or cannot be read. */
export async function runCheck(
  files: readonly string[],
  options: CheckCommandOptions,
  io: CheckOutput,
): Promise<number> {
  const timeoutSeconds = options.timeoutSeconds ?? TIMEOUT_SECONDS;
  const problem = misuse(files, options.model, timeoutSeconds);
  if (problem !== undefined) {
    io.err(`quorate check: ${problem}`);
    return 2;
  }
  const checked: Checked[] = [];
  for (const file of files) {
    const one = await checkFile(file, options.model as ModelName, timeoutSeconds);
    if ('problem' in one) io.err(one.problem);
    else io.out(lineOf(one, timeoutSeconds));
    checked.push(one);
  }
  const wasDrawn = options.html === undefined || (await draw(options.html, checked, io));
  const statuses = checked.map((one) => ('problem' in one ? 2 : STATUS[one.result.verdict]));
  if (statuses.includes(1)) return 1;
  return statuses.includes(2) || !wasDrawn ? 2 : 0;
}

const STATUS: Readonly<Record<Verdict, number>> = { linearizable: 0, illegal: 1, unknown: 2 };
const WORDS: Readonly<Record<Verdict, string>> = {
  linearizable: 'linearizable',
  illegal: 'not linearizable',
  unknown: 'unknown',
};

type ModelName = 'register' | 'kv';

interface Judged {
  readonly file: string;
  readonly operations: number;
  readonly result: CheckResult;
  readonly milliseconds: number;
  /** The operation that no order explains. */
  readonly refused: string | undefined;
  render(): string;
}
type Checked = Judged | { readonly problem: string };

function misuse(files: readonly string[], model: string, timeoutSeconds: number): string | undefined {
  if (model !== 'register' && model !== 'kv') return `--model: expected register or kv, got ${model}`;
  if (files.length === 0) return 'expected one or more files with histories';
  if (!(timeoutSeconds > 0)) return `--timeout: expected a positive number of seconds, got ${timeoutSeconds}`;
  return undefined;
}

async function checkFile(file: string, model: ModelName, timeoutSeconds: number): Promise<Checked> {
  try {
    const text = await readFile(file, 'utf8');
    return model === 'register'
      ? judge(file, text, registerVocabulary, registerModel, timeoutSeconds)
      : judge(file, text, kvVocabulary, kvModel, timeoutSeconds);
  } catch (error) {
    if (error instanceof HistoryFormatError) {
      const place = error.line === 0 ? file : `${file}:${error.line}`;
      return { problem: `${place}: unreadable as a ${model} history: ${error.message}` };
    }
    // Whatever it was: a history that was not judged is unknown, never refused.
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      problem: `${file}: unreadable: ${code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a directory' : message}`,
    };
  }
}

function judge<Input, Output, State>(
  file: string,
  text: string,
  vocabulary: Vocabulary<Input, Output>,
  model: Model<Input, Output, State>,
  timeoutSeconds: number,
): Judged {
  const start = performance.now();
  const { operations: history, annotations } = readHistory(text, vocabulary);
  const result = checkHistory(history, model, { stop: () => performance.now() - start > timeoutSeconds * 1000 });
  const milliseconds = performance.now() - start;
  const index = result.parts.find((part) => part.verdict === 'illegal')?.refused;
  const operation = index === undefined ? undefined : history[index];
  const refused =
    operation &&
    `${model.describeOperation(operation.input, operation.output)} (lines ${operation.call} to ${operation.return})`;
  const render = (): string =>
    renderHistory({ title: file, history, model, result, annotations, describeTime: (line) => `line ${line}` });
  return { file, operations: history.length, result, milliseconds, refused, render };
}

function lineOf({ file, operations, result, milliseconds, refused }: Judged, timeoutSeconds: number): string {
  const because =
    refused !== undefined
      ? `; refused: ${refused}`
      : result.verdict === 'unknown'
        ? milliseconds > timeoutSeconds * 1000
          ? `; gave up after ${timeoutSeconds} s, try a longer --timeout`
          : '; out of memory for the search'
        : '';
  return `${file}: ${WORDS[result.verdict]}, ${operations} operations, ${Math.ceil(milliseconds)} ms${because}`;
}

async function draw(target: string, checked: readonly Checked[], io: CheckOutput): Promise<boolean> {
  const judged = checked.filter((one): one is Judged => !('problem' in one));
  const shown =
    judged.find((one) => one.result.verdict === 'illegal') ??
    judged.find((one) => one.result.verdict === 'unknown') ??
    judged[0];
  if (shown === undefined) return false;
  try {
    await writeFile(target, shown.render());
  } catch (error) {
    io.err(`${target}: the picture could not be written: ${(error as Error).message}`);
    return false;
  }
  io.out(`${target}: picture of ${shown.file}`);
  return true;
}
