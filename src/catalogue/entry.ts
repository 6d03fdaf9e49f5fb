// What the catalogue says of one service: facts of its vendor, kept as one JSON file each and read as data. Nothing
// here is a right or a secret: an entry only saves typing what its vendor's documentation says.
import { z } from 'zod';
import { parsePattern } from '../core/address-pattern.ts';
import { PlaceholderShape } from '../core/placeholder.ts';
import { Auth, parseBaseUrl, REFUSAL_SHAPES } from '../core/service.ts';

export const ENTRY_ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const Pattern = z.string().refine(isPattern, 'is no pattern, such as GET /v1/models');
const HttpsUrl = z.string().regex(/^https:\/\/[^\s"<>]+$/);
const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const HeaderName = z.string().regex(/^[a-z0-9-]+$/);

/** How bad a call can be: it looks, changes, reaches people, costs money, or destroys. */
const Risk = z.enum(['read', 'write', 'send', 'spend', 'delete']);

/** Calls that belong together under one name, such as `chat` or `refund`. */
const Action = z.strictObject({
  allow: z.array(Pattern).min(1),
  risk: Risk,
  summary: z.string().min(1).max(120),
});

/** A call that fails with a wrong key and changes nothing. Its path lies below the base URL. */
export const TestCall = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST']),
  path: z.string().regex(/^\/[^\s#]*$/),
  expectStatus: z.number().int().min(200).max(299),
  /** The key is good but lacks a right. */
  alsoValid: z.array(z.number().int()).optional(),
  /** JSON to send. */
  body: z.string().optional(),
  /** Where the vendor answers 200 to a wrong key too: a member, such as `data.me.id`, that is there and true with a good one. */
  expectMember: z.string().optional(),
});
export type TestCall = Readonly<z.output<typeof TestCall>>;

export const OauthEndpoints = z.strictObject({
  /** Missing where no person takes part (client credentials). */
  authorizationUrl: HttpsUrl.optional(),
  tokenUrl: HttpsUrl,
  deviceAuthorizationUrl: HttpsUrl.optional(),
  scopes: z.array(z.string()),
  pkce: z.boolean(),
  /** How the client shows itself to the token endpoint; `body` where missing. */
  clientAuthentication: z.enum(['basic', 'body']).optional(),
  /** What the authorization endpoint needs besides, such as `access_type=offline` for a refresh token. */
  authorizationParameters: z.record(z.string(), z.string()).optional(),
  tokenParameters: z.record(z.string(), z.string()).optional(),
});
export type OauthEndpoints = Readonly<z.output<typeof OauthEndpoints>>;

export const CatalogueEntry = z
  .strictObject({
    id: z.string().regex(ENTRY_ID).max(63),
    name: z.string().min(1).max(80),
    category: z.string().regex(ENTRY_ID),
    /** May hold `{variable}`s, each explained in `variables`; so may the addresses and parameters of `oauth`. */
    baseUrl: z.string(),
    variables: z
      .record(z.string(), z.strictObject({ description: z.string(), example: z.string() }))
      .optional(),
    auth: Auth,
    credential: z.enum(['static', 'oauth2-refresh', 'oauth2-client', 'github-app']).default('static'),
    /** Sent where the caller has none of that name. */
    headers: z.record(HeaderName, z.string()).default({}),
    keyPattern: z.string().refine(isExpression, 'is no regular expression').optional(),
    /** Other texts look like this too: only good together with a variable's name. */
    keyPatternIsWeak: z.boolean().default(false),
    /** What the public half looks like, where a key has one, such as the id of an access key. */
    idPattern: z.string().refine(isExpression, 'is no regular expression').optional(),
    /** How the value is put together from variables, such as `{TWILIO_ACCOUNT_SID}:{TWILIO_AUTH_TOKEN}`. */
    valueTemplate: z.string().optional(),
    placeholder: PlaceholderShape.optional(),
    /** Variables that programs read the key from; the usual one first. */
    env: z.array(EnvName).default([]),
    /** Variables that point a program elsewhere, and what they hold after the service's address. */
    baseUrlEnv: z.array(z.strictObject({ name: EnvName, suffix: z.string() })).default([]),
    testCall: TestCall.optional(),
    docsUrl: HttpsUrl,
    actions: z.record(z.string().regex(ENTRY_ID), Action).default({}),
    /** Calls that make or show credentials: denied whatever is granted. */
    deny: z.array(Pattern).default([]),
    refusalShape: z.enum(REFUSAL_SHAPES).optional(),
    oauth: OauthEndpoints.optional(),
    /** Hosts of the same vendor that this entry does not reach. */
    extraHosts: z.array(z.string()).default([]),
    /** Placement and test call come from a specification or SDK source, and a test exercises them. */
    verified: z.boolean(),
    /** Why Doorward can not call it yet; `doorward add` says so. */
    unsupported: z.string().optional(),
    notes: z.string().optional(),
  })
  .superRefine((entry, context) => {
    for (const message of troubles(entry)) context.addIssue({ code: 'custom', message });
  });
/** The part of an entry that says what its keys look like. */
export const KeyLook = z.object({
  id: z.string(),
  keyPattern: z.string().optional(),
  keyPatternIsWeak: z.boolean().default(false),
});

export type CatalogueEntry = Readonly<z.output<typeof CatalogueEntry>>;

/** The base URL with its variables filled in; throws `invalid-input` where the outcome is none. */
export function fillBaseUrl(entry: CatalogueEntry, values: Readonly<Record<string, string>>): string {
  const url = entry.baseUrl.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => values[name] ?? whole);
  parseBaseUrl(url);
  return url;
}

/** The names in `{braces}`, such as those a base URL wants filled in. */
export function variableNames(text: string): string[] {
  return [...text.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name ?? '');
}

function troubles(entry: z.input<typeof CatalogueEntry>): string[] {
  const examples = Object.fromEntries(
    Object.entries(entry.variables ?? {}).map(([name, { example }]) => [name, example]),
  );
  const filled = entry.baseUrl.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => examples[name] ?? '{}');
  const used = variableNames(`${entry.baseUrl} ${JSON.stringify(Object.values(entry.oauth ?? {}))}`);
  return [
    ...(isBaseUrl(filled) ? [] : ['baseUrl is no base URL once its variables hold their examples']),
    ...Object.keys(examples)
      .filter((name) => !used.includes(name))
      .map((name) => `the variable ${name} is used nowhere`),
    ...(entry.placeholder !== undefined && entry.keyPattern === undefined
      ? ['a placeholder needs a keyPattern to be held against']
      : []),
    ...(entry.credential?.startsWith('oauth2-') === true &&
    entry.oauth === undefined &&
    entry.unsupported === undefined
      ? ['an OAuth credential needs its endpoints, in oauth']
      : []),
  ];
}

function isPattern(text: string): boolean {
  return succeeds(() => parsePattern(text));
}

function isExpression(text: string): boolean {
  return succeeds(() => new RegExp(text));
}

function isBaseUrl(text: string): boolean {
  return succeeds(() => parseBaseUrl(text));
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
