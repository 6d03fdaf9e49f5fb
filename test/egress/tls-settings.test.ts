// TLS as one service has it: authorities of its own, a client certificate, a version; and nothing of that for another.
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../src/attack/target.ts';
import { DEFAULT_TLS, type TlsSettings } from '../../src/egress/trust.ts';
import { call, createAuthority, listen, openEgress, requestTo } from './upstreams.ts';

const HOST = 'api.example.com';

async function tlsUpstream(options: TlsOptions) {
  const requests: string[] = [];
  const callers: string[] = [];
  const versions: (string | null)[] = [];
  const server = createServer(options, (socket: TLSSocket) => {
    versions.push(socket.getProtocol());
    callers.push(String(socket.getPeerCertificate().subject?.CN));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      requests.push(chunk.toString());
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  server.on('tlsClientError', () => undefined);
  return { port: await listen(server), requests, callers, versions };
}

function secure(port: number, tls: Partial<TlsSettings> | undefined, poolKey = 'vault/service/1') {
  const origin = { scheme: 'https', host: HOST, port } as const;
  return requestTo(port, {
    origin,
    poolKey,
    ...(tls === undefined ? {} : { tls: { ...DEFAULT_TLS, ...tls } }),
  });
}

function bundle({ cert, key }: Certificate) {
  const pem = Buffer.from(`${cert}${key}`);
  return { name: 'acme-client', use: <T>(make: (bytes: Buffer) => T) => make(pem) };
}

describe('a service with authorities of its own', () => {
  it('is answered where they signed, and no other service believes them', async () => {
    const authority = createAuthority();
    const upstream = await tlsUpstream(authority.issue({ names: `DNS:${HOST}` }));
    const egress = openEgress();
    const own = await call(egress, secure(upstream.port, { ca: authority.ca }, 'vault/a/1'));
    expect(own).toMatchObject({ head: { status: 200 }, problem: undefined });
    for (const tls of [undefined, { minTls: '1.3' as const }]) {
      const other = await call(egress, secure(upstream.port, tls, `vault/b/${String(tls === undefined)}`));
      expect(other).toMatchObject({ gates: 0, problem: { code: 'upstream-unreachable' } });
    }
    expect(upstream.requests.length).toBe(1);
  });

  it('believes no other with them alone, and those of the installation too where they are added', async () => {
    const [own, installation] = [createAuthority(), createAuthority()];
    const upstream = await tlsUpstream(installation.issue({ names: `DNS:${HOST}` }));
    const egress = openEgress({ ca: [installation.ca] });
    const only = await call(egress, secure(upstream.port, { ca: own.ca }, 'vault/a/1'));
    expect(only).toMatchObject({ gates: 0, problem: { code: 'upstream-unreachable' } });
    const added = await call(egress, secure(upstream.port, { ca: own.ca, caUse: 'added' }, 'vault/a/2'));
    expect(added.head?.status).toBe(200);
  });

  it.each([
    ['for another host', { names: 'DNS:other.example.com' }, /for another host/],
    ['that has expired', { names: `DNS:${HOST}`, to: '20210101000000Z' }, /has expired/],
  ])('refuses a certificate %s all the same', async (_what, options, detail) => {
    const authority = createAuthority();
    const upstream = await tlsUpstream(authority.issue(options));
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca }));
    expect([heard.gates, heard.problem?.code]).toEqual([0, 'upstream-unreachable']);
    expect(heard.problem?.detail).toMatch(detail);
    expect(upstream.requests).toEqual([]);
  });

  it('refuses a certificate that signed itself, whatever name it has', async () => {
    const authority = createAuthority();
    const { key, cert } = createAuthority().issue({ names: `DNS:${HOST}` });
    const upstream = await tlsUpstream({ key, cert });
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca }));
    expect(heard).toMatchObject({ gates: 0, problem: { code: 'upstream-unreachable' } });
  });

  it('has its calls refused in words where they can not be read', async () => {
    const upstream = await tlsUpstream(createAuthority().issue({ names: `DNS:${HOST}` }));
    const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const heard = await call(openEgress(), secure(upstream.port, { ca }));
    expect(heard.problem?.code).toBe('upstream-unreachable');
    expect(heard.problem?.detail).toMatch(/authorities of this service can not be read|not trusted/);
  });
});

describe('the lowest version of TLS', () => {
  it.each([
    ['1.3', 'TLSv1.2', undefined],
    ['1.3', 'TLSv1.3', 'TLSv1.3'],
    ['1.2', 'TLSv1.2', 'TLSv1.2'],
    ['1.2', 'TLSv1.1', undefined],
    ['1.2', 'TLSv1', undefined],
  ] as const)('is %s: an upstream of %s at most is spoken to by %s', async (minTls, maxVersion, spoken) => {
    const authority = createAuthority();
    const upstream = await tlsUpstream({
      ...authority.issue({ names: `DNS:${HOST}` }),
      minVersion: 'TLSv1',
      maxVersion,
      ...(maxVersion === 'TLSv1.3' ? {} : { ciphers: 'DEFAULT@SECLEVEL=0' }),
    });
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca, minTls }));
    expect(upstream.versions).toEqual(spoken === undefined ? [] : [spoken]);
    expect(heard.problem?.code).toBe(spoken === undefined ? 'upstream-unreachable' : undefined);
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a client certificate by %s', (maxVersion) => {
  const mutual = async () => {
    const authority = createAuthority();
    const upstream = await tlsUpstream({
      ...authority.issue({ names: `DNS:${HOST}` }),
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion,
    });
    return { authority, upstream };
  };

  it('is shown to an upstream that asks for one', async () => {
    const { authority, upstream } = await mutual();
    const clientCertificate = bundle(authority.issue({ names: 'DNS:client.example.com' }));
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca, clientCertificate }));
    expect(heard.head?.status).toBe(200);
    expect(upstream.callers).toEqual(['leaf 2']);
  });

  it('is missed by it: the call fails and it hears no request', async () => {
    const { authority, upstream } = await mutual();
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca }));
    expect(heard).toMatchObject({ head: undefined, ends: 1, problem: { code: 'upstream-unreachable' } });
    expect(upstream.requests).toEqual([]);
  });

  it('of an authority it does not know is refused by it', async () => {
    const { authority, upstream } = await mutual();
    const clientCertificate = bundle(createAuthority().issue({ names: 'DNS:client.example.com' }));
    const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca, clientCertificate }));
    expect(heard).toMatchObject({ head: undefined, problem: { code: 'upstream-unreachable' } });
    expect(upstream.requests).toEqual([]);
  });

  it('that does not belong to its key is refused before anything is dialled, without a word of it', async () => {
    const { authority, upstream } = await mutual();
    const [one, other] = [authority.issue({ names: 'DNS:a.test' }), authority.issue({ names: 'DNS:b.test' })];
    for (const wrong of [
      { cert: one.cert, key: other.key },
      { cert: '', key: one.key },
      { cert: one.cert, key: '' },
    ]) {
      const clientCertificate = bundle(wrong);
      const heard = await call(openEgress(), secure(upstream.port, { ca: authority.ca, clientCertificate }));
      expect(heard.problem?.code).toBe('secret-unavailable');
      expect(heard.problem?.detail).toContain('acme-client');
      expect(JSON.stringify(heard.problem)).not.toContain('BEGIN');
    }
    expect(upstream.callers).toEqual([]);
  });
});
