// The attacker's client: writes bytes as they are and keeps every byte that comes back.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { headerOf, readHead, readMessage } from './http-text.ts';

export interface RawAnswer {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: string;
  /** Everything that came, heads and framing too. */
  readonly bytes: Buffer;
  /** The connection ended before the answer did. */
  readonly isCut: boolean;
  readonly ms: number;
  header(name: string): string | undefined;
  /** The word for a refusal of the broker's own; empty where the upstream answered. */
  readonly refusal: string;
  json(): Readonly<Record<string, unknown>>;
}

export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  /** `name: value`, sent in this order after Host. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly host?: string;
  readonly untilMs?: number;
}

const UNTIL_MS = 20_000;

/** Writes `bytes` and gives what comes back until the peer closes or time is up. */
export function speak(url: string, bytes: string | Buffer, untilMs = UNTIL_MS): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = openSocket(url);
    const pieces: Buffer[] = [];
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(pieces));
    };
    const timer = setTimeout(done, untilMs);
    socket.on('data', (piece: Buffer) => void pieces.push(piece));
    socket.on('error', done);
    socket.on('end', done);
    socket.on('close', done);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** A connection whose errors end it and nothing else. */
function openSocket(url: string): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket =
    protocol === 'https:'
      ? connectTls({ host, port: Number(port === '' ? 443 : port), servername: host })
      : connectTcp(Number(port === '' ? 80 : port), host);
  socket.on('error', () => undefined);
  return socket;
}

/** One request on a connection of its own. */
export async function request(url: string, given: RawRequest): Promise<RawAnswer> {
  const startMs = performance.now();
  const method = given.method ?? 'GET';
  const bytes = await speak(url, requestText(url, given), given.untilMs);
  return toAnswer(bytes, method, performance.now() - startMs);
}

export function requestText(
  url: string,
  { method = 'GET', target, headers = [], body, host }: RawRequest,
): Buffer {
  const content = body === undefined ? undefined : Buffer.from(body);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `host: ${host ?? new URL(url).host}`,
    'connection: close',
    ...headers,
    ...(content === undefined ? [] : [`content-length: ${content.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content ?? Buffer.alloc(0)]);
}

function wholeAnswer(bytes: Buffer, method: string, isOver: boolean) {
  let from = 0;
  for (;;) {
    const head = readHead(bytes, from);
    if (head === undefined) return undefined;
    const status = statusOf(head.line);
    if (status < 100 || status > 199 || status === 101) {
      const hasBody = method !== 'HEAD' && status !== 204 && status !== 304 && status !== 101;
      return readMessage(bytes, { from, isOver, hasBody });
    }
    from = head.end;
  }
}

function statusOf(line: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1] ?? 0);
}

export function toAnswer(bytes: Buffer, method: string, ms: number): RawAnswer {
  const message = wholeAnswer(bytes, method, true);
  const { line = '', headers = [] } = message?.head ?? {};
  const isWhole = wholeAnswer(bytes, method, false) !== undefined;
  const isFramed =
    message !== undefined &&
    ['content-length', 'transfer-encoding'].some((name) => headerOf(message.head, name) !== undefined);
  const header = (name: string) => headers.find(([found]) => found === name)?.[1];
  const body = message?.body ?? Buffer.alloc(0);
  return {
    status: statusOf(line),
    reason: line.split(' ').slice(2).join(' '),
    headers,
    body,
    trailers: message?.trailers ?? '',
    bytes,
    isCut: message === undefined || (isFramed && !isWhole),
    ms,
    header,
    refusal: header('doorward-error') ?? '',
    json: () => parsed(body),
  };
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
