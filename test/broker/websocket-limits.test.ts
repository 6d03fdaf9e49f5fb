// How long a message over a WebSocket may be.
import { describe, expect, test } from 'vitest';
import { guardedWebSockets, PATIENTLY } from '../support/guarded-websockets.ts';

const LIMITS = { transport: { maxRequestBytes: 100, maxAnswerBytes: 200 } };
const { state, protect, connect, endOf, answered } = guardedWebSockets();

describe('the length of messages', () => {
  test('from the agent is held against the limit of requests, each by itself', async () => {
    await protect(LIMITS);
    const { socket, closed, ...connection } = await connect();
    const whole = 'x'.repeat(100);
    for (let sent = 0; sent < 5; sent += 1) socket.send(whole); // of all together there is no limit
    await expect.poll(() => state.seen, PATIENTLY).toEqual(Array(5).fill(whole));
    socket.send('y'.repeat(60), { fin: false });
    socket.send('z'.repeat(41), { fin: true });
    const reason = 'A message to this service may have at most 100 bytes.';
    expect(await closed).toEqual({ code: 1009, reason });
    expect(await endOf({ socket, closed, ...connection })).toMatchObject({
      result: 'cut',
      problem: 'body-too-large',
      requestBytes: 500,
    });
    await expect.poll(() => state.upstreamClosed, PATIENTLY).toEqual([{ code: 1009, reason }]);
    expect(state.seen).toHaveLength(5);
  });

  test('from the upstream is held against the limit of answers', async () => {
    await protect(LIMITS);
    const within = Buffer.alloc(200, 7);
    const connection = await answered('short', within, 'x'.repeat(201), 'behind');
    const reason = 'The upstream sent a message of more than the 200 bytes that one may have.';
    expect(await connection.closed).toEqual({ code: 1009, reason });
    expect(connection.got).toEqual(['short', within]);
    expect(await endOf(connection)).toMatchObject({
      result: 'failed',
      problem: 'upstream-invalid',
      responseBytes: 205,
    });
    await expect.poll(() => state.upstreamClosed, PATIENTLY).toEqual([{ code: 1009, reason }]);
  });
});
