/** What the parts of small systems say to each other, what clients are told included. */
import { type Ballot, showBallot } from '../ballot.ts';
import type {
  CollectorAnswer,
  CollectorRequest,
  ConfigureAnswer,
  ConfigureRequest,
  RegisterAnswer,
  RegisterRequest,
} from './messages.ts';

export interface Ack {
  readonly kind: 'ack';
  readonly op: string;
  readonly result: { readonly value: string | undefined; readonly ballot?: Ballot } | 'not-applied' | 'unknown';
  readonly after: readonly string[];
}

export type Message =
  | RegisterRequest<string>
  | RegisterAnswer<string>
  | CollectorRequest
  | CollectorAnswer
  | ConfigureRequest
  | ConfigureAnswer
  | Ack
  | { readonly kind: 'write everywhere' }
  | { readonly kind: 'written'; readonly ballot: Ballot | undefined }
  /** `left`: how many steps of the change are. */
  | { readonly kind: 'rescan' | 'rescanned'; readonly left: number };

export function showRegisterMessage(message: Message): string {
  switch (message.kind) {
    case 'prepare':
      return `prepare ${showBallot(message.ballot)}${aged(message.age)}`;
    case 'accept': {
      const next = message.next === undefined ? '' : ` next ${showBallot(message.next)}`;
      return `accept ${showBallot(message.ballot)} ${shown(message.held.value)}${next}${aged(message.age)}`;
    }
    case 'promise':
    case 'queried': {
      const told =
        message.accepted === undefined
          ? ''
          : ` (${shown(message.accepted.value.value)} at ${showBallot(message.accepted.ballot)})`;
      return `${message.kind}${message.kind === 'promise' ? ` ${showBallot(message.ballot)}` : ''}${told}`;
    }
    case 'accepted':
      return `accepted ${showBallot(message.ballot)}`;
    case 'rejected':
      return `rejected ${showBallot(message.ballot)}: ${message.why}`;
    case 'ack': {
      if (typeof message.result === 'string') return `${message.op} ${message.result}`;
      return `${message.op} ended with ${shown(message.result.value)}${message.after.length === 0 ? '' : ` after ${message.after.join(', ')}`}`;
    }
    case 'outdate':
      return `outdate beyond round ${message.round}`;
    case 'require-ages':
      return `require ages ${message.ages.map(([proposer, age]) => `${proposer}:${age}`).join(' ')}`;
    case 'erase':
      return `erase ${message.tombstones.map(({ ballot }) => showBallot(ballot)).join(' ')}`;
    case 'configure': {
      const { version, prepare, accept } = message.configuration;
      return `configuration ${version}: prepare ${prepare.quorum} of ${prepare.acceptors.join()}, accept ${accept.quorum} of ${accept.acceptors.join()}`;
    }
    case 'configured':
      return `configured ${message.version}`;
    default:
      return message.kind;
  }
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : `"${value}"`;
}

function aged(age: number): string {
  return age === 0 ? '' : ` age ${age}`;
}
