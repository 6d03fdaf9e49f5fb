// A guard denies whatever an upstream could take for the address it names, and beats every grant.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../src/core/address.ts';
import { guardsAgainst, matchesPattern, parsePattern } from '../../src/core/address-pattern.ts';
import type { Agent, Grant, Service } from '../../src/core/entities.ts';
import { protectionSettings } from '../../src/core/protection/protection.ts';
import { decide } from '../../src/core/policy.ts';
import { parseScope } from '../../src/core/scope.ts';

describe('a guard', () => {
  it.each([
    ['POST /v1/keys', 'POST', '/v1/keys', true],
    ['POST /v1/keys', 'POST', '/v1/keys/', true],
    ['POST /v1/keys/', 'POST', '/v1/keys', true],
    ['POST /v1/keys', 'POST', '/V1/Keys', true],
    ['POST /V1/KEYS', 'POST', '/v1/keys', true],
    ['POST /v1/keys', 'POST', '/v1/%6b%45ys', true],
    ['POST /v1/keys', 'GET', '/v1/keys', false],
    ['POST /v1/keys', 'POST', '/v1/keys/1', false],
    ['GET /v1/keys', 'HEAD', '/v1/keys', true],
    ['* /v1/keys/**', 'DELETE', '/v1/KEYS/1/x/', true],
    ['* /v1/keys/**', 'DELETE', '/v1/keys', true],
    ['POST /v1/{project}:generateAccessToken', 'POST', '/v1/a:generateaccesstoken', true],
    ['POST /v1/{project}:generateAccessToken', 'POST', '/v1/a:sign', false],
    ['GET /', 'GET', '/', true],
  ])('%s, on %s %s: %s', (pattern, method, path, denies) => {
    expect(guardsAgainst(parsePattern(pattern), method, canonicalAddress(path))).toBe(denies);
  });

  it('denies everything that a grant of the same text would allow', () => {
    const segment = fc.constantFrom('a', 'B', '%2D', 'x:y', '{id}', '{id}:y');
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const end = fc.constantFrom('', '/', '/**');
    fc.assert(
      fc.property(path, end, fc.constantFrom('GET', '*', 'POST'), path, (text, tail, method, called) => {
        const pattern = parsePattern(`${method} /${text}${tail}`);
        const address = canonicalAddress(`/${called.replaceAll(/[{}]/g, '')}`);
        for (const by of ['GET', 'HEAD', 'POST']) {
          if (matchesPattern(pattern, by, address)) expect(guardsAgainst(pattern, by, address)).toBe(true);
        }
      }),
    );
  });
});

describe('a decision', () => {
  const agent: Agent = {
    id: 'agt_01h455vb4pex5vsknk084sn02q',
    name: 'robot',
    keyHash: Buffer.alloc(32),
    generation: 1,
    frozen: false,
    revision: 1,
  };
  const service: Service = {
    id: 'svc_01h455vb4pex5vsknk084sn02q',
    name: 'vendor',
    origin: { scheme: 'https', host: 'api.test', port: 443 },
    basePath: '',
    auth: { kind: 'bearer' },
    secretId: 'sec_01h455vb4pex5vsknk084sn02q',
    graceRetry: 'any',
    catalogueId: null,
    headers: {},
    guards: [parsePattern('POST /v1/keys/**')],
    refusalShape: null,
    listen: null,
    protection: protectionSettings({}),
    revision: 1,
  };
  const grant = (allow: readonly string[] | undefined, expiresAt?: Date): Grant => ({
    id: 'grt_01h455vb4pex5vsknk084sn02q',
    agentId: agent.id,
    serviceId: service.id,
    allow: allow?.map(parsePattern),
    expiresAt,
    constraints: {},
    frozen: false,
    revision: 1,
  });
  const now = new Date('2030-01-01T00:00:00Z');
  const ask = (parts: Partial<Parameters<typeof decide>[0]>) =>
    decide({
      agent,
      service,
      grant: grant(undefined),
      scope: undefined,
      method: 'POST',
      address: canonicalAddress('/v1/keys/1'),
      now,
      ...parts,
    });

  it('is a guard’s, whatever is granted or asked for', () => {
    const guarded = {
      effect: 'deny',
      problem: 'not-allowed',
      rule: 'guard',
      guard: 'POST /v1/keys/**',
      revision: 1,
    };
    const ended = new Date('2029-01-01T00:00:00Z');
    for (const given of [grant(undefined), grant(['POST /v1/keys/**', '* /**']), grant(undefined, ended)]) {
      expect(ask({ grant: given })).toEqual(guarded);
    }
    expect(ask({ scope: parseScope('vendor:read') })).toEqual(guarded);
    expect(ask({ method: 'GET' })).toMatchObject({ effect: 'allow' });
  });

  it('says nothing of guards to who has no grant', () => {
    expect(ask({ grant: undefined })).toMatchObject({ rule: 'no-grant' });
  });
});
