import { median } from '../core/report.ts';
import type { Result, RowResult } from './row.ts';

/** A line of the table: one peer of one row. */
export interface Line {
  readonly what: string;
  readonly peer: string;
  readonly ours: string;
  readonly theirs: string;
  /** The peer's median over ours: how many times less we take. */
  readonly ratio: number;
  readonly aim: number;
  readonly isReached: boolean;
}

export function linesOf(row: RowResult): Line[] {
  const [ours, ...peers] = row.results as [Result, ...Result[]];
  return peers.map((peer) => {
    const ratio = median(peer.samples) / median(ours.samples);
    return {
      what: row.what,
      peer: peer.kind === undefined ? peer.name : `${peer.name} (${peer.kind})`,
      ours: shown(row, ours),
      theirs: shown(row, peer),
      ratio,
      aim: row.aim,
      isReached: ratio >= row.aim,
    };
  });
}

/** A Markdown table; rows that stay below their aim are marked. */
export function tableOf(rows: readonly RowResult[]): string {
  const lines = rows
    .flatMap(linesOf)
    .map(
      ({ what, peer, ours, theirs, ratio, aim, isReached }) =>
        `| ${what} | ${ours} | ${peer} | ${theirs} | ${times(ratio)} | ${isReached ? '' : `below ${aim}×`} |`,
    );
  return ['| what | Quorate | peer | | ratio | |', '|---|---|---|---|---|---|', ...lines].join('\n');
}

export const times = (ratio: number): string =>
  `${ratio >= 100 ? Math.round(ratio).toLocaleString('en-US') : ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2)}×`;

function shown(row: RowResult, { samples }: Result): string {
  const unit = row.measures === 'time' ? timeText : sizeText;
  const middle = unit(median(samples));
  return samples.length === 1 ? middle : `${middle} (${unit(Math.min(...samples))} – ${unit(Math.max(...samples))})`;
}

const TIME_UNITS = ['ns', 'µs', 'ms', 's'] as const;
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;

const timeText = (ns: number): string => scaled(ns, 1000, TIME_UNITS);
const sizeText = (bytes: number): string => scaled(bytes, 1024, SIZE_UNITS);

function scaled(value: number, step: number, units: readonly string[]): string {
  let rest = value;
  let at = 0;
  for (; rest >= step && at + 1 < units.length; at++) rest /= step;
  return `${rest >= 100 || (at === 0 && step === 1024) ? rest.toFixed(0) : rest.toPrecision(3)} ${units[at]}`;
}
