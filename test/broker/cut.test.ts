// A call that a guard ends while it is under way: whoever reads of it learns that part of it may have left.
import { afterAll, beforeAll, expect, describe, test } from 'vitest';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { testDatabases } from '../support/database.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { createWorld, type World } from '../support/world.ts';

const STOLEN = 'sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6e';
const [embedded] = testDatabases();

describe('a call that is refused', () => {
  let world: World;
  let token = '';
  let metricsUrl = '';
  let upstream: Server;
  let requests = 0;
  let onFirstBytes = () => {};

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const port = await freePort();
    metricsUrl = `http://127.0.0.1:${port}/metrics`;
    world = await createWorld({ database: embedded, config: { metricsListen: { host: '127.0.0.1', port } } });
    upstream = createServer((request, response) => {
      requests += 1;
      request.on('error', () => undefined);
      request.once('data', () => onFirstBytes());
      request.on('end', () => response.end()).resume();
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const { key } = await world.setUp({ baseUrl });
    token = await world.token('robot', key);
    await world.admin('POST', '/v1/secrets', { name: 'stolen', value: STOLEN });
  });
  afterAll(async () => {
    await world?.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  /** Sends `body` and gives the status of its answer. */
  const post = (body: Readable) =>
    new Promise<number>((resolve, reject) => {
      const url = new URL('/call/vendor/notes', world.apps[0]?.address);
      const sending = httpRequest(url, {
        method: 'POST',
        agent: false,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      });
      sending.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sending.on('error', reject);
      body.pipe(sending);
    });

  test('within a streamed body is told as cut, with what the upstream may have seen', async () => {
    const body = new PassThrough();
    onFirstBytes = () => body.end(` and ${STOLEN}`);
    const status = post(body);
    body.write('harmless words '.repeat(1000));
    expect(await status).toBe(403);
    await expect
      .poll(async () => (await world.events('call.outcome')).at(-1))
      .toMatchObject({
        result: 'cut',
        problem: 'secret-in-request',
      });
    const outcome = (await world.events('call.outcome')).at(-1);
    expect(outcome?.['requestBytes']).toBeGreaterThan(10_000);
    const told = await world.admin('GET', `/v1/calls/${String(outcome?.['intent'])}`);
    expect([told.status, told.body]).toMatchObject([
      200,
      {
        decision: { effect: 'allow' },
        sends: [{ result: 'cut', problem: 'secret-in-request', requestBytes: outcome?.['requestBytes'] }],
      },
    ]);
    const metrics = await (await fetch(metricsUrl)).text();
    expect(metrics).toContain(
      'doorward_requests_total{service="vendor",decision="allow",status_class="4xx"} 1\n',
    );
    expect(metrics).toContain(
      'doorward_findings_total{guard="fingerprint",direction="request",action="block"} 1\n',
    );
    expect(metrics).toContain(
      'doorward_guard_alarms_total{alarm="secret-in-request",done="call-blocked"} 1\n',
    );
  });

  test('before its first byte is told as refused, and nothing of it has left', async () => {
    const before = requests;
    const answer = await world.call(token, `/call/vendor/notes?q=${STOLEN}`);
    expect([answer.status, requests]).toEqual([403, before]);
    await expect
      .poll(async () => (await world.events('call.refused')).at(-1))
      .toMatchObject({ problem: 'secret-in-request' });
  });
});
