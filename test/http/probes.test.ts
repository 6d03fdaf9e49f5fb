// Probes of orchestrators: they know a server by an address that it has no name for, and must hear how it is; nothing else
// is served so, and no name that a page could bring is.
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseYaml } from '../deploy/yaml.ts';
import { fencesOf, readPage } from '../docs/fences.ts';
import { testDatabases } from '../support/database.ts';
import { send, speak } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const PATHS = ['/healthz', '/readyz'] as const;
const POD = '10.42.7.19:7420';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

describe('a probe', () => {
  let world: World;
  const port = () => new URL(world.apps[0]?.address ?? '').port;
  const url = () => `http://127.0.0.1:${port()}`;
  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const config = { listen: { host: '0.0.0.0', port: 0 }, callDomain: 'calls.example.test' };
    world = await createWorld({ database: embedded, config });
    await world.setUp();
  });
  afterAll(() => world?.close());

  test.each(PATHS)('is answered at %s under any address that a pod may have', async (path) => {
    const hosts = [POD, '10.42.7.19', '192.0.2.7:30080', '[fd00:10:42::13]:7420', '[fd00:10:42::13]'];
    for (const as of hosts) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await send(url(), path, { as, method });
        expect([as, method, answer.status]).toEqual([as, method, 200]);
      }
    }
  });

  test('is answered under the addresses of this machine, dialled as a kubelet does', async () => {
    const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    const outward = own.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    const address = `http://${outward ?? '127.0.0.1'}:${port()}`; // a machine may have no other than loopback
    for (const path of PATHS) expect((await send(address, path)).status).toBe(200);
    const elsewhere = await send(address, '/openapi.json');
    expect(elsewhere.status).toBe(outward === undefined ? 200 : 421);
  });

  test.each(PATHS)('of a balancer that speaks HTTP/1.0 without a Host is answered at %s', async (path) => {
    expect(await speak(url(), `GET ${path} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await speak(url(), 'GET /openapi.json HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
  });

  test('is answered with how the server is, and nothing else about it', async () => {
    const alive = await send(url(), '/healthz', { as: POD });
    expect(alive.json()).toEqual({ status: 'ok' });
    const ready = await send(url(), '/readyz', { as: POD });
    const checks = ['draining', 'database', 'rootKey', 'rights', 'audit', 'disk', 'clock'];
    expect(ready.json()).toEqual({
      status: 'ready',
      checks: Object.fromEntries(checks.map((check) => [check, 'ok'])),
    });
    const headers = ready.headers.map(([name]) => name).sort();
    expect(headers).toEqual(
      [
        'cache-control',
        'connection',
        'content-length',
        'content-type',
        'date',
        'doorward-source',
        'x-content-type-options',
        'x-request-id',
      ].sort(),
    );
  });

  test('is what docs/deploy.md gives a pod', async () => {
    const [yaml] = fencesOf(readPage('docs/deploy.md')).filter(({ language }) => language === 'yaml');
    const probes = Object.values(parseYaml(yaml?.text ?? '') as unknown as Record<string, Probe>);
    expect(probes).toHaveLength(3);
    for (const { httpGet } of probes) {
      expect((await send(url(), httpGet.path, { as: `10.42.7.19:${httpGet.port}` })).status).toBe(200);
    }
  });

  test.each(PATHS)('under a name is refused at %s as before, whatever it looks like', async (path) => {
    const names = [
      'rebound.evil.test:7420',
      '10.42.7.19.evil.test',
      '10.42.7.19:7420.evil.test',
      'evil.test:80',
      '10.42.7',
      '010.042.007.019',
      '0x0a2a0713',
      '170788627',
      '10.42.7.19:',
      '10.42.7.19:x',
      '10.42.7.19:65536',
      'user@10.42.7.19',
      '[::1',
      '[::1%eth0]:7420',
      'fd00::1',
      '10.42.7.19.',
      '1e1.2.3.4',
      '.',
    ];
    for (const as of names) {
      const answer = await send(url(), path, { as });
      expect([as, answer.status, answer.header('doorward-error')]).toEqual([as, 421, 'host-not-allowed']);
    }
  });

  test('under loopback has to know the port, as everything else', async () => {
    const foreign = ['127.0.0.1:1', '127.0.0.9', '[::1]:1', '0.0.0.0:1', '[::ffff:127.0.0.1]:1', '[::]'];
    for (const as of foreign) {
      expect([as, (await send(url(), '/healthz', { as })).status]).toEqual([as, 421]);
    }
  });

  test('reaches nothing but the two paths, and asks only', async () => {
    const others = [
      '/',
      '/metrics',
      '/v1/status',
      '/openapi.json',
      '/problems/',
      '/.well-known/jwks.json',
      '/mcp',
      '/call/vendor/healthz',
      '/healthz/',
      '//healthz',
      '/healthz/../v1/status',
      '/%68ealthz',
      '/HEALTHZ',
    ];
    for (const path of others) {
      expect([path, (await send(url(), path, { as: POD })).status]).toEqual([path, 421]);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      for (const path of PATHS) {
        expect([method, path, (await send(url(), path, { as: POD, method })).status]).toEqual([
          method,
          path,
          421,
        ]);
      }
    }
    expect((await send(url(), '/oauth/token', { as: POD, method: 'POST', body: 'a=b' })).status).toBe(421);
    expect(world.upstream.seen).toEqual([]);
  });

  test('is told when the server is not ready, and still that it lives', async () => {
    await world.apps[0]?.operations.database.close();
    const ready = await send(url(), '/readyz', { as: POD });
    expect([ready.status, ready.json()]).toMatchObject([503, { checks: { database: 'does not answer' } }]);
    expect((await send(url(), '/healthz', { as: POD })).status).toBe(200);
  });
});
