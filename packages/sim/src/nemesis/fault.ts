/**
 * A fault as data: when, to whom, for how long. A run's faults are a list of these, so that a run can be shown, replayed
 * with a shorter list, and minimised. Every fault ends by itself; taking one out of the list takes out its end too.
 */
import type { Cut, LinkQuality } from '../net/index.ts';

interface Timed {
  /** Milliseconds since the nemesis began. */
  readonly atMs: number;
  readonly forMs: number;
}

/** Nodes by name. `@leader` means whoever leads when the fault begins, as the scenario tells. */
interface Targeted extends Timed {
  readonly nodes: readonly string[];
}

export type Fault =
  /** Directions that carry nothing. `shape` is for people. */
  | (Timed & { readonly kind: 'cut'; readonly shape: string; readonly cuts: readonly Cut[] })
  /** All that the nodes send or receive stands still, and then comes at once. */
  | (Targeted & { readonly kind: 'clog' })
  | (Timed & { readonly kind: 'degrade'; readonly quality: Partial<LinkQuality> })
  /** Connections of the nodes are reset. */
  | (Targeted & { readonly kind: 'reset' })
  /** `kill -9` and a restart. */
  | (Targeted & { readonly kind: 'kill' })
  /** The power fails, unsynced bytes are lost or torn, and it comes back. */
  | (Targeted & { readonly kind: 'crash' })
  | (Targeted & { readonly kind: 'pause' })
  | (Targeted & { readonly kind: 'drift'; readonly ppm: number })
  /** The wall clock is set wrong, and set right again. */
  | (Targeted & { readonly kind: 'jump'; readonly byMs: number })
  /** The wall clock jumps to and fro. */
  | (Targeted & { readonly kind: 'strobe'; readonly byMs: number; readonly periodMs: number })
  | (Targeted & { readonly kind: 'slow-disk'; readonly factor: number })
  /** Syncs hang. */
  | (Targeted & { readonly kind: 'stuck-sync' })
  /** So many bytes are left. */
  | (Targeted & { readonly kind: 'disk-full'; readonly freeBytes: number })
  /** The next sync fails and loses what it was to make durable. */
  | (Targeted & { readonly kind: 'failed-sync' })
  | (Targeted & { readonly kind: 'failed-write' })
  /** Killed, and restarted with a bit flipped in one of its files. */
  | (Targeted & { readonly kind: 'bit-flip' });

export type FaultKind = Fault['kind'];

/** Who leads when the fault begins. Also names an end of a cut. */
export const LEADER = '@leader';

/** One line for people. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, forMs, ...rest } = fault;
  const details = Object.entries(rest).map(([name, value]) => {
    if (name === 'cuts') return (value as readonly Cut[]).map((cut) => `${cut.from}>${cut.to}`).join(' ');
    if (name === 'nodes') return (value as readonly string[]).join(' ');
    return `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`;
  });
  return `${kind} at ${atMs} ms for ${forMs} ms: ${details.join(', ')}`;
}

/** One JSON object per line. */
export function formatFaults(faults: readonly Fault[]): string {
  return faults.map((fault) => `${JSON.stringify(fault)}\n`).join('');
}

/** Reads what `formatFaults` wrote. Throws `SyntaxError` or `RangeError` that names the line. */
export function parseFaults(text: string): Fault[] {
  const faults: Fault[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const fault = JSON.parse(line) as Fault;
    if (!isFault(fault)) throw new RangeError(`line ${index + 1} is no fault: ${line}`);
    faults.push(fault);
  }
  return faults;
}

/** What each kind has besides its times. */
const SHAPES: Readonly<Record<FaultKind, Readonly<Record<string, 'string' | 'number' | 'object'>>>> = {
  cut: { shape: 'string', cuts: 'object' },
  clog: { nodes: 'object' },
  degrade: { quality: 'object' },
  reset: { nodes: 'object' },
  kill: { nodes: 'object' },
  crash: { nodes: 'object' },
  pause: { nodes: 'object' },
  drift: { nodes: 'object', ppm: 'number' },
  jump: { nodes: 'object', byMs: 'number' },
  strobe: { nodes: 'object', byMs: 'number', periodMs: 'number' },
  'slow-disk': { nodes: 'object', factor: 'number' },
  'stuck-sync': { nodes: 'object' },
  'disk-full': { nodes: 'object', freeBytes: 'number' },
  'failed-sync': { nodes: 'object' },
  'failed-write': { nodes: 'object' },
  'bit-flip': { nodes: 'object' },
};

function isFault(value: Fault): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const shape = Object.hasOwn(SHAPES, value.kind) ? SHAPES[value.kind] : undefined;
  if (shape === undefined) return false;
  const fields = value as unknown as Record<string, unknown>;
  return Object.entries({ ...shape, atMs: 'number', forMs: 'number' }).every(
    ([name, type]) => typeof fields[name] === type && fields[name] !== null,
  );
}
