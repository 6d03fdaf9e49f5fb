// The framing of `ws`, which the package exports and its types leave out.
import type { Duplex, Writable } from 'node:stream';

declare module 'ws' {
  /** Emits `message`, `ping`, `pong` and `conclude` (a close frame). */
  export class Receiver extends Writable {
    constructor(options: {
      readonly isServer: boolean;
      readonly maxPayload: number;
      readonly maxFragments: number;
      readonly maxBufferedChunks: number;
      readonly skipUTF8Validation: boolean;
    });
  }

  export class Sender {
    constructor(socket: Duplex, extensions: Readonly<Record<string, never>>);
    send(
      data: Buffer,
      options: {
        readonly binary: boolean;
        readonly mask: boolean;
        readonly fin: true;
        readonly compress: false;
      },
    ): void;
    close(code: number | undefined, data: Buffer | undefined, mask: boolean): void;
    ping(data: Buffer, mask: boolean): void;
    pong(data: Buffer, mask: boolean): void;
  }
}
