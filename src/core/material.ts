// Kinds of material: what a secret's value is. `static` is one opaque value that is sent as it is. The others are JSON objects
// of fields that are exchanged for short-lived access tokens; their field names are those of the standards.
import { z } from 'zod';
import { isLoopbackHost } from './loopback-host.ts';
import { Problem } from './problem.ts';

export const MATERIAL_KINDS = ['static', 'oauth2-client', 'oauth2-refresh', 'github-app'] as const;
export type MaterialKind = (typeof MATERIAL_KINDS)[number];
export type MintedKind = Exclude<MaterialKind, 'static'>;

export function isMintedKind(kind: string): kind is MintedKind {
  return kind !== 'static' && (MATERIAL_KINDS as readonly string[]).includes(kind);
}

const text = (max: number) =>
  z.string().min(1).max(max).refine(isOneLine, 'no line breaks or other control characters');

function isOneLine(value: string): boolean {
  return !Buffer.from(value).some((byte) => byte < 0x20 || byte === 0x7f);
}

/** Where access tokens are asked for. Secrets go there: TLS, but for a server on this machine. */
const TokenUrl = z
  .string()
  .max(2048)
  .refine(
    isTokenUrl,
    'an https:// address without user, query or fragment, such as https://auth.example.com/token',
  );

function isTokenUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, search, hash, href } = new URL(value);
  const isPlain = username === '' && password === '' && search === '' && hash === '';
  return (
    isPlain &&
    (href === value || href === `${value}/`) &&
    (protocol === 'https:' || (isLoopbackHost(hostname) && protocol === 'http:'))
  );
}

const ClientFields = {
  token_url: TokenUrl.describe('Token endpoint of the authorization server'),
  client_id: text(1024).describe('Client id'),
  scope: text(4096).optional().describe('Scopes, separated by spaces'),
  client_auth: z
    .enum(['basic', 'body'])
    .default('basic')
    .describe('Whether client id and secret go in the Authorization header or in the body'),
  params: z
    .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), text(4096))
    .refine((params) => Object.keys(params).length <= 16, 'at most 16 parameters')
    .refine(
      (params) => !['client_secret', 'refresh_token', 'scope', 'client_id'].some((name) => name in params),
      'no parameter that has a field of its own',
    )
    .default({})
    .describe('Further parameters of the token request, such as audience'),
};

export const OAuth2Client = z.strictObject({
  ...ClientFields,
  client_secret: text(8192).describe('Client secret'),
});
export type OAuth2Client = z.output<typeof OAuth2Client>;

export const OAuth2Refresh = z.strictObject({
  ...ClientFields,
  client_secret: text(8192).optional().describe('Client secret; public clients have none'),
  refresh_token: text(16_384).describe('Refresh token'),
});
export type OAuth2Refresh = z.output<typeof OAuth2Refresh>;

const PEM = /^-----BEGIN (?:RSA )?PRIVATE KEY-----\s[A-Za-z0-9+/=\s]+-----END (?:RSA )?PRIVATE KEY-----\s*$/;

export const GitHubApp = z.strictObject({
  app_id: text(64).describe('App id or client id'),
  installation_id: z
    .string()
    .regex(/^\d{1,20}$/, 'a number')
    .describe('Id of the installation'),
  private_key: z
    .string()
    .max(16_384)
    .regex(PEM, 'a private key as GitHub gives it: PEM, RSA')
    .describe('Private key, PEM'),
  api_url: TokenUrl.default('https://api.github.com').describe("GitHub's API, or a server's own"),
});
export type GitHubApp = z.output<typeof GitHubApp>;

interface MaterialForm {
  readonly schema: z.ZodObject;
  /** Fields that are asked for without showing them, never taken from arguments, and looked for in answers. */
  readonly secret: readonly string[];
}

export const MATERIAL_FORMS: { readonly [K in MintedKind]: MaterialForm } = {
  'oauth2-client': { schema: OAuth2Client, secret: ['client_secret'] },
  'oauth2-refresh': { schema: OAuth2Refresh, secret: ['client_secret', 'refresh_token'] },
  'github-app': { schema: GitHubApp, secret: ['private_key'] },
};

/** The fields of a value of that kind. Throws `invalid-input` naming the field and never its content. */
export function parseMaterial<S extends z.ZodType>(
  kind: MintedKind,
  schema: S,
  fields: unknown,
): z.output<S> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys';
  const names = Object.keys(MATERIAL_FORMS[kind].schema.shape).join(', ');
  const where = issue?.path.map(String).join('.').slice(0, 100) ?? '';
  const reason = unknown
    ? 'a field that does not exist here'
    : where === ''
      ? 'a JSON object is needed'
      : issue?.message;
  throw new Problem('invalid-input', {
    detail: `${kind}: ${where === '' ? '' : `${where}: `}${reason ?? 'not valid'}. Its fields are ${names}.`,
  });
}

/** The fields of a value's text. Throws `invalid-input`. */
export function parseMaterialText(kind: MintedKind, value: string): Readonly<Record<string, unknown>> {
  const { schema } = MATERIAL_FORMS[kind];
  return parseMaterial(kind, schema, jsonOf(value));
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
