// TLS to upstreams: who is believed, and what a failure says.
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { call, createAuthority, listen, openEgress, requestTo } from './upstreams.ts';

async function tlsUpstream(options: TlsOptions, greeting = '') {
  const requests: string[] = [];
  const names: (string | false | null)[] = [];
  const server = createServer(options, (socket) => {
    names.push(socket.servername);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.on('data', (chunk) => {
      requests.push(chunk.toString());
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  server.on('tlsClientError', () => undefined);
  return { port: await listen(server), requests, names };
}

function secure(port: number, host = 'api.example.com') {
  return requestTo(port, { origin: { scheme: 'https', host, port } });
}

describe('an upstream by TLS', () => {
  it('is answered when its certificate is for the host, whatever address that has', async () => {
    const authority = createAuthority();
    const upstream = await tlsUpstream(authority.issue({ names: 'DNS:api.example.com' }));
    const heard = await call(openEgress({ ca: [authority.ca] }), secure(upstream.port));
    expect(heard).toMatchObject({ head: { status: 200 }, problem: undefined });
    expect(upstream.names).toEqual(['api.example.com']);
  });

  it('by address literal needs a certificate for that address', async () => {
    const authority = createAuthority();
    const right = await tlsUpstream(authority.issue({ names: 'IP:127.0.0.1' }));
    const wrong = await tlsUpstream(authority.issue({ names: 'IP:127.0.0.2,DNS:127.0.0.1.example' }));
    const egress = openEgress({ ca: [authority.ca] });
    expect((await call(egress, secure(right.port, '127.0.0.1'))).body.toString()).toBe('ok');
    expect((await call(egress, secure(wrong.port, '127.0.0.1'))).problem?.code).toBe('upstream-unreachable');
  });

  it.each([
    ['for another host', { names: 'DNS:other.example.com' }, /for another host/],
    ['for a wider name', { names: 'DNS:example.com' }, /for another host/],
    ['for the address only', { names: 'IP:127.0.0.1' }, /for another host/],
    ['that has expired', { names: 'DNS:api.example.com', to: '20210101000000Z' }, /has expired/],
    ['that is not valid yet', { names: 'DNS:api.example.com', from: '20980101000000Z' }, /not valid yet/],
  ])('with a certificate %s is refused before a request is written', async (_what, options, detail) => {
    const authority = createAuthority();
    const upstream = await tlsUpstream(authority.issue(options));
    const heard = await call(openEgress({ ca: [authority.ca] }), secure(upstream.port));
    expect(heard).toMatchObject({ gates: 0, ends: 1, problem: { code: 'upstream-unreachable' } });
    expect(heard.problem?.detail).toMatch(detail);
    expect(upstream.requests).toEqual([]);
  });

  it('with a certificate of an unknown authority is refused, also when the environment waives checks', async () => {
    const authority = createAuthority();
    const upstream = await tlsUpstream(authority.issue({ names: 'DNS:api.example.com' }));
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const heard = await call(openEgress({ ca: [createAuthority().ca] }), secure(upstream.port));
      expect(heard.problem?.detail).toMatch(/authority that is not trusted|self-signed/);
      expect(upstream.requests).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('that speaks %s at most is refused', async (version) => {
    const authority = createAuthority();
    const upstream = await tlsUpstream({
      ...authority.issue({ names: 'DNS:api.example.com' }),
      minVersion: 'TLSv1',
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const heard = await call(openEgress({ ca: [authority.ca] }), secure(upstream.port));
    expect(heard.problem).toMatchObject({
      code: 'upstream-unreachable',
      detail: expect.stringContaining('1.2'),
    });
    expect(upstream.requests).toEqual([]);
  });

  it('that answers without TLS is refused', async () => {
    const plain = await import('node:net');
    const server = plain.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    const heard = await call(openEgress(), secure(await listen(server)));
    expect(heard).toMatchObject({ gates: 0, problem: { code: 'upstream-unreachable' } });
  });

  it('that speaks before it is asked gets no request, and no endless dials', async () => {
    const authority = createAuthority();
    const greeting = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    const upstream = await tlsUpstream(
      { ...authority.issue({ names: 'DNS:api.example.com' }), maxVersion: 'TLSv1.2' },
      greeting,
    );
    const heard = await call(
      openEgress({ ca: [authority.ca], timeouts: { connectMs: 2000 } }),
      secure(upstream.port),
    );
    expect(heard.ends).toBe(1);
    expect(upstream.names.length).toBeLessThan(3);
  });
});
