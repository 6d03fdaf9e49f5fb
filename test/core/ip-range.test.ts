// Which addresses may be dialled, by every range and every way to write one.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { blockedReason, canonicalIp, findBlock, parseCidr } from '../../src/core/ip-range.ts';
import { Problem } from '../../src/core/problem.ts';
import { SPECIAL_IPV4, SPECIAL_IPV6 } from '../../src/core/special-ranges.ts';

const STRICT = { allowedCidrs: [] };
const EVERYTHING = { allowedCidrs: ['0.0.0.0/0', '::/0'] };

describe('addresses an upstream may have', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s', (address) => {
    expect(blockedReason(address, STRICT, 443)).toBeUndefined();
  });
});

describe('addresses that are blocked', () => {
  it.each([
    ['10.0.0.1', 'private use'],
    ['172.16.0.1', 'private use'],
    ['172.31.255.255', 'private use'],
    ['192.168.1.1', 'private use'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'this network'],
    ['0.1.2.3', 'this network'],
    ['100.64.0.1', 'shared address space'],
    ['169.254.1.1', 'link local'],
    ['192.0.0.8', 'IETF protocol assignments'],
    ['192.0.2.1', 'documentation'],
    ['198.51.100.7', 'documentation'],
    ['203.0.113.7', 'documentation'],
    ['192.88.99.1', '6to4 relay'],
    ['198.19.0.1', 'benchmarking'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['250.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::808:808', 'IPv4-compatible'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:169.254.169.254', 'cloud metadata'],
    ['::ffff:a9fe:a9fe', 'cloud metadata'],
    ['64:ff9b::8.8.8.8', 'NAT64'],
    ['64:ff9b::a9fe:a9fe', 'cloud metadata'],
    ['64:ff9b:1::1.1.1.1', 'local NAT64'],
    ['2002:7f00:1::1', '6to4'],
    ['2002:a9fe:a9fe::', 'cloud metadata'],
    ['2001:0:101:101::1', 'Teredo'],
    ['2001:0:a9fe:a9fe::', 'cloud metadata'],
    ['2001:0:101:101::5601:5601', 'cloud metadata'],
    ['2001:db8::1', 'documentation'],
    ['2001:2::1', 'benchmarking'],
    ['2001:20::1', 'ORCHIDv2'],
    ['2001:1ff::1', 'IETF protocol assignments'],
    ['3fff::1', 'documentation'],
    ['5f00::1', 'segment routing'],
    ['100::1', 'discard only'],
    ['fd12::1', 'unique local'],
    ['fe80::1', 'link local'],
    ['fec0::1', 'site local'],
    ['ff02::1', 'multicast'],
    ['4000::1', 'not global unicast'],
    ['1::1', 'not global unicast'],
  ])('%s: %s', (address, reason) => {
    expect(blockedReason(address, STRICT, 443)).toContain(reason);
  });

  it('the first and the last address of every special range', () => {
    for (const { cidr } of [...SPECIAL_IPV4, ...SPECIAL_IPV6]) {
      const [first = ''] = cidr.split('/');
      expect(blockedReason(canonicalIp(first) ?? '', STRICT), cidr).toBeDefined();
    }
  });

  it.each([
    '0x7f.1',
    '127.1',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.01',
    'fe80::1%eth0',
    '[::1]',
    '',
    'localhost',
    '1.2.3.4 ',
    '::1.2.3.4',
  ])('%j is no address', (text) => {
    expect(canonicalIp(text)).toBeUndefined();
    expect(findBlock(text, EVERYTHING)).toEqual({ reason: 'no canonical IP address', isAllowable: false });
  });
});

describe('what an admin allows', () => {
  it('a range opens only itself', () => {
    const policy = { allowedCidrs: ['10.1.0.0/16', 'fd12::/16'] };
    expect(blockedReason('10.1.255.255', policy)).toBeUndefined();
    expect(blockedReason('10.2.0.0', policy)).toBeDefined();
    expect(blockedReason('fd12::5', policy)).toBeUndefined();
    expect(blockedReason('fd13::5', policy)).toBeDefined();
    expect(blockedReason('::ffff:10.1.0.1', policy)).toBeDefined();
  });

  it('a translated address needs both its forms allowed', () => {
    const nat64 = { allowedCidrs: ['64:ff9b::/96'] };
    expect(blockedReason('64:ff9b::8.8.8.8', nat64)).toBeUndefined();
    expect(blockedReason('64:ff9b::10.0.0.1', nat64)).toContain('private use');
    expect(
      blockedReason('64:ff9b::10.0.0.1', { allowedCidrs: ['64:ff9b::/96', '10.0.0.0/8'] }),
    ).toBeUndefined();
  });

  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '0.0.0.0',
    '::',
  ])('%s stays blocked when everything is allowed', (address) => {
    expect(findBlock(address, EVERYTHING, 80)?.isAllowable).toBe(false);
  });

  it('own listeners and the database stay blocked by address and port', () => {
    const policy = {
      ...EVERYTHING,
      alwaysBlocked: [
        { address: '127.0.0.1', port: 7420 },
        { address: '10.0.0.5', port: 5432 },
        { address: '::', port: 9000 },
      ],
    };
    expect(blockedReason('127.0.0.1', policy, 7420)).toContain('own');
    expect(blockedReason('::ffff:127.0.0.1', policy, 7420)).toContain('own');
    expect(blockedReason('127.0.0.1', policy, 7421)).toBeUndefined();
    expect(blockedReason('10.0.0.5', policy, 5432)).toContain('own');
    expect(blockedReason('10.0.0.6', policy, 5432)).toBeUndefined();
    expect(blockedReason('127.0.0.1', policy, 9000)).toContain('own');
    expect(blockedReason('::1', policy, 9000)).toContain('own');
  });
});

describe('ranges as text', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['192.168.77.255/25', '192.168.77.128/25'],
    ['FD00::1/8', 'fd00::/8'],
    ['::1', '::1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('%s is %s', (text, canonical) => {
    expect(parseCidr(text)).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0/8',
    '::/129',
    'x/8',
    '10.0.0.0/',
    '10.0.0.0/8/9',
    '0x0a.0.0.0/8',
  ])('%j is refused', (text) => {
    expect(() => parseCidr(text)).toThrow(Problem);
  });
});

it('an IPv4 address and the forms that carry it are never opened by less than the address itself', () => {
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      const hex = ip
        .split('.')
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('')
        .replace(/^(.{4})/, '$1:');
      const carriers = { allowedCidrs: ['::ffff:0:0/96', '64:ff9b::/96', '2002::/16'] };
      const isBlocked = blockedReason(ip, STRICT) !== undefined;
      for (const form of [`::ffff:${ip}`, `64:ff9b::${ip}`, `2002:${hex}::1`]) {
        expect(blockedReason(form, STRICT)).toBeDefined();
        expect(blockedReason(form, carriers) !== undefined).toBe(isBlocked);
      }
    }),
    { numRuns: 500 },
  );
});
