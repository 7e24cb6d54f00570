export type { BackoffOptions } from './backoff.ts';
export { Channels } from './channels.ts';
export { TransportError, type TransportErrorCode } from './errors.ts';
export { type MessageHandler, NodeTransport, type PeerStatus, type RequestHandler } from './node-transport.ts';
export type { TransportOptions } from './options.ts';
export type { Channel, ClientConnection, ClientHandler, Lane, PeerTransport } from './types.ts';
