// Names become checked addresses, or nothing.
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/core/problem.ts';
import { createResolver } from '../../src/egress/resolve.ts';
import { LOOPBACK, TestClock } from './upstreams.ts';

const STRICT = { allowedCidrs: [] };

function resolverOf(...answers: (readonly string[])[]) {
  const clock = { ms: 0, now: () => new Date(clock.ms), monotonicMs: () => clock.ms };
  const asked: string[] = [];
  const resolver = createResolver({
    clock,
    lookup: async (host) => {
      asked.push(host);
      return answers[Math.min(asked.length, answers.length) - 1] ?? [];
    },
  });
  return { clock, asked, resolver };
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  try {
    await task;
    return 'resolved';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('names', () => {
  it('resolve to all their addresses', async () => {
    const { resolver } = resolverOf(['93.184.216.34', '2606:4700::1111']);
    expect(await resolver.resolve('api.example.com', 443, STRICT)).toEqual([
      '93.184.216.34',
      '2606:4700::1111',
    ]);
  });

  it.each([
    ['a private address', ['10.0.0.1']],
    ['a public and a loopback address', ['93.184.216.34', '127.0.0.1']],
    ['a mapped metadata address', ['93.184.216.34', '::ffff:169.254.169.254']],
    ['a NAT64 metadata address', ['64:ff9b::a9fe:a9fe']],
    ['a 6to4 address', ['2002:7f00:1::1']],
    ['no address at all', ['not-an-address']],
    ['an address in octal', ['0177.0.0.1']],
  ])('one that has %s is blocked', async (_what, addresses) => {
    const { resolver } = resolverOf(addresses);
    expect(await codeOf(resolver.resolve('api.example.com', 443, STRICT))).toBe('address-blocked');
  });

  it('a name that turns to loopback after its check is checked again and blocked', async () => {
    const { resolver, clock, asked } = resolverOf(['93.184.216.34'], ['127.0.0.1']);
    expect(await resolver.resolve('rebind.example', 443, STRICT)).toEqual(['93.184.216.34']);
    clock.ms += 29_000;
    expect(await resolver.resolve('rebind.example', 443, STRICT)).toEqual(['93.184.216.34']);
    expect(asked).toHaveLength(1);
    clock.ms += 2000;
    expect(await codeOf(resolver.resolve('rebind.example', 443, STRICT))).toBe('address-blocked');
    expect(asked).toHaveLength(2);
  });

  it('a cached address is still checked against the port', async () => {
    const { resolver } = resolverOf(['127.0.0.1']);
    const policy = { ...LOOPBACK, alwaysBlocked: [{ address: '127.0.0.1', port: 7420 }] };
    expect(await resolver.resolve('local.example', 80, policy)).toEqual(['127.0.0.1']);
    expect(await codeOf(resolver.resolve('local.example', 7420, policy))).toBe('address-blocked');
  });

  it('concurrent look-ups of one name are one', async () => {
    const { resolver, asked } = resolverOf(['93.184.216.34']);
    await Promise.all(Array.from({ length: 20 }, () => resolver.resolve('api.example.com', 443, STRICT)));
    expect(asked).toEqual(['api.example.com']);
  });

  it('one that does not resolve is unreachable, and asked again the next time', async () => {
    const { resolver, asked } = resolverOf([], ['93.184.216.34']);
    expect(await codeOf(resolver.resolve('gone.example', 443, STRICT))).toBe('upstream-unreachable');
    expect(await codeOf(resolver.resolve('gone.example', 443, STRICT))).toBe('resolved');
    expect(asked).toHaveLength(2);
  });

  it('a look-up that hangs times out', async () => {
    const lookup = () => new Promise<string[]>(() => undefined);
    const resolver = createResolver({ clock: new TestClock(), lookup, timeoutMs: 20 });
    expect(await codeOf(resolver.resolve('slow.example', 443, STRICT))).toBe('upstream-timeout');
  });

  it('the refusal says which rule and how an admin allows it, not which address', async () => {
    const { resolver } = resolverOf(['10.9.8.7']);
    const problem = await resolver.resolve('api.example.com', 443, STRICT).catch((error: unknown) => error);
    expect(problem).toMatchObject({
      detail: expect.stringMatching(/api\.example\.com.*RFC 1918.*DOORWARD_EGRESS_ALLOW_CIDRS/),
    });
    expect(JSON.stringify((problem as Problem).toBody('req_x'))).not.toContain('10.9.8.7');
  });
});

describe('hosts that are no names', () => {
  it.each(['127.0.0.1', '::1', '[::1]'])('the address %s needs no look-up', async (host) => {
    const { resolver, asked } = resolverOf(['93.184.216.34']);
    expect(await resolver.resolve(host, 80, LOOPBACK)).toEqual([host.replace(/[[\]]/g, '')]);
    expect(await codeOf(resolver.resolve(host, 80, STRICT))).toBe('address-blocked');
    expect(asked).toEqual([]);
  });

  it.each([
    '0x7f.1',
    '127.1',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.01',
    '1.2.3.4.5',
    'api.example.0x1f',
    '0:0:0:0:0:0:0:1',
    '::FFFF:1.2.3.4',
    'user@api.example.com',
    'api.example.com%2eevil.com',
    'api.example.com.',
    'api..example.com',
    'api.example.com:443',
    'API.example.com',
    'api\t.example.com',
    'api\uff0eexample.com',
    '\u0430pi.example.com',
    '-api.example.com',
    '',
    `${'a'.repeat(64)}.example.com`,
    `${'a.'.repeat(127)}com`,
  ])('%j is refused before any look-up', async (host) => {
    const { resolver, asked } = resolverOf(['93.184.216.34']);
    expect(await codeOf(resolver.resolve(host, 443, STRICT))).toBe('address-blocked');
    expect(asked).toEqual([]);
  });
});
