// The private ranges that upstreams may be in: each is a door into a network, so none should be wider than needed.
import { blockedReason } from '../../core/ip-range.ts';
import { type Check, type Finding, pass, warn, withConfiguration } from './check.ts';

const FIX =
  'Name only the ranges your upstreams are in, in DOORWARD_EGRESS_ALLOW_CIDRS; a single address is one, such as 10.1.2.3/32';

export const egressRanges: Check = {
  name: 'egress-ranges',
  area: 'egress',
  run: withConfiguration(({ config }) => judgeRanges(config.egressAllowCidrs)),
};

/** Addresses whose reach says what a range opens, narrower first. */
const OPENED: readonly (readonly [string, string])[] = [
  ['127.0.0.1', 'services on the loopback interface of this host'],
  ['::1', 'services on the loopback interface of this host'],
  ['169.254.1.1', 'link-local addresses, where clouds keep their own services'],
  ['fe80::1', 'link-local addresses'],
];

export function judgeRanges(cidrs: readonly string[]): readonly Finding[] {
  if (cidrs.length === 0) return [pass('No private range is allowed: upstreams are on the internet')];
  return cidrs.map((cidr): Finding => {
    if (cidr.endsWith('/0')) return warn(`${cidr} allows every private network`, FIX);
    const found = OPENED.find(([address]) => blockedReason(address, { allowedCidrs: [cidr] }) === undefined);
    const among = found?.[1] ?? 'addresses that are not on the internet';
    return warn(`${cidr} allows upstreams among ${among}`, FIX);
  });
}
