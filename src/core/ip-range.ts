// Whether an IP address may be an upstream's. Special-purpose ranges are blocked unless an admin allows a
// CIDR; metadata addresses, Doorward's own listeners and its database are blocked whatever is allowed.
import ipaddr from 'ipaddr.js';
import { Problem } from './problem.ts';
import {
  IPV6_GLOBAL_UNICAST,
  NEVER_ALLOWED,
  SPECIAL_IPV4,
  SPECIAL_IPV6,
  type SpecialRange,
} from './special-ranges.ts';

export interface AddressPolicy {
  /** Ranges an admin allows, canonical or not; each parses with `parseCidr`. */
  readonly allowedCidrs: readonly string[];
  /** Own listeners and the database. An unspecified address (`0.0.0.0`, `::`) stands for every loopback one. */
  readonly alwaysBlocked?: readonly { readonly address: string; readonly port: number }[];
}

/** Why an address is blocked, and whether naming its range in the allowlist would change that. */
interface Block {
  readonly reason: string;
  readonly isAllowable: boolean;
}

type Ip = ipaddr.IPv4 | ipaddr.IPv6;
interface Cidr {
  readonly network: Ip;
  readonly bits: number;
}

/** Why `address` may not be dialled, or undefined when it may. */
export function blockedReason(address: string, policy: AddressPolicy, port?: number): string | undefined {
  return findBlock(address, policy, port)?.reason;
}

export function findBlock(address: string, policy: AddressPolicy, port?: number): Block | undefined {
  const ip = findIp(address);
  if (ip === undefined) return { reason: 'no canonical IP address', isAllowable: false };
  // An address that carries another one is judged as both: a translator would dial the inner one.
  const forms = [ip, ...embeddedIpv4(ip)];
  for (const form of forms) {
    const never = NEVER.find((range) => isWithin(form, range))?.name ?? ownAddress(form, policy, port);
    if (never !== undefined) return { reason: never, isAllowable: false };
  }
  const allowed = policy.allowedCidrs.map(toCidr);
  for (const form of forms) {
    const special = specialRange(form);
    if (special !== undefined && !allowed.some((cidr) => isWithin(form, cidr))) {
      return { reason: special, isAllowable: true };
    }
  }
  return undefined;
}

/**
 * The canonical text of an address: dotted decimal, or RFC 5952. Undefined for every other way to write one
 * (`0x7f.1`, `127.1`, leading zeros, zones); upper case and uncompressed IPv6 are brought into form.
 */
export function canonicalIp(text: string): string | undefined {
  return findIp(text)?.toString();
}

/** `10.0.0.0/8` and the like in canonical form, host bits cleared; a lone address counts as one. Throws `invalid-input`. */
export function parseCidr(text: string): string {
  const { network, bits } = toCidr(text);
  return `${network.toString()}/${bits}`;
}

/** Whether an address lies in one of the ranges; a mapped one counts as its IPv4 address. False for what is no address. */
export function isInRanges(address: string, cidrs: readonly string[]): boolean {
  const ip = findIp(address.replace(/%.*$/, ''));
  const plain = ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress() ? ip.toIPv4Address() : ip;
  return plain !== undefined && cidrs.some((cidr) => isWithin(plain, toCidr(cidr)));
}

/** The /24 or /56 that a peer is in, its mapped address counting as IPv4; `unknown` for what is no address. */
export function peerPrefix(peer: string): string {
  if (!ipaddr.isValid(peer)) return 'unknown';
  const address = ipaddr.process(peer);
  const bits = address.kind() === 'ipv4' ? 24 : 56;
  const bytes = address.toByteArray().map((byte, i) => (i < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}

function specialRange(ip: Ip): string | undefined {
  if (ip.kind() === 'ipv4') return IPV4.find((range) => isWithin(ip, range))?.name;
  const range = IPV6.find((candidate) => isWithin(ip, candidate));
  if (range !== undefined) return range.name;
  return isWithin(ip, GLOBAL_UNICAST) ? undefined : 'not global unicast (RFC 4291)';
}

function ownAddress(ip: Ip, policy: AddressPolicy, port: number | undefined): string | undefined {
  const isOwn = (policy.alwaysBlocked ?? []).some((own) => {
    if (own.port !== port) return false;
    const listener = findIp(own.address);
    if (listener === undefined) return false;
    return (
      listener.toString() === ip.toString() ||
      (listener.range() === 'unspecified' && ip.range() === 'loopback') ||
      embeddedIpv4(listener).some((inner) => inner.toString() === ip.toString())
    );
  });
  return isOwn ? "one of Doorward's own addresses" : undefined;
}

/** The IPv4 addresses inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo (server and client). */
function embeddedIpv4(ip: Ip): readonly ipaddr.IPv4[] {
  if (!(ip instanceof ipaddr.IPv6) || ip.range() === 'loopback' || ip.range() === 'unspecified') return [];
  const bytes = ip.toByteArray();
  const at = (offset: number, mask = 0) =>
    new ipaddr.IPv4(bytes.slice(offset, offset + 4).map((byte) => byte ^ mask));
  if (CARRY_IPV4_LAST.some((range) => isWithin(ip, range))) return [at(12)];
  if (isWithin(ip, SIX_TO_FOUR)) return [at(2)];
  if (isWithin(ip, TEREDO)) return [at(4), at(12, 0xff)];
  return [];
}

function findIp(text: string): Ip | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const ip = ipaddr.IPv4.parse(text);
    // A leading zero means octal to some readers.
    return ip.toString() === text ? ip : undefined;
  }
  // `::1.2.3.4` is left out: the library reads that deprecated form as a mapped address.
  if (!text.includes(':') || /%|^::\d+\./.test(text) || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text);
}

function toCidr(text: string): Cidr {
  const slash = text.indexOf('/');
  const ip = findIp(slash === -1 ? text : text.slice(0, slash));
  const width = ip?.kind() === 'ipv4' ? 32 : 128;
  const bitsText = slash === -1 ? String(width) : text.slice(slash + 1);
  if (ip === undefined || !/^(?:0|[1-9]\d{0,2})$/.test(bitsText) || Number(bitsText) > width) {
    throw new Problem('invalid-input', { detail: 'A range is an address and a length, such as 10.0.0.0/8.' });
  }
  const bits = Number(bitsText);
  const bytes = ip.toByteArray().map((byte, index) => byte & hostMask(bits - index * 8));
  return { network: ipaddr.fromByteArray(bytes), bits };
}

function hostMask(bitsLeft: number): number {
  return (0xff << (8 - Math.min(8, Math.max(0, bitsLeft)))) & 0xff;
}

function isWithin(ip: Ip, { network, bits }: Cidr): boolean {
  return ip.kind() === network.kind() && ip.match(network, bits);
}

function toRange({ cidr, name }: SpecialRange): SpecialRange & Cidr {
  return { cidr, name, ...toCidr(cidr) };
}

const IPV4 = SPECIAL_IPV4.map(toRange);
const IPV6 = SPECIAL_IPV6.map(toRange);
const NEVER = NEVER_ALLOWED.map(toRange);
const GLOBAL_UNICAST = toCidr(IPV6_GLOBAL_UNICAST);
const CARRY_IPV4_LAST = ['::ffff:0:0/96', '::/96', '64:ff9b::/96', '64:ff9b:1::/48'].map(toCidr);
const SIX_TO_FOUR = toCidr('2002::/16');
const TEREDO = toCidr('2001::/32');
