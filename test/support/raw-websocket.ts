// A WebSocket spoken by hand: any handshake, any frame, right or wrong.
import { connect, type Socket } from 'node:net';

export interface RawWebSocket {
  readonly socket: Socket;
  /** Head of the answer, as text. */
  readonly head: string;
  /** Bytes that came after it. */
  heard(): Buffer;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;
}

export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export function handshake(host: string, path: string, headers: readonly string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    `host: ${host}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${SAMPLE_KEY}`,
    ...headers,
    '\r\n',
  ].join('\r\n');
}

/** Sends `text` and resolves with the answer's head. */
export async function openRaw(url: string, text: string): Promise<RawWebSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let heard = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    heard = Buffer.concat(chunks);
  });
  socket.on('error', () => undefined); // a peer that has had enough may reset the connection, which ends it, too
  const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.write(text, 'latin1');
  const end = () => heard.indexOf('\r\n\r\n');
  const more = () => new Promise<void>((resolve) => socket.once('data', () => resolve()));
  while (end() === -1 && !socket.destroyed) await Promise.race([more(), gone]);
  const at = end() === -1 ? heard.length : end() + 4;
  return { socket, head: heard.toString('latin1', 0, at), heard: () => heard.subarray(at), gone };
}

/** One frame (RFC 6455 §5.2), with a mask of zeros where it has one, so that its bytes stay readable. */
export function frame(
  opcode: number,
  payload: string | Buffer = '',
  {
    fin = true,
    rsv = 0,
    masked = true,
    length,
  }: { fin?: boolean; rsv?: number; masked?: boolean; length?: bigint } = {},
): Buffer {
  const data = Buffer.from(payload);
  const said = length ?? BigInt(data.length);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const head =
    said < 126n
      ? Buffer.from([first, mask | Number(said)])
      : said < 65_536n
        ? Buffer.from([first, mask | 126, Number(said >> 8n), Number(said & 255n)])
        : Buffer.concat([Buffer.from([first, mask | 127]), bigEndian(said)]);
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), data]);
}

/** The code of the close frame that `heard` ends with; undefined where it ends with none. */
export function closeCode(heard: Buffer): number | undefined {
  for (let at = 0; at + 1 < heard.length; ) {
    const [first = 0, length = 0] = heard.subarray(at);
    const size = length < 126 ? length : heard.readUInt16BE(at + 2);
    const start = at + (length < 126 ? 2 : 4);
    if (first === 0x88) return size < 2 ? 1005 : heard.readUInt16BE(start);
    at = start + size;
  }
  return undefined;
}

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
