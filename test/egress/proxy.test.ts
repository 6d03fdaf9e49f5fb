// The way out through a proxy: what it learns, what may not go through it, and what it can not talk us into.
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddressPolicy } from '../../src/core/ip-range.ts';
import { call, createAuthority, listen, openEgress, rawUpstream, requestTo } from './upstreams.ts';

const HOST = 'api.example.com';
/** A public address that nothing here answers at: only the proxy of the test leads from it to an upstream. */
const PINNED = '93.184.216.34';
const ALLOWED: AddressPolicy = { allowedCidrs: ['127.0.0.0/8'] };

async function startProxy(toPort: number, answer?: (socket: Socket) => void) {
  const heads: string[] = [];
  let passed = '';
  const port = await listen(
    createServer((near) => {
      near.once('data', (chunk) => {
        heads.push(chunk.toString('latin1'));
        if (answer !== undefined) return answer(near);
        const far = connect(toPort, '127.0.0.1', () =>
          near.write('HTTP/1.1 200 Connection established\r\n\r\n'),
        );
        far.on('error', () => near.destroy());
        near.on('close', () => far.destroy());
        far.on('close', () => near.destroy());
        near.on('data', (bytes) => {
          passed += bytes.toString('latin1');
          far.write(bytes);
        });
        far.on('data', (bytes) => near.write(bytes));
      });
    }),
  );
  return { port, heads, passed: () => passed };
}

async function world(options: {
  readonly names?: string;
  readonly answer?: (socket: Socket) => void;
  readonly policy?: AddressPolicy;
  readonly exceptCidrs?: readonly string[];
  readonly addresses?: readonly string[];
  readonly connectMs?: number;
}) {
  const authority = createAuthority();
  const requests: string[] = [];
  const upstream = await listen(
    createTlsServer(authority.issue({ names: options.names ?? `DNS:${HOST}` }), (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        requests.push(chunk.toString());
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    }),
  );
  const proxy = await startProxy(upstream, options.answer);
  const egress = openEgress({
    ca: [authority.ca],
    policy: options.policy ?? ALLOWED,
    timeouts: options.connectMs === undefined ? {} : { connectMs: options.connectMs },
    lookup: (host) =>
      Promise.resolve(host === 'proxy.corp' ? ['127.0.0.1'] : (options.addresses ?? [PINNED])),
    proxy: { host: 'proxy.corp', port: proxy.port, exceptCidrs: options.exceptCidrs ?? [] },
  });
  return { proxy, egress, requests, upstream };
}

function secure(port = 443) {
  const headers = [['authorization', 'Bearer the-key-of-the-service']] as const;
  return requestTo(port, { origin: { scheme: 'https', host: HOST, port }, headers });
}

