/**
 * Every write of the workload carries a number of its own, so that it can be found in the log: a put in its value, a transaction in
 * one of its puts, a deletion in the end of its range, which lies behind the one key and before any other.
 */
import type { Command } from '@quorate/cluster/core/codec';
import { textOf } from './answers.ts';
import { nameOf } from './large-values.ts';

export function markedValue(mark: number): string {
  return `v${mark}`;
}

/** Holds `key` and nothing else. */
export function markedRange(key: string, mark: number): { readonly from: string; readonly to: string } {
  return { from: key, to: `${key}\0${mark}` };
}

export function markOf(command: Command): number | undefined {
  switch (command.kind) {
    case 'put':
      return numberIn(/^v(\d+)(?:\*\d+)?$/, nameOf(command.value));
    case 'delete-range':
      return command.rangeEnd === undefined ? undefined : numberIn(/\0(\d+)$/, textOf(command.rangeEnd));
    case 'txn':
      for (const operation of [...command.success, ...command.failure]) {
        const mark = operation.kind === 'range' ? undefined : markOf(operation);
        if (mark !== undefined) return mark;
      }
      return undefined;
    default:
      return undefined;
  }
}

function numberIn(pattern: RegExp, text: string): number | undefined {
  const found = pattern.exec(text);
  return found === null ? undefined : Number(found[1]);
}
