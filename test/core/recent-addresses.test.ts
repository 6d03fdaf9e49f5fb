// An address that was read before is what it was; one read under other opt-ins, or refused, is read anew.
import { describe, expect, it } from 'vitest';
import { canonicalAddress, EVERY_OPT_IN } from '../../src/core/address.ts';
import { RecentAddresses } from '../../src/core/recent-addresses.ts';

describe('recent addresses', () => {
  it('are read once', () => {
    const recent = new RecentAddresses();
    const first = recent.read('/v1/%6dodels?a%5Fb=1');
    expect(first).toEqual(canonicalAddress('/v1/models?a_b=1'));
    expect(recent.read('/v1/%6dodels?a%5Fb=1')).toBe(first);
    expect(recent.read('/v1/models?a_b=1')).not.toBe(first);
  });

  it('are taken only under the opt-ins they were read under', () => {
    const recent = new RecentAddresses();
    const optIns = { ...EVERY_OPT_IN };
    const address = recent.read('/a%2Fb', optIns);
    expect(() => recent.read('/a%2Fb')).toThrow('refused');
    Object.assign(optIns, { encodedSlash: false });
    expect(() => recent.read('/a%2Fb', optIns)).toThrow('refused');
    expect(recent.read('/a%2Fb', EVERY_OPT_IN)).toBe(address);
  });

  it('are few, and short', () => {
    const recent = new RecentAddresses();
    const first = recent.read('/0');
    for (let n = 1; n <= 4; n += 1) recent.read(`/${n}`);
    expect(recent.read('/0')).not.toBe(first);
    expect(recent.read('/4')).toBe(recent.read('/4'));
    const long = `/${'x'.repeat(256)}`;
    expect(recent.read(long)).not.toBe(recent.read(long));
    expect(recent.read(long)).toEqual(canonicalAddress(long));
  });

  it('are refused each time they are wrong', () => {
    const recent = new RecentAddresses();
    for (const _again of [1, 2]) expect(() => recent.read('/a/../b')).toThrow('refused');
  });
});