describe('through a proxy', () => {
  it('goes a tunnel to the pinned address, with TLS for the real host from end to end', async () => {
    const { proxy, egress, requests } = await world({});
    const heard = await call(egress, secure());
    expect(heard).toMatchObject({ head: { status: 200, remoteAddress: PINNED }, problem: undefined });
    expect(proxy.heads).toEqual([`CONNECT ${PINNED}:443 HTTP/1.1\r\nhost: ${PINNED}:443\r\n\r\n`]);
    expect(requests[0]).toContain('the-key-of-the-service');
    expect(proxy.passed()).not.toContain('the-key-of-the-service');
  });

  it('an IPv6 upstream is asked for in brackets', async () => {
    const { proxy, egress } = await world({ addresses: ['2606:2800:220:1::1'] });
    expect((await call(egress, secure())).head?.status).toBe(200);
    expect(proxy.heads[0]).toMatch(/^CONNECT \[2606:2800:220:1::1\]:443 /);
  });

  it('a certificate for another host is refused before a request is written', async () => {
    const { egress, requests } = await world({ names: 'DNS:proxy.corp' });
    const heard = await call(egress, secure());
    expect(heard).toMatchObject({ gates: 0, problem: { code: 'upstream-unreachable' } });
    expect(heard.problem?.detail).toMatch(/for another host/);
    expect(requests).toEqual([]);
  });

  it('plain http does not go: the proxy would read the key', async () => {
    const { proxy, egress } = await world({});
    const heard = await call(egress, requestTo(80));
    expect(heard).toMatchObject({ gates: 0, problem: { code: 'address-blocked' } });
    expect(heard.problem?.detail).toMatch(/DOORWARD_EGRESS_PROXY_EXCEPT/);
    expect(proxy.heads).toEqual([]);
  });

  it.each([
    ['a metadata address', ['169.254.169.254']],
    ['a private address', ['10.0.0.7']],
    ['a public and a private address', [PINNED, '192.168.1.1']],
  ])('a name that leads to %s is refused before the proxy is asked', async (_what, addresses) => {
    const { proxy, egress } = await world({ addresses });
    expect((await call(egress, secure())).problem?.code).toBe('address-blocked');
    expect(proxy.heads).toEqual([]);
  });

  it('ranges that are excepted are dialled directly, plain http too', async () => {
    const direct = await rawUpstream((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    const { proxy, egress } = await world({ addresses: ['127.0.0.1'], exceptCidrs: ['127.0.0.0/8'] });
    expect((await call(egress, requestTo(direct.port))).head?.status).toBe(200);
    expect(proxy.heads).toEqual([]);
  });

  it('the proxy itself is no upstream', async () => {
    const { proxy, egress } = await world({ addresses: ['127.0.0.1'], exceptCidrs: ['127.0.0.0/8'] });
    const heard = await call(egress, requestTo(proxy.port));
    expect(heard).toMatchObject({ gates: 0, problem: { code: 'address-blocked' } });
    expect(proxy.heads).toEqual([]);
  });

  it('a proxy in a range that nobody allowed is not dialled', async () => {
    const { proxy, egress } = await world({ policy: { allowedCidrs: [] } });
    const heard = await call(egress, secure());
    expect(heard.problem).toMatchObject({ code: 'address-blocked' });
    expect(heard.problem?.detail).toMatch(/proxy\.corp.*DOORWARD_EGRESS_ALLOW_CIDRS/);
    expect(proxy.heads).toEqual([]);
  });

  it.each([
    ['asks for a login', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /407/],
    ['refuses', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nno\n', /403/],
    ['redirects', 'HTTP/1.1 302 Found\r\nlocation: http://evil.test/\r\n\r\n', /302/],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', /no answer that is HTTP/],
    ['answers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}`, /no answer that is HTTP/],
    [
      'sends more than it was asked for',
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      /before they were asked/,
    ],
  ])('a proxy that %s ends the call in words', async (_what, answer, detail) => {
    const { egress, requests } = await world({ answer: (socket) => socket.write(answer) });
    const heard = await call(egress, secure());
    expect(heard).toMatchObject({ gates: 0, ends: 1, problem: { code: 'upstream-unreachable' } });
    expect(heard.problem?.detail).toMatch(detail);
    expect(requests).toEqual([]);
  });

  it('a proxy that hangs up, or says nothing, ends the call', async () => {
    const gone = await world({ answer: (socket) => socket.destroy() });
    expect((await call(gone.egress, secure())).problem?.code).toBe('upstream-unreachable');
    const silent = await world({ answer: () => undefined, connectMs: 1000 });
    expect((await call(silent.egress, secure())).problem?.code).toBe('upstream-timeout');
  });

  it('the variables of other programs change nothing', async () => {
    const listener = await rawUpstream((socket) => socket.destroy());
    const names = [
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'http_proxy',
      'https_proxy',
      'ALL_PROXY',
      'NODE_USE_ENV_PROXY',
    ];
    const before = names.map((name) => [name, process.env[name]] as const);
    onTestFinished(() => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    for (const name of names) process.env[name] = `http://127.0.0.1:${listener.port}`;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    const upstream = await rawUpstream((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    expect((await call(openEgress(), requestTo(upstream.port))).head?.status).toBe(200);
    expect(listener.received).toEqual([]);
  });
});
