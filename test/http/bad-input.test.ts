// What nobody should send: each gets one problem of the right kind that says what to do, and nothing that was sent comes
// back or reaches the log.
import { once } from 'node:events';
import { connect } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Log } from '../../src/telemetry/log.ts';
import { testDatabases } from '../support/database.ts';
import { send, speak } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';
import { BAD_REQUESTS, MARKER, type Sent } from './bad-requests.ts';
import { ownerToken } from './owner-token.ts';

const [embedded] = testDatabases();
describe('bad input', () => {
  const said: string[] = [];
  const note = (...parts: readonly unknown[]) => void said.push(inspect(parts, { depth: 12 }));
  const log = { debug: note, info: note, warn: note, error: note } as unknown as Log; // a log that remembers
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded, log });
    await world.setUp();
    token = await ownerToken(world);
  });
  afterAll(() => world?.close());

  function text(sent: Sent): string {
    const { method = 'POST', path = '/v1/agents', headers = [], body } = sent;
    const type = 'type' in sent ? sent.type : 'application/json';
    const { authorization = `Bearer ${token}`, host = new URL(url()).host } = sent;
    return [
      `${method} ${path} HTTP/1.1`,
      `host: ${host}`,
      ...(authorization === '' ? [] : [`authorization: ${authorization}`]),
      ...(type === undefined ? [] : [`content-type: ${type}`]),
      ...(body === undefined ? [] : [`content-length: ${body.length}`]),
      ...headers,
      'connection: close',
      '',
      body ?? '',
    ].join('\r\n');
  }

  /** The one problem that comes back, whatever else may be wrong with the connection. */
  function problemIn(heard: string): Record<string, unknown> {
    expect(heard.match(/HTTP\/1\.1 [2-5]\d\d/g)).toHaveLength(1);
    expect(heard).toMatch(/content-type: application\/problem\+json/i);
    expect(heard).toMatch(/x-request-id: req_/i);
    return JSON.parse(/\{.*\}/s.exec(heard.slice(heard.indexOf('\r\n\r\n')))?.[0] ?? '{}') as Record<
      string,
      unknown
    >;
  }

  test.each(BAD_REQUESTS)('%s is refused with %i', async (_what, status, code, sent) => {
    said.length = 0;
    const heard = await speak(url(), text(sent));
    const problem = problemIn(heard);
    expect([Number(/HTTP\/1\.1 (\d+)/.exec(heard)?.[1]), problem['status'], problem['code']]).toEqual([
      status,
      status,
      code,
    ]);
    expect(String(problem['detail']).length).toBeGreaterThan(15);
    expect(heard + said.join('\n')).not.toContain(MARKER.slice(0, 12));
    expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.[jt]s:\d|node_modules/);
  });

  test('a body is refused by its length before it is sent, and by its bytes before it ends', async () => {
    const { port, hostname } = new URL(url());
    const announced = `POST /v1/agents HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    const early = await speak(url(), `${announced}content-length: 5000000\r\n\r\n`);
    expect(problemIn(early)['code']).toBe('body-too-large');
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', () => undefined); // it may be reset while it still writes
    socket.write(`${announced}transfer-encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const closed = once(socket, 'close');
    const writing = setInterval(() => socket.write(chunk), 1); // without end
    await closed;
    clearInterval(writing);
    expect(problemIn(heard)['code']).toBe('body-too-large');
  });

  test('a method that an address does not have is answered with those it has', async () => {
    const wrong: [method: string, path: string, allow: string][] = [
      ['PUT', '/v1/agents', 'GET, HEAD, POST'],
      ['DELETE', '/v1/agents', 'GET, HEAD, POST'],
      ['OPTIONS', '/v1/agents', 'GET, HEAD, POST'],
      ['TRACE', '/v1/agents/robot', 'GET, HEAD, DELETE'],
      ['PURGE', '/v1/status', 'GET, HEAD'],
      ['GET', '/v1/runs', 'POST'],
      ['HEAD', '/v1/runs', 'POST'],
      ['GET', '/oauth/token', 'POST'],
      ['POST', '/healthz', 'GET, HEAD'],
      ['DELETE', '/readyz', 'GET, HEAD'],
      ['PATCH', '/.well-known/jwks.json', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of wrong) {
      for (const authorization of [`Bearer ${token}`, `Bearer ${MARKER}`]) {
        const answer = await send(url(), path, { method, headers: ['authorization', authorization] });
        const methods = answer.header('allow')?.split(', ').toSorted();
        expect([method, path, answer.status, methods]).toEqual([
          method,
          path,
          405,
          allow.split(', ').toSorted(),
        ]);
        expect(answer.header('doorward-error')).toBe('method-not-allowed');
        expect(answer.headers.filter(([name]) => name.startsWith('access-control-'))).toEqual([]);
      }
    }
  });

  test('HEAD answers like GET without the body', async () => {
    for (const path of ['/v1/agents', '/v1/agents/robot', '/healthz', '/.well-known/jwks.json']) {
      const headers = ['authorization', `Bearer ${token}`];
      const [got, head] = [
        await send(url(), path, { headers }),
        await send(url(), path, { method: 'HEAD', headers }),
      ];
      expect([path, head.status, head.text(), head.header('etag')]).toEqual([
        path,
        200,
        '',
        got.header('etag'),
      ]);
      expect(head.header('content-type')).toBe(got.header('content-type'));
    }
  });

  test('an id of the client is told back and logged beside ours, and never in its place', async () => {
    said.length = 0;
    const headers = (id: string) => ['authorization', `Bearer ${token}`, 'x-request-id', id];
    for (const id of ['5f1c-trace/7', 'req_01jd8m4q6ve3rr1vh5x2ykt9c7', 'a'.repeat(128)]) {
      const answer = await send(url(), '/v1/status', { headers: headers(id) });
      expect(answer.header('x-client-request-id')).toBe(id);
      expect(answer.header('x-request-id')).toMatch(/^req_/);
      expect(answer.header('x-request-id')).not.toBe(id);
      expect(
        said.some((line) => line.includes(id) && line.includes(String(answer.header('x-request-id')))),
      ).toBe(true);
    }
    for (const id of ['a b', 'a'.repeat(129), 'é', '"quoted"', '<script>', '']) {
      const answer = await send(url(), '/v1/status', { headers: headers(id) });
      expect([id, answer.status, answer.header('x-client-request-id')]).toEqual([id, 200, undefined]);
    }
    const made = await send(url(), '/v1/agents/robot/freeze', { method: 'POST', headers: headers('mine') });
    await world.admin('POST', '/v1/agents/robot/unfreeze');
    const [event] = (await world.events('agent.freeze')).slice(-1);
    expect(event?.['request']).toBe(made.header('x-request-id'));
  });

  test('nothing of it changed anything', async () => {
    expect((await world.admin('GET', '/v1/agents')).body['items']).toHaveLength(1);
    expect((await world.admin('GET', '/v1/secrets')).body['items']).toHaveLength(1);
    expect((await world.admin('GET', '/v1/services')).body['items']).toHaveLength(1);
  });
});
