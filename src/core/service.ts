// A service: our record of an API that agents may call, and where its credential goes in a request.
import { z } from 'zod';
import { canonicalAddress } from './address.ts';
import { Problem } from './problem.ts';
import { isTemplate } from './template.ts';

/** Scheme, host and port: where bytes go. Hosts are lower-case ASCII, without a trailing dot. */
export const Origin = z.strictObject({
  scheme: z.enum(['http', 'https']),
  host: z.string(),
  port: z.number().int().min(1).max(65535),
});
export type Origin = Readonly<z.output<typeof Origin>>;

/** Vendors whose clients understand a refusal only in their own error body. */
export const REFUSAL_SHAPES = [
  'openai',
  'anthropic',
  'google',
  'stripe',
  'github',
  'slack',
  'notion',
] as const;
export type RefusalShape = (typeof REFUSAL_SHAPES)[number];

const HeaderName = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/);
const HeaderTemplate = z
  .string()
  .max(512)
  .refine(isTemplate, 'text with {value}, or with {field} of a value that is a JSON object')
  .refine((text) => text.trim() === text, 'no spaces at its ends');

/** Whole segments, such as `/bot{value}`: fixed text is unreserved, so that no two parsers read it differently. */
const PATH_TEMPLATE = /^(?:\/(?:[A-Za-z0-9._~:-]|\{[A-Za-z_][A-Za-z0-9_]{0,63}\})+){1,8}$/;
const PathTemplate = z
  .string()
  .max(256)
  .regex(PATH_TEMPLATE, 'a path without a slash at its end, such as /bot{value}')
  .refine(isTemplate, 'a path with {value}, such as /bot{value}')
  .refine((text) => !/\/\.+(?:\/|$)/.test(text), 'no segment of dots only');
const MAX_HEADERS = 8;
const NEXT_HEADER = /,[A-Za-z0-9!#$%&'*+.^_`|~-]+=/;

/** The credential kind of a service and its placement. */
export const Auth = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('bearer') }),
    z.strictObject({ kind: z.literal('basic') }),
    z.strictObject({
      kind: z.literal('header'),
      name: HeaderName,
      template: HeaderTemplate.optional().describe('What the header holds; `{value}` unless told.'),
    }),
    z.strictObject({ kind: z.literal('query'), name: z.string().regex(/^[A-Za-z0-9_.~-]{1,64}$/) }),
    z.strictObject({
      kind: z.literal('path'),
      template: PathTemplate.describe('Stands before the path of a call, such as `/bot{value}`.'),
    }),
    z.strictObject({
      kind: z.literal('headers'),
      headers: z
        .array(z.strictObject({ name: HeaderName, template: HeaderTemplate }))
        .min(1)
        .max(MAX_HEADERS)
        .readonly()
        .refine(
          (list) => list.every(({ template }) => !NEXT_HEADER.test(template)),
          'no template with a comma, a name and an equals sign: it reads like the next header',
        )
        .refine(
          (list) => new Set(list.map(({ name }) => name.replaceAll('_', '-'))).size === list.length,
          'each header once',
        ),
    }),
  ])
  .meta({ id: 'Auth', description: 'Where the value of the secret goes in a request.' });
export type Auth = Readonly<z.output<typeof Auth>>;

export interface BaseUrl {
  readonly origin: Origin;
  /** Without a trailing slash; empty for the root. */
  readonly basePath: string;
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** A base URL in canonical parts. Refuses anything two parsers could read differently: the text must be its own re-serialisation. */
export function parseBaseUrl(text: string): BaseUrl {
  const match = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(\/[^?#]*)?$/.exec(text);
  const scheme = match?.[1] === 'http' ? 'http' : 'https';
  const host = match?.[2] ?? '';
  const port = match?.[3] === undefined ? DEFAULT_PORTS[scheme] : Number(match[3]);
  const path = (match?.[4] ?? '').replace(/\/$/, '');
  const url = match === null ? undefined : tryUrl(text);
  const agrees =
    url !== undefined &&
    url.hostname === host &&
    (url.pathname === (path || '/') || url.pathname === `${path}/`);
  if (!agrees || port > 65_535 || (!host.startsWith('[') && !HOST.test(host))) {
    throw new Problem('invalid-input', {
      detail:
        'A base URL is lower-case http(s)://host[:port][/path] without user, query, fragment, dot segments or other forms of an address, such as https://api.openai.com.',
    });
  }
  const basePath = path === '' ? '' : canonicalAddress(path).path;
  return { origin: { scheme, host, port }, basePath };
}

/** The base URL as text. */
export function baseUrlText({ origin, basePath }: BaseUrl): string {
  const port = origin.port === DEFAULT_PORTS[origin.scheme] ? '' : `:${origin.port}`;
  return `${origin.scheme}://${origin.host}${port}${basePath}`;
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
