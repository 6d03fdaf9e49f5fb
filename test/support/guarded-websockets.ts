// A world with a service that speaks WebSocket, a second stored value, and connections that remember what came and how they
// ended: for tests of what guards do with messages.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { WebSocket } from 'ws';
import { testDatabases } from './database.ts';
import { startWebSocketUpstream, type WebSocketUpstream } from './websocket-upstream.ts';
import { createWorld, SECRET_VALUE, type World } from './world.ts';

const [embedded] = testDatabases();
export const PATIENTLY = { timeout: 30_000 };
/** Stored, and not the service's own. */
export const OTHER = 'vk9K2mQ7xLw4TzR8vBn3HcJ6yPd5Zs0qE1';

interface State {
  /** What reached the upstream. */
  seen: (string | Buffer)[];
  /** What the upstream sends once it has heard something. */
  answers: readonly (string | Buffer)[];
  upstreamClosed: { code: number; reason: string }[];
  token: string;
}

/** To be called where tests are described. */
export function guardedWebSockets() {
  const state: State = { seen: [], answers: [], upstreamClosed: [], token: '' };
  let world: World;
  let upstream: WebSocketUpstream;
  const opened: WebSocket[] = [];
  const base = () => (world.apps[0]?.address ?? '').replace('http', 'ws');

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    upstream = await startWebSocketUpstream(SECRET_VALUE);
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ baseUrl: `${upstream.url}/v1` });
    state.token = await world.token('robot', key);
    const made = await world.admin('POST', '/v1/secrets', { name: 'other', value: OTHER });
    expect(made.status).toBe(201);
  });
  beforeEach(() => {
    state.seen = [];
    state.answers = [];
    state.upstreamClosed = [];
    upstream.onSocket = (socket) => {
      socket.on('message', (data: Buffer, isBinary) => {
        state.seen.push(isBinary ? data : data.toString());
        for (const answer of state.answers) socket.send(answer);
      });
      socket.on('close', (code, reason) => state.upstreamClosed.push({ code, reason: reason.toString() }));
    };
  });
  afterEach(async () => {
    for (const socket of opened.splice(0)) socket.terminate();
    await Promise.all([...upstream.sockets].map((socket) => once(socket, 'close'))); // none ends in the next test
  });
  afterAll(async () => {
    await world?.close();
    await upstream?.close();
  });

  async function protect(protection: object): Promise<void> {
    const off = { content: null, leaks: null, text: null };
    const input = { protection: { ...off, ...protection }, acceptWeaker: true };
    const answer = await world.admin('PATCH', '/v1/services/vendor', input);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }

  async function connect(as = state.token) {
    const socket = new WebSocket(`${base()}/call/vendor/realtime`, {
      headers: { authorization: `Bearer ${as}` },
    });
    opened.push(socket);
    const got: (string | Buffer)[] = [];
    socket.on('message', (data: Buffer, isBinary) => got.push(isBinary ? data : data.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>;
    upgraded.catch(() => undefined); // refused: then it does not open either
    await once(socket, 'open');
    const request = String((await upgraded)[0].headers['doorward-request-id']);
    const outcome = async () =>
      (await world.events('call.outcome')).find((event) => event['request'] === request);
    return { socket, got, closed, outcome };
  }
  type Connection = Awaited<ReturnType<typeof connect>>;

  /** The outcome, once it is written. */
  async function endOf({ outcome }: Connection): Promise<Record<string, unknown>> {
    await expect.poll(outcome, PATIENTLY).toBeDefined();
    return (await outcome()) ?? {};
  }
  /** Every message that came in answer to one of ours, which the upstream hears when all of them are there. */
  async function answered(...messages: readonly (string | Buffer)[]): Promise<Connection> {
    state.answers = messages;
    const connection = await connect();
    connection.socket.send('go');
    return connection;
  }
  async function finished(connection: Connection): Promise<Record<string, unknown>> {
    connection.socket.close();
    await connection.closed;
    return await endOf(connection);
  }
  const alarm = async () => (await world.events('guard.alarm')).at(-1);

  return {
    state,
    world: () => world,
    upstream: () => upstream,
    protect,
    connect,
    endOf,
    answered,
    finished,
    alarm,
  };
}
