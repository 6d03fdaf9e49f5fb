// Header rules both ways: what goes upstream, what comes back, what never does.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { CREDENTIAL_SLOTS } from '../../src/core/header-names.ts';
import {
  assertHeaderValue,
  type HeaderPairs,
  incomingHeaders,
  isHeaderName,
  outgoingHeaders,
  pairsFromRaw,
} from '../../src/core/headers.ts';
import { Problem } from '../../src/core/problem.ts';

const IDENTITY = ['accept-encoding', 'identity'] as const;

function out(...raw: string[]): HeaderPairs {
  return outgoingHeaders(pairsFromRaw(raw));
}

describe('headers on the way out', () => {
  it('vendor headers pass, in order and with their duplicates', () => {
    const raw = [
      'Content-Type',
      'application/json',
      'OpenAI-Organization',
      'org',
      'X-Tag',
      'a',
      'x-tag',
      'b',
    ];
    expect(out(...raw)).toEqual([
      ['content-type', 'application/json'],
      ['openai-organization', 'org'],
      ['x-tag', 'a'],
      ['x-tag', 'b'],
      IDENTITY,
    ]);
  });

  it.each([
    'Connection',
    'Keep-Alive',
    'Transfer-Encoding',
    'Content-Length',
    'TE',
    'Trailer',
    'Upgrade',
    'Host',
    'Cookie',
    'Cookie2',
    'DPoP',
    'Baggage',
    'Expect',
    'Accept-Encoding',
    'Range',
    'If-Range',
    'Via',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X_Forwarded_For',
    'X-Real-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'x-http_method_override',
    'Proxy-Authorization',
    'Proxy-Connection',
    'Proxy-Anything',
    'Doorward-Source',
    'Doorward-Anything',
    'CF-Connecting-IP',
    'X_API_KEY',
  ])('%s is dropped', (name) => {
    expect(out(name, 'v')).toEqual([IDENTITY]);
  });

  it.each(CREDENTIAL_SLOTS)('the slot %s is dropped in any case', (name) => {
    expect(out(name.toUpperCase(), 'v')).toEqual([IDENTITY]);
  });

  it("the service's own slots are dropped", () => {
    const pairs = pairsFromRaw(['X-Own-Slot', 'a', 'x_own_slot', 'b', 'X-Own', 'c']);
    expect(outgoingHeaders(pairs, { dropNames: ['X-Own-Slot'] })).toEqual([['x-own', 'c'], IDENTITY]);
  });

  it('whatever Connection names is dropped', () => {
    expect(
      out(
        'Connection',
        'close, X-Secret ,x-other',
        'X-Secret',
        '1',
        'connection',
        'x-third',
        'X-Other',
        '2',
        'X-Third',
        '3',
        'X-Fine',
        '4',
      ),
    ).toEqual([['x-fine', '4'], IDENTITY]);
  });

  it.each(['a\r\nX-Injected: 1', 'a\nb', 'a\0b', 'a\rb', '\u007f', 'a\u0001', 'caf\u0113'])(
    'the value %j is refused',
    (value) => {
      expect(() => out('x-fine', value)).toThrow(Problem);
      expect(() => assertHeaderValue('x-fine', value)).toThrow(Problem);
    },
  );

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'é', 'x\u0000', `x${'y'.repeat(300)}`])(
    'the name %j is refused',
    (name) => {
      expect(isHeaderName(name)).toBe(false);
      expect(() => out(name, 'v')).toThrow(Problem);
    },
  );

  it('a refusal does not repeat the value', () => {
    expect(() => assertHeaderValue('x-key', 'sk-live\n')).toThrow(
      expect.objectContaining({ detail: expect.not.stringContaining('sk-live') }),
    );
  });

  it('latin1 and tabs pass', () => {
    expect(out('x-fine', 'caf\u00e9\tx')).toEqual([['x-fine', 'caf\u00e9\tx'], IDENTITY]);
  });
});

describe('headers on the way in', () => {
  it('content headers, locations and vendor headers pass', () => {
    const pairs = pairsFromRaw([
      'Content-Type',
      'text/plain',
      'Content-Encoding',
      'gzip',
      'Location',
      '/x',
      'X-Request-Id',
      'r',
      'Retry-After',
      '1',
    ]);
    expect(incomingHeaders(pairs)).toEqual(pairs);
  });

  it.each([
    'Set-Cookie',
    'WWW-Authenticate',
    'Proxy-Authenticate',
    'Alt-Svc',
    'Refresh',
    'Access-Control-Allow-Origin',
    'Strict-Transport-Security',
    'Doorward-Source',
    'Content-Length',
    'Transfer-Encoding',
    'Trailer',
    'Connection',
    'Keep-Alive',
    'Upgrade',
  ])('%s is dropped', (name) => {
    expect(incomingHeaders(pairsFromRaw([name, 'v']))).toEqual([]);
  });

  it('whatever Connection names is dropped', () => {
    expect(incomingHeaders(pairsFromRaw(['Connection', 'x-hop', 'X-Hop', '1', 'X-Fine', '2']))).toEqual([
      ['x-fine', '2'],
    ]);
  });

  it('a malformed header ends the answer', () => {
    expect(() => incomingHeaders([['x', 'a\nb']])).toThrow(
      expect.objectContaining({ code: 'upstream-invalid' }),
    );
    expect(() => incomingHeaders([['x y', 'a']])).toThrow(
      expect.objectContaining({ code: 'upstream-invalid' }),
    );
  });
});

it('nothing that could break a line passes either way', () => {
  const any = fc.array(
    fc.tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 12 })),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(any, (pairs) => {
      for (const filter of [outgoingHeaders, incomingHeaders]) {
        let passed: HeaderPairs;
        try {
          passed = filter(pairsFromRaw(pairs.flat()));
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          continue;
        }
        for (const [name, value] of passed) {
          expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
          expect(value).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
        }
      }
    }),
  );
});
