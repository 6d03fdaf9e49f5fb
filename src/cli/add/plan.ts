// What `doorward add` is going to make, from the catalogue or from the flags: decided before anything is asked or made.
import type { z } from 'zod';
import { readEntry, searchCatalogue } from '../../catalogue/catalogue.ts';
import type { CatalogueEntry } from '../../catalogue/entry.ts';
import { parsePattern } from '../../core/address-pattern.ts';
import { parseAuth } from '../../core/auth-text.ts';
import type { serviceCreate } from '../../operations/contracts/services.ts';
import { readAndUse, serviceOfEntry, type ServiceFields } from '../add-key.ts';
import { usageFailure } from '../failure.ts';
import { nearest } from '../nearest.ts';

export interface AddOptions {
  readonly baseUrl?: string;
  readonly auth?: string;
  readonly set?: readonly string[];
  readonly allow?: readonly string[];
  readonly action?: readonly string[];
  readonly allowAll?: true;
  readonly agent: string;
  readonly as?: string;
  readonly secret?: string;
  readonly fromFile?: string;
  readonly keyEnv?: string;
  readonly baseUrlEnv?: string;
  readonly force?: boolean;
  readonly test: boolean;
  readonly value?: string | true;
}

export interface AddPlan {
  /** Of the service, and of the secret unless another one is used. */
  readonly name: string;
  readonly entry: CatalogueEntry | undefined;
  /** Patterns; undefined: every method and path. */
  readonly allow: readonly string[] | undefined;
  readonly service: ServiceFields;
}

export interface Target {
  readonly name: string;
  readonly entry: CatalogueEntry | undefined;
}

/** Which service is meant. Refuses what is in no catalogue and has no address, and what another command adds. */
export function findTarget(given: string, { baseUrl, as }: AddOptions): Target {
  const id = given.toLowerCase();
  const entry = readEntry(id);
  const name = as ?? (entry === undefined ? given : id);
  if (!/^[a-z0-9_-]{1,64}$/.test(name)) {
    throw usageFailure('SERVICE is a name of a-z, 0-9, - and _, such as openai.');
  }
  if (entry === undefined) {
    if (baseUrl === undefined) throw unknownService(given);
    return { name, entry: undefined };
  }
  if (entry.unsupported !== undefined) {
    throw usageFailure(`${entry.name} can not be called through Doorward yet: ${entry.unsupported}`);
  }
  if (entry.credential !== 'static') {
    throw usageFailure(
      `${entry.name} gives out no key that stays: it is connected. Run: doorward connect ${entry.id}`,
    );
  }
  return { name, entry };
}

/** `baseUrl` is given for an entry only where it replaces the catalogue's; else its variables were filled in. */
export function planService({ name, entry }: Target, baseUrl: string, options: AddOptions): AddPlan {
  const service =
    entry === undefined ? customService(name, baseUrl, options) : serviceOfEntry(entry, baseUrl);
  return {
    name,
    entry,
    allow: planAllow(entry, options),
    service: { ...service, ...flags(options) },
  };
}

/** A service of the catalogue may be reached elsewhere or otherwise: a flag stands above the entry. */
function flags({ auth, keyEnv, baseUrlEnv }: AddOptions): Partial<ServiceFields> {
  const [variable = '', ...suffix] = baseUrlEnv?.split('=') ?? [];
  return {
    ...(auth === undefined ? {} : { auth: parseAuth(auth) }),
    ...(keyEnv === undefined ? {} : { keyEnv }),
    ...(baseUrlEnv === undefined ? {} : { baseUrlEnv: variable, baseUrlSuffix: suffix.join('=') }),
  };
}

type CreateFields = z.input<typeof serviceCreate.input>;

/** Without the variables an agent would have to be told where to call: `acme` gets ACME_API_KEY and ACME_BASE_URL. */
function customService(name: string, baseUrl: string, { auth }: AddOptions): ServiceFields {
  if (auth === undefined) {
    throw usageFailure(
      `Say where the key goes in a call, for example: doorward add ${name} --base-url ${baseUrl} --auth bearer. ` +
        'Others: --auth header:x-api-key, --auth basic, --auth query:api_key',
    );
  }
  const prefix = name.toUpperCase().replaceAll('-', '_').replace(/^\d/, '_$&');
  const fields: Pick<CreateFields, 'baseUrl' | 'auth' | 'keyEnv' | 'baseUrlEnv'> = {
    baseUrl,
    auth: parseAuth(auth),
    keyEnv: `${prefix}_API_KEY`,
    baseUrlEnv: `${prefix}_BASE_URL`,
  };
  return fields;
}

function planAllow(entry: CatalogueEntry | undefined, options: AddOptions): readonly string[] | undefined {
  const { allow = [], action = [], allowAll } = options;
  if (allowAll === true) {
    if (allow.length + action.length > 0)
      throw usageFailure('Give --allow-all, or what to allow: --allow and --action.');
    return undefined;
  }
  if (allow.length + action.length === 0) return readAndUse(entry);
  const patterns = [...action.flatMap((name) => patternsOf(entry, name)), ...allow];
  return [...new Set(patterns.map((text) => parsePattern(text).text))];
}

function patternsOf(entry: CatalogueEntry | undefined, name: string): readonly string[] {
  const action = entry?.actions[name];
  if (action !== undefined) return action.allow;
  const known = Object.keys(entry?.actions ?? {});
  throw usageFailure(
    known.length === 0
      ? `No actions are known of this service. Give patterns: --allow 'GET /v1/models'`
      : `There is no action of that name. ${entry?.name ?? ''} has: ${known.join(', ')}.`,
  );
}

const MAX_SUGGESTIONS = 5;

function unknownService(given: string) {
  const close = [...new Set([...searchCatalogue(given).map(({ id }) => id), ...similarIds(given)])];
  const meant = close.length === 0 ? '' : ` Did you mean ${close.slice(0, MAX_SUGGESTIONS).join(', ')}?`;
  const name = /^[a-z0-9_-]{1,64}$/.test(given) ? given : 'acme';
  return usageFailure(
    `There is no service of that name in the catalogue.${meant} Anything else is one line: ` +
      `doorward add ${name} --base-url https://api.example.com --auth bearer`,
  );
}

function similarIds(given: string): readonly string[] {
  return nearest(
    given.toLowerCase(),
    searchCatalogue('').map(({ id }) => id),
  );
}
