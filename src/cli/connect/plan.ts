// What `doorward connect` is going to do: which service, and where its authorization server is, from the catalogue, the flags
// or the server's own metadata. Decided before anybody is asked or sent anywhere.
import { readEntry } from '../../catalogue/catalogue.ts';
import { type CatalogueEntry, variableNames } from '../../catalogue/entry.ts';
import type { MintedKind } from '../../core/material.ts';
import { serviceShow } from '../../operations/contracts/services.ts';
import { settleBaseUrl } from '../add/base-url.ts';
import { type AddOptions, type AddPlan, planService } from '../add/plan.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { ServerProblem, usageFailure } from '../failure.ts';
import { type Endpoints, lookUp } from './endpoints.ts';
import type { ConnectOptions } from './options.ts';

export interface ConnectPlan extends AddPlan {
  readonly kind: MintedKind;
  /** Undefined for an app that signs for itself. */
  readonly endpoints: Endpoints | undefined;
  readonly scopes: readonly string[];
  readonly clientAuth: 'basic' | 'body';
  readonly authorizationParameters: Readonly<Record<string, string>>;
  readonly tokenParameters: Readonly<Record<string, string>>;
}

export async function planConnection(
  context: Context,
  client: Client,
  { given, options }: { readonly given: string; readonly options: ConnectOptions },
): Promise<ConnectPlan> {
  const id = given.toLowerCase();
  const known = await findService(client, options.as ?? id);
  const entry = readEntry(known?.catalogueId ?? id);
  const name = options.as ?? id;
  if (!/^[a-z0-9_-]{1,64}$/.test(name))
    throw usageFailure('SERVICE is a name of a-z, 0-9, - and _, such as acme.');
  if (entry?.unsupported !== undefined) {
    throw usageFailure(`${entry.name} can not be called through Doorward yet: ${entry.unsupported}`);
  }
  if (entry?.credential === 'static' && options.issuer === undefined && options.tokenUrl === undefined) {
    throw usageFailure(`${entry.name} takes a key that stays. Run: doorward add ${entry.id}`);
  }
  const assignments = parsePairs('--set', options.set);
  const baseUrl =
    options.baseUrl ?? known?.baseUrl ?? (await baseUrlOf(context, given, { entry, assignments }));
  const kind = entry === undefined || entry.credential === 'static' ? 'oauth2-refresh' : entry.credential;
  const base = planService({ name, entry }, baseUrl, addOptions(options, entry));
  const oauth = entry?.oauth;
  const filled = (text: string) => fill(text, assignments);
  const mapped = (record: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, filled(value)]));
  return {
    ...base,
    kind,
    endpoints:
      kind === 'github-app' ? undefined : await lookUp(context, { options, oauth, baseUrl, filled, kind }),
    scopes:
      options.scope?.flatMap((text) => text.split(/\s+/)).filter((text) => text !== '') ??
      oauth?.scopes ??
      [],
    clientAuth:
      clientAuthOf(options) ?? oauth?.clientAuthentication ?? (oauth === undefined ? 'basic' : 'body'),
    authorizationParameters: {
      ...mapped(oauth?.authorizationParameters),
      ...parsePairs('--param', options.param),
    },
    tokenParameters: mapped(oauth?.tokenParameters),
  };
}

/** `NAME=VALUE` flags as a record. */
function parsePairs(flag: string, texts: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw usageFailure(`${flag} wants NAME=VALUE.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** What `doorward add` would be told of such a service. */
function addOptions(options: ConnectOptions, entry: CatalogueEntry | undefined): AddOptions {
  const { agent, allow, allowAll } = options;
  const auth = options.auth ?? (entry === undefined ? 'bearer' : undefined);
  return {
    agent,
    test: false,
    ...(auth === undefined ? {} : { auth }),
    ...(allow === undefined ? {} : { allow }),
    ...(allowAll === undefined ? {} : { allowAll }),
  };
}

function clientAuthOf({ clientAuth }: ConnectOptions): 'basic' | 'body' | undefined {
  if (clientAuth === undefined || clientAuth === 'basic' || clientAuth === 'body') return clientAuth;
  throw usageFailure('--client-auth is basic or body.');
}

async function findService(client: Client, name: string) {
  try {
    return await client.call(serviceShow, { name });
  } catch (error) {
    if (error instanceof ServerProblem && error.body.status === 404) return undefined;
    throw error;
  }
}

async function baseUrlOf(
  context: Context,
  given: string,
  of: { readonly entry: CatalogueEntry | undefined; readonly assignments: Readonly<Record<string, string>> },
): Promise<string> {
  const { entry, assignments } = of;
  if (entry === undefined) {
    throw usageFailure(
      `There is no service ${given}, here or in the catalogue. Say where it is: ` +
        `doorward connect ${given} --base-url https://… --issuer https://…  (or --authorization-url and --token-url)`,
    );
  }
  const names = variableNames(entry.baseUrl);
  const own = Object.entries(assignments).filter(([name]) => names.includes(name));
  return await settleBaseUrl(
    context,
    entry,
    own.map(([name, value]) => `${name}=${value}`),
  );
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw usageFailure(`The address ${text} needs ${name}: give --set ${name}=…`);
    return value;
  });
}
