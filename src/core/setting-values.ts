// What the values of settings look like: addresses, ranges, URLs. Each says in its message how it is written.
import { z } from 'zod';
import { parseCidr } from './ip-range.ts';
import { Problem } from './problem.ts';

export const hostAndPort = (example: string) =>
  z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, `HOST:PORT, such as ${example}`);

export const listenAddress = hostAndPort('127.0.0.1:7420').default('127.0.0.1:7420');

export const cidrList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .superRefine((list, context) => {
    for (const cidr of list) {
      if (!isCidr(cidr))
        context.addIssue({ code: 'custom', message: 'a list such as 10.0.0.0/8,192.168.1.0/24' });
    }
  });

export const databaseUrl = z
  .string()
  .refine(isPostgresUrl, 'postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded')
  .optional();

export const proxyUrl = z
  .string()
  .regex(
    /^http:\/\/(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]):\d{1,5}\/?$/,
    'http://HOST:PORT, without user and path',
  );

/** Host and port of what `proxyUrl` lets through. Throws `invalid-input`. */
export function parseProxyUrl(name: string, url: string): { host: string; port: number } {
  const { host, port } = parseHostAndPort(name, url.replace(/^http:\/\/|\/$/g, ''));
  return { host: host.toLowerCase(), port };
}

/** Throws `invalid-input` for a port that is none. */
export function parseHostAndPort(name: string, text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (port > 65_535) throw new Problem('invalid-input', { detail: `${name}: a port is at most 65535` });
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port };
}

function isCidr(text: string): boolean {
  try {
    parseCidr(text);
    return true;
  } catch {
    return false;
  }
}

/** Several hosts may stand where a URL has one. */
function isPostgresUrl(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(
      text.replace(/^(\w+:\/\/(?:[^@/?]*@|(?![^/?]*@))[^,/?]*),[^/?]*/, '$1'),
    );
    decodeURIComponent(username + password);
    return protocol === 'postgres:' || protocol === 'postgresql:';
  } catch {
    return false;
  }
}
