import { Duplex } from 'node:stream';
import { FrameReader } from './frame-reader.ts';
import type { HeaderList } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType, PREFACE } from './protocol.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frameBytes(type: number, flags: number, id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, payload]);
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** The other end of a connection under test, frame by frame: says exactly what it is told to, keeps what it hears. */
export class RawPeer {
  /** Give this to the connection under test. */
  readonly socket: Duplex;
  readonly frames: Frame[] = [];
  readonly encoder = new HpackEncoder();
  /** While false, what the connection writes is not taken. */
  reading = true;
  ended = false;
  #waiting: (() => void) | undefined;
  readonly #reader = new FrameReader((type, flags, id, buffer, start, end) => {
    this.frames.push({ type, flags, id, payload: Buffer.from(buffer.subarray(start, end)) });
  });

  constructor() {
    this.socket = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        this.#reader.push(chunk);
        if (this.reading) done();
        else this.#waiting = done;
      },
      final: (done) => {
        this.ended = true;
        done();
      },
    });
  }

  resume(): void {
    this.reading = true;
    this.#waiting?.();
  }

  greet(settings: Uint8Array = Buffer.alloc(0)): void {
    this.raw(PREFACE);
    this.send(FrameType.settings, 0, 0, settings);
  }
  send(type: number, flags: number, id: number, payload?: Uint8Array): void {
    this.raw(frameBytes(type, flags, id, payload));
  }
  raw(bytes: Uint8Array): void {
    this.socket.push(bytes);
  }
  request(id: number, fields: HeaderList, flags: number = Flag.endHeaders): void {
    this.send(FrameType.headers, flags, id, this.encoder.encode({ fields }));
  }
  data(id: number, payload: Uint8Array, ended = false): void {
    this.send(FrameType.data, ended ? Flag.endStream : 0, id, payload);
  }
  window(id: number, bytes: number): void {
    this.send(FrameType.windowUpdate, 0, id, number(bytes));
  }
  reset(id: number, code = 8): void {
    this.send(FrameType.rstStream, 0, id, number(code));
  }

  /** Lets everything that has been said be heard and answered. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  of(type: number, id?: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type && (id === undefined || frame.id === id));
  }
  /** Code and text of the GOAWAY that ended the connection. */
  get goaway(): { code: number; text: string } | undefined {
    const [frame] = this.of(FrameType.goaway);
    return frame && { code: frame.payload.readUInt32BE(4), text: frame.payload.toString('utf8', 8) };
  }
}
