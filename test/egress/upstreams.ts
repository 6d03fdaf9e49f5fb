// Real upstreams on loopback sockets, a handler that writes down what it hears, and certificates made on the spot.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openAuthority } from '../../src/attack/certificates.ts';
import type { HeaderPairs } from '../../src/core/headers.ts';
import type { AddressPolicy } from '../../src/core/ip-range.ts';
import type { Problem } from '../../src/core/problem.ts';
import type { Clock } from '../../src/core/time.ts';
import type { OutgoingRequest, Timeouts, UpstreamHandler, UpstreamHead } from '../../src/egress/flow.ts';
import type { ProxySettings } from '../../src/egress/proxied.ts';
import { createResolver } from '../../src/egress/resolve.ts';
import { createEgress, DEFAULT_TIMEOUTS, type Egress } from '../../src/egress/send.ts';

export const LOOPBACK: AddressPolicy = { allowedCidrs: ['127.0.0.0/8', '::1/128'] };

export class TestClock implements Clock {
  offsetMs = 0;
  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
  monotonicMs(): number {
    return performance.now() + this.offsetMs;
  }
}

/** A promise and its resolve function, which Node 20 does not bring. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

interface EgressOptions {
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  readonly policy?: AddressPolicy;
  readonly ca?: readonly string[];
  readonly timeouts?: Partial<Timeouts>;
  readonly proxy?: ProxySettings;
}

export function openEgress(options: EgressOptions = {}): Egress {
  const clock = new TestClock();
  const lookup = options.lookup ?? (() => Promise.resolve(['127.0.0.1']));
  const egress = createEgress({
    clock,
    resolver: createResolver({ clock, lookup }),
    policy: options.policy ?? LOOPBACK,
    defaultTimeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    proxy: options.proxy,
  });
  onTestFinished(() => egress.close());
  return egress;
}

/** Listens on a free loopback port and ends with the test. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A TCP upstream that keeps the bytes of each connection and answers by hand. */
export async function rawUpstream(
  onBytes: (socket: Socket, received: string, connection: number) => void,
): Promise<{ readonly port: number; readonly received: string[] }> {
  const received: string[] = [];
  const server = createServer((socket) => {
    const connection = received.push('') - 1;
    socket.on('data', (chunk) => {
      received[connection] += chunk.toString('latin1');
      onBytes(socket, received[connection] ?? '', connection);
    });
  });
  return { port: await listen(server), received };
}

export function requestTo(port: number, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    origin: { scheme: 'http', host: 'api.example.com', port },
    poolKey: 'vault/service/1',
    method: 'GET',
    path: '/v1/models',
    headers: [],
    body: undefined,
    ...more,
  };
}

export interface Heard {
  readonly head: UpstreamHead | undefined;
  readonly body: Buffer;
  readonly trailers: HeaderPairs | undefined;
  readonly problem: Problem | undefined;
  readonly gates: number;
  /** How often onEnd or onError was called. */
  readonly ends: number;
}

export interface Recorder extends UpstreamHandler {
  readonly over: Promise<Heard>;
  readonly hasHead: Promise<UpstreamHead>;
  heard(): Heard;
}

export function recorder(overrides: Partial<UpstreamHandler> = {}): Recorder {
  let head: UpstreamHead | undefined;
  let trailers: HeaderPairs | undefined;
  let problem: Problem | undefined;
  let gates = 0;
  let ends = 0;
  const chunks: Buffer[] = [];
  const over = deferred<Heard>();
  const hasHead = deferred<UpstreamHead>();
  const heard = (): Heard => ({ head, body: Buffer.concat(chunks), trailers, problem, gates, ends });
  return {
    over: over.promise,
    hasHead: hasHead.promise,
    heard,
    beforeFirstByte() {
      gates += 1;
      return overrides.beforeFirstByte?.();
    },
    onHead(found) {
      head = found;
      hasHead.resolve(found);
      overrides.onHead?.(found);
    },
    onData(chunk) {
      chunks.push(chunk);
      return overrides.onData?.(chunk) ?? true;
    },
    onEnd(found) {
      trailers = found;
      ends += 1;
      overrides.onEnd?.(found);
      over.resolve(heard());
    },
    onError(found) {
      problem = found;
      ends += 1;
      overrides.onError?.(found);
      over.resolve(heard());
    },
  };
}

/** undici lets a connection rest for a turn of the event loop before it serves the next request. */
export async function rested(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export async function call(egress: Egress, request: OutgoingRequest): Promise<Heard> {
  const handler = recorder();
  egress.send(request, handler);
  return handler.over;
}

/** An authority made by openssl, and server certificates it signs. */
export function createAuthority(): ReturnType<typeof openAuthority> {
  const directory = mkdtempSync(join(tmpdir(), 'doorward-ca-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return openAuthority(directory);
}
