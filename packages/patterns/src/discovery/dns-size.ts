/**
 * What fits into a message. Sizes are those of names that are written out, as `dns-packet` writes them; with compression a message is smaller.
 *
 * RFC 1035, section 4.2.1: 512 bytes over UDP; RFC 6891: more if the asker says so, here up to 1,232 ("DNS flag day 2020"), which no path fragments; over
 * TCP 65,535. RFC 2181, section 9: additional records go first and are not missed; TC only when answers are missing.
 */
import type { DnsQuestion, DnsRecord, DnsReply, ExtendedDnsError } from './dns-records.ts';

export type DnsTransport =
  /** `payloadBytes`: what the asker's OPT record says; absent without one. */
  { readonly kind: 'udp'; readonly payloadBytes?: number } | { readonly kind: 'tcp' };

const HEADER_BYTES = 12;
const RECORD_BYTES = 10;
const QUESTION_BYTES = 4;
const OPT_BYTES = 11;
const OPTION_BYTES = 6;
const UDP_BYTES = 512;
const UDP_BYTES_MAX = 1232;
const TCP_BYTES = 65_535;
const encoder = new TextEncoder();

export function messageBytesMax(transport: DnsTransport): number {
  if (transport.kind === 'tcp') return TCP_BYTES;
  return Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES, transport.payloadBytes ?? 0));
}

/** The reply as much of it as fits. */
export function fitReply(reply: DnsReply, question: DnsQuestion, transport: DnsTransport): DnsReply {
  const withOpt = transport.kind === 'tcp' || transport.payloadBytes !== undefined;
  const fixed =
    HEADER_BYTES + nameBytes(question.name) + QUESTION_BYTES + (withOpt ? optBytes(reply.extendedErrors) : 0);
  let left = messageBytesMax(transport) - fixed - sizeOf(reply.authorities);
  if (sizeOf(reply.answers) + sizeOf(reply.additionals) <= left) return reply;
  const answers: DnsRecord[] = [];
  for (const answer of reply.answers) {
    left -= recordBytes(answer);
    if (left < 0) break;
    answers.push(answer);
  }
  return { ...reply, answers, additionals: [], isTruncated: answers.length < reply.answers.length };
}

/** Of a message with its question; with an OPT record if `withOpt`. */
export function replyBytes(reply: DnsReply, question: DnsQuestion, withOpt: boolean): number {
  const records = sizeOf(reply.answers) + sizeOf(reply.authorities) + sizeOf(reply.additionals);
  const opt = withOpt ? optBytes(reply.extendedErrors) : 0;
  return HEADER_BYTES + nameBytes(question.name) + QUESTION_BYTES + records + opt;
}

function optBytes(errors: readonly ExtendedDnsError[]): number {
  return errors.reduce((sum, { text }) => sum + OPTION_BYTES + textBytes(text), OPT_BYTES);
}

function sizeOf(records: readonly DnsRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), 0);
}

function recordBytes(record: DnsRecord): number {
  return nameBytes(record.name) + RECORD_BYTES + dataBytes(record);
}

function dataBytes(record: DnsRecord): number {
  switch (record.type) {
    case 'A':
      return 4;
    case 'AAAA':
      return 16;
    case 'NS':
    case 'PTR':
      return nameBytes(record.data);
    case 'SRV':
      return 6 + nameBytes(record.data.target);
    case 'TXT':
      return record.data.reduce((sum, text) => sum + 1 + textBytes(text), 0);
    case 'SOA':
      return nameBytes(record.data.mname) + nameBytes(record.data.rname) + 20;
    case 'HINFO':
      return 2 + textBytes(record.data.cpu) + textBytes(record.data.os);
  }
}

/** A length before each label, and the empty one of the root. */
function nameBytes(name: string): number {
  const bytes = textBytes(name.endsWith('.') ? name.slice(0, -1) : name);
  return bytes === 0 ? 1 : bytes + 2;
}

export function textBytes(text: string): number {
  return encoder.encode(text).length;
}
