/** What a caller that speaks something else probably speaks, so that the log line and the answer help. */
export type ForeignProtocol = 'http' | 'http2' | 'tls' | 'redis' | 'unknown';

const HTTP_STARTS: readonly string[] = ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC'];

/** Guesses from the first bytes of a connection. */
export function foreignProtocol(first: Uint8Array): ForeignProtocol {
  const text = String.fromCharCode(...first.subarray(0, 4));
  if (first[0] === 0x16 && first[1] === 0x03) return 'tls';
  if (text === 'PRI ') return 'http2';
  if (HTTP_STARTS.includes(text)) return 'http';
  if (/^\*\d|^\$\d|^PING/.test(text)) return 'redis';
  return 'unknown';
}

export function describeForeignBytes(first: Uint8Array | undefined): string {
  switch (first === undefined ? 'unknown' : foreignProtocol(first)) {
    case 'http':
      return 'this looks like HTTP, which is served on another port';
    case 'http2':
      return "this looks like HTTP/2; etcd's gRPC is served on another port";
    case 'tls':
      return 'this looks like TLS, which this port does not speak';
    case 'redis':
      return 'this looks like the Redis protocol, which is served on another port';
    case 'unknown':
      return first === undefined ? 'the preface does not match' : `it starts with ${hex(first.subarray(0, 8))}`;
  }
}

/** An answer that the caller's own software will show, or undefined when there is none to give. */
export function foreignAnswer(first: Uint8Array): Uint8Array | undefined {
  if (foreignProtocol(first) !== 'http') return undefined;
  const body = "This port speaks Quorate's native protocol. HTTP is served on the port one above it.\n";
  return new TextEncoder().encode(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
