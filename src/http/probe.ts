// Probes of orchestrators and balancers: they ask whether a server is well by the address it happens to have, which is
// none of the names that it goes by. They are answered so on the two paths of health, and nowhere else.
import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { isInRanges } from '../core/ip-range.ts';

const PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);
const LOOPBACK = ['127.0.0.0/8', '::1/128', '0.0.0.0/32', '::/128'];

/**
 * Whether a request under a foreign `host` is such a probe. A page that has pointed a name of its own at this server brings
 * that name, in every browser; an address in its place, or no Host at all in HTTP/1.0, is none of a page's. Loopback is
 * served by its own port, as everything else there is.
 */
export function isProbe({ method, url = '' }: IncomingMessage, host: string): boolean {
  if (!METHODS.has(method) || !PATHS.has(url.split('?', 1)[0] ?? '')) return false;
  if (host === '') return true;
  const [, v6, v4, port = '0'] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(host) ?? [];
  const address = v6 ?? v4 ?? '';
  return isIP(address) !== 0 && Number(port) <= 65_535 && !isInRanges(address, LOOPBACK);
}
