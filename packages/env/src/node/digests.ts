/**
 * MD5, SHA-1 and SHA-256 as Node.js computes them, with the processor's instructions where it has them: the same digests as in
 * `@quorate/patterns/integrity`, and to be imported in their place. Where Node.js refuses one (MD5 under FIPS 140), it is the one from there.
 */
import { hash } from 'node:crypto';
import * as own from '@quorate/patterns/integrity';

export const MD5: own.Digest<'errors'> = /* @__PURE__ */ nodeDigest(own.MD5);
export const SHA1: own.Digest<'errors'> = /* @__PURE__ */ nodeDigest(own.SHA1);
export const SHA256: own.Digest<'adversaries'> = /* @__PURE__ */ nodeDigest(own.SHA256);

/** `compute` gives the digest as text, a byte per character. */
export function nodeDigest<Guards extends own.Threat>(
  like: own.Digest<Guards>,
  compute: (name: string, bytes: Uint8Array) => string = binaryHash,
): own.Digest<Guards> {
  try {
    compute(like.name, new Uint8Array());
  } catch {
    return like;
  }
  return own.platformDigest(like, (bytes) => bytesOf(compute(like.name, bytes), like.sizeBytes));
}

function binaryHash(name: string, bytes: Uint8Array): string {
  return hash(name, bytes, 'binary');
}

/** To have Node.js make text of a digest, and bytes of the text, takes half as long as to have it make a `Buffer`. */
function bytesOf(text: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
