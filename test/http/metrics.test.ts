// What a scrape of /metrics tells, where it can be asked, and what it never names.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { openMetricsListener } from '../../src/http/metrics-listener.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { testDatabases } from '../support/database.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

const [embedded] = testDatabases();

describe('metrics', () => {
  let world: World;
  let url: string;
  let token: string;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    world = await createWorld({ database: embedded, config: { metricsListen: { host: '127.0.0.1', port } } });
    const { key } = await world.setUp({ allow: ['GET /**'] });
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  async function scrape(): Promise<string> {
    const answer = await send(url, '/metrics');
    expect([answer.status, answer.header('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    return answer.text();
  }
  /** The value of the series with exactly these labels. */
  function value(text: string, series: string): number | undefined {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }
  const requests = (service: string, decision: string, status: string) =>
    `doorward_requests_total{service="${service}",decision="${decision}",status_class="${status}"}`;

  test('count calls by service, decision and class of status, and time them', async () => {
    const before = await scrape();
    world.upstream.respond = (request, response) => {
      response.writeHead(request.url === '/missing' ? 404 : 200).end(`echo ${SECRET_VALUE}`);
    };
    for (const path of ['/a', '/b', '/missing'])
      await (await world.call(token, `/call/vendor${path}`)).text();
    await world.call(token, '/call/vendor/x', { method: 'POST' });
    await world.call(token, '/call/nothing-of-that-name/x');
    await world.call('nonsense', '/call/vendor/x');
    const after = await scrape();
    const counted = (series: string) => (value(after, series) ?? 0) - (value(before, series) ?? 0);
    expect(counted(requests('vendor', 'allow', '2xx'))).toBe(2);
    expect(counted(requests('vendor', 'allow', '4xx'))).toBe(1);
    expect(counted(requests('vendor', 'deny', '4xx'))).toBe(1);
    expect(counted(requests('vendor', 'unauthenticated', '4xx'))).toBe(1);
    expect(counted(requests('unknown', 'deny', '4xx'))).toBe(1);
    expect(counted('doorward_request_duration_seconds_count{service="vendor"}')).toBe(5);
    expect(counted('doorward_redacted_total')).toBeGreaterThanOrEqual(3);
    expect(after).not.toContain('nothing-of-that-name');
  });

  test('tell how the server is', async () => {
    await world.token('owner', await ownerCredential());
    const text = await scrape();
    for (const [series, least] of [
      ['doorward_lease_valid', 1],
      ['doorward_database_up', 1],
      ['doorward_tokens_issued_total{subject="agent"}', 1],
      ['doorward_tokens_issued_total{subject="admin"}', 1],
      ['doorward_open_calls', 0],
      ['doorward_audit_queue', 0],
      ['doorward_rotation_age_seconds', 0],
      ['nodejs_eventloop_lag_seconds', 0],
      ['process_resident_memory_bytes', 1],
    ] as const) {
      expect([series, value(text, series)]).toEqual([series, expect.any(Number)]);
      expect(value(text, series)).toBeGreaterThanOrEqual(least);
    }
    expect(text).toMatch(/^doorward_build_info\{version="[\d.]+",node="v\d+[.\d]+"\} 1$/m);
  });

  test('count what guards find, by guard, direction and what was done, and no rule', async () => {
    const found = (guard: string, direction: string, action: string) =>
      `doorward_findings_total{guard="${guard}",direction="${direction}",action="${action}"}`;
    const protection = {
      content: { request: { email: 'flag' }, answer: { email: 'mask' }, patterns: [] },
    };
    const updated = await world.admin('PATCH', '/v1/services/vendor', { protection });
    expect([updated.status, updated.body]).toMatchObject([200, { name: 'vendor' }]);
    world.upstream.respond = (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/plain' })
        .end('write to one@example.com, two@example.com');
    };
    const before = await scrape();
    await (await world.call(token, '/call/vendor/who?mail=three@example.com')).text();
    const after = await scrape();
    const counted = (series: string) => (value(after, series) ?? 0) - (value(before, series) ?? 0);
    expect(counted(found('content', 'request', 'flag'))).toBe(1);
    expect(counted(found('content', 'answer', 'mask'))).toBe(2);
    expect(after).not.toContain('email');
  });

  test('count the alarms of guards, and what they froze, once', async () => {
    const alarms = (alarm: string, done: string) =>
      `doorward_guard_alarms_total{alarm="${alarm}",done="${done}"}`;
    const freezes = (target: string) => `doorward_automatic_freezes_total{target="${target}"}`;
    await world.admin('POST', '/v1/secrets', {
      name: 'other',
      value: 'sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3F',
    });
    const decoy = { baseUrl: world.upstream.url, auth: { kind: 'bearer' }, secret: 'other' };
    await world.admin('POST', '/v1/services', { name: 'trap', ...decoy, protection: { decoy: true } });
    const { body } = await world.admin('POST', '/v1/agents', { name: 'curious' });
    const curious = await world.token('curious', String(body['key']));
    const before = await scrape();
    const stolen = await world.call(token, '/call/vendor/x?q=sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3F');
    expect(stolen.status).toBe(403);
    for (let count = 0; count < 2; count += 1)
      expect((await world.call(curious, '/call/trap/x')).status).toBe(403);
    const asked = await world.call(token, '/v1/access-requests', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service: 'trap', reason: 'x' }),
    });
    expect(asked.status).toBe(403);
    await world.admin('POST', '/v1/agents/robot/unfreeze');
    const after = await scrape();
    const counted = (series: string) => (value(after, series) ?? 0) - (value(before, series) ?? 0);
    expect(counted(alarms('secret-in-request', 'call-blocked'))).toBe(1);
    expect(counted(alarms('decoy-touched', 'agent-frozen'))).toBe(3);
    expect(counted(freezes('agent'))).toBe(2);
    expect(value(after, freezes('grant'))).toBeUndefined();
    const kinds = await world.events('agent.freeze');
    expect(kinds).toHaveLength(2);
  });

  test('count a call that is open while it is', async () => {
    let finish = () => {};
    world.upstream.respond = (_request, response) => {
      response.writeHead(200).write('begun');
      finish = () => response.end();
    };
    const answer = await world.call(token, '/call/vendor/stream');
    expect(value(await scrape(), 'doorward_open_calls')).toBe(1);
    finish();
    await answer.text();
    expect(value(await scrape(), 'doorward_open_calls')).toBe(0);
  });

  test('name no agent, no path, no secret and no token', async () => {
    const text = await scrape();
    const { body } = await world.admin('GET', '/v1/agents/robot');
    for (const told of [
      SECRET_VALUE,
      'robot',
      String(body['id']),
      token,
      '/call/',
      '/stream',
      'evt_',
      'req_',
    ]) {
      expect(text).not.toContain(told);
    }
  });

  test('are told on their own listener, and nothing else is told there', async () => {
    const main = world.apps[0]?.address ?? '';
    expect((await send(main, '/metrics')).status).toBe(404);
    for (const path of ['/', '/healthz', '/v1/status', '/call/vendor/x', '/metrics/', '//metrics']) {
      const answer = await send(url, path, { headers: ['authorization', `Bearer ${token}`] });
      expect([path, answer.status, problemOf(answer)]).toEqual([path, 404, 'not-found']);
    }
    const posted = await send(url, '/metrics', { method: 'POST', body: 'x' });
    expect([posted.status, problemOf(posted), posted.header('allow')]).toEqual([
      405,
      'method-not-allowed',
      'GET, HEAD',
    ]);
    const head = await send(url, '/metrics', { method: 'HEAD' });
    expect([head.status, head.text()]).toEqual([200, '']);
  });

  test('are out of reach of calls, whatever networks they may go to', async () => {
    await world.admin('POST', '/v1/services', {
      name: 'own',
      baseUrl: url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    });
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'own' });
    const answer = await world.call(token, '/call/own/metrics');
    expect([answer.status, await answer.json()]).toMatchObject([502, { code: 'address-blocked' }]);
  });

  test('keep the server from starting where their address is taken, and say which variable to change', async () => {
    const { ids } = world.apps[0]?.operations ?? {};
    if (ids === undefined) throw new Error('the world has one server');
    const listener = openMetricsListener({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      limits: { maxConnections: 10, headersMs: 15_000, bodyIdleMs: 15_000 },
      publicUrl: url,
      exposition: { text: () => Promise.resolve(''), contentType: 'text/plain' },
      requestId: () => newId(ids, 'req'),
      log: createLog('silent'),
    });
    await expect(listener).rejects.toThrow(/DOORWARD_METRICS_LISTEN=/);
  });

  test('leave out what the database would have to tell when it does not', async () => {
    await world.apps[0]?.operations.database.close();
    const text = await scrape();
    expect(value(text, 'doorward_database_up')).toBe(0);
    expect(text).not.toMatch(/^doorward_rotation_age_seconds /m);
    const ready = await send(world.apps[0]?.address ?? '', '/readyz');
    expect([ready.status, ready.json()]).toMatchObject([
      503,
      { status: 'not ready', checks: { database: 'does not answer', rootKey: 'ok' } },
    ]);
    expect((await send(world.apps[0]?.address ?? '', '/healthz')).status).toBe(200);
  });

  const problemOf = (answer: RawAnswer) => answer.json()['code'];

  async function ownerCredential(): Promise<string> {
    const { readFile } = await import('node:fs/promises');
    return (await readFile(`${world.keysDirectory}/owner.credential`, 'utf8')).trim();
  }
});
