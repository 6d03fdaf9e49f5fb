// The environment, read once: what each DOORWARD_* variable means, its unit and its default.
// Values may also come from a file named by NAME_FILE. Nobody else reads `process.env`.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from './core/problem.ts';
import { redactUrl } from './core/redact-url.ts';
import {
  cidrList,
  databaseUrl,
  hostAndPort,
  listenAddress,
  parseHostAndPort,
  parseProxyUrl,
  proxyUrl,
} from './core/setting-values.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const seconds = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Every variable, with what it is for. The keys are the names in the environment. */
const Variables = z.object({
  DOORWARD_DATA_DIR: z.string().optional().describe('Directory of the embedded database, keys and socket'),
  DOORWARD_LISTEN: listenAddress.describe('Address the broker listens on'),
  DOORWARD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address agents use; issuer of tokens'),
  DATABASE_URL: databaseUrl.describe('Postgres 15 or newer; without it the embedded database'),
  DOORWARD_MIGRATION_DATABASE_URL: databaseUrl.describe('The owning role, used for migrations only'),
  DOORWARD_LISTEN_DATABASE_URL: databaseUrl.describe('Direct address for LISTEN behind a pooler'),
  DOORWARD_ROOT_KEY_PROVIDER: z
    .enum(['file', 'passphrase'])
    .default('file')
    .describe('What holds the root key'),
  DOORWARD_ROOT_KEY_FILE: z.string().optional().describe('Root key file of the file provider'),
  DOORWARD_PASSPHRASE: z.string().optional().describe('Passphrase; better given as DOORWARD_PASSPHRASE_FILE'),
  DOORWARD_OWNER_CREDENTIAL_FILE: z.string().optional().describe('Owner credential file'),
  DOORWARD_EGRESS_ALLOW_CIDRS: cidrList.describe('Private ranges upstreams may be in'),
  DOORWARD_EGRESS_CA_FILE: z.string().optional().describe('Further CA certificates for upstreams, PEM'),
  DOORWARD_EGRESS_PROXY: proxyUrl
    .optional()
    .describe('Proxy through which upstreams are reached; HTTP_PROXY and its like are not read'),
  DOORWARD_EGRESS_PROXY_EXCEPT: cidrList.describe(
    'Ranges of upstreams that are dialled directly beside a proxy',
  ),
  DOORWARD_TOKEN_SECONDS: seconds(600, 1, 900).describe('Lifetime of an access token'),
  DOORWARD_VALUE_CACHE_SECONDS: seconds(60, 0, 3600).describe(
    'How long an opened value may stay in memory; 0: not at all',
  ),
  DOORWARD_DRAIN_SECONDS: seconds(30, 0, 3600).describe('How long calls may finish after SIGTERM'),
  DOORWARD_CALL_DOMAIN: z
    .string()
    .max(200)
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/, 'calls.example.test')
    .optional()
    .describe('Domain below which each service is a host of its own'),
  DOORWARD_MAX_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Connections that one listener holds open; further ones are closed at once'),
  DOORWARD_HEADERS_SECONDS: seconds(15, 1, 600).describe('How long the head of a request may take to arrive'),
  DOORWARD_BODY_IDLE_SECONDS: seconds(120, 1, 3600).describe(
    'How long a request body that is waited for may stand still',
  ),
  DOORWARD_METRICS_LISTEN: hostAndPort('127.0.0.1:9464')
    .optional()
    .describe('Address of /metrics, on a listener of its own'),
  DOORWARD_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Server log level'),
  DOORWARD_URL: z.string().optional().describe('Server the CLI talks to, instead of the socket'),
  DOORWARD_TOKEN: z
    .string()
    .optional()
    .describe('What `doorward call` and `doorward mcp` show the broker; set inside a run'),
  DOORWARD_BACKUP_PASSPHRASE: z
    .string()
    .optional()
    .describe('Passphrase of backups; better given as DOORWARD_BACKUP_PASSPHRASE_FILE'),
  DOORWARD_CLIENT_ID: z.string().optional().describe('Client id of `doorward connect`'),
  DOORWARD_CLIENT_SECRET: z
    .string()
    .optional()
    .describe('Client secret of `doorward connect`; better given as DOORWARD_CLIENT_SECRET_FILE'),
});
type Variables = z.output<typeof Variables>;

export interface ClientConfig {
  readonly dataDirectory: string;
  readonly runtimeDirectory: string | undefined;
  readonly rootKeyFile: string;
  readonly ownerCredentialFile: string;
  readonly passphrase: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
}

export interface ServerConfig extends ClientConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly migrationDatabaseUrl: string | undefined;
  readonly listenDatabaseUrl: string | undefined;
  readonly rootKeyProvider: 'file' | 'passphrase';
  readonly egressAllowCidrs: readonly string[];
  readonly egressCa: readonly string[];
  /** The way out, where it is not the direct one. */
  readonly egressProxy:
    | { readonly host: string; readonly port: number; readonly exceptCidrs: readonly string[] }
    | undefined;
  readonly tokenSeconds: number;
  readonly valueCacheSeconds: number;
  readonly drainSeconds: number;
  /** What a listener lends to callers it does not know yet. */
  readonly httpLimits: {
    readonly maxConnections: number;
    readonly headersMs: number;
    readonly bodyIdleMs: number;
    /** Not to be set from outside. */
    readonly requestMs?: number;
  };
  readonly metricsListen: { readonly host: string; readonly port: number } | undefined;
  readonly callDomain: string | undefined;
  readonly logLevel: Variables['DOORWARD_LOG_LEVEL'];
}

export function parseClientConfig(environment: Environment): ClientConfig {
  return clientConfig(parseVariables(environment), environment);
}

export function parseServerConfig(environment: Environment): ServerConfig {
  const variables = parseVariables(environment);
  return {
    ...clientConfig(variables, environment),
    listen: parseHostAndPort('DOORWARD_LISTEN', variables.DOORWARD_LISTEN),
    publicUrl: variables.DOORWARD_PUBLIC_URL?.replace(/\/+$/, ''),
    databaseUrl: variables.DATABASE_URL,
    migrationDatabaseUrl: variables.DOORWARD_MIGRATION_DATABASE_URL,
    listenDatabaseUrl: variables.DOORWARD_LISTEN_DATABASE_URL,
    rootKeyProvider: variables.DOORWARD_ROOT_KEY_PROVIDER,
    egressAllowCidrs: variables.DOORWARD_EGRESS_ALLOW_CIDRS,
    egressCa:
      variables.DOORWARD_EGRESS_CA_FILE === undefined
        ? []
        : [readFile('DOORWARD_EGRESS_CA_FILE', variables.DOORWARD_EGRESS_CA_FILE)],
    egressProxy: egressProxy(variables),
    tokenSeconds: variables.DOORWARD_TOKEN_SECONDS,
    valueCacheSeconds: variables.DOORWARD_VALUE_CACHE_SECONDS,
    drainSeconds: variables.DOORWARD_DRAIN_SECONDS,
    httpLimits: {
      maxConnections: variables.DOORWARD_MAX_CONNECTIONS,
      headersMs: variables.DOORWARD_HEADERS_SECONDS * 1000,
      bodyIdleMs: variables.DOORWARD_BODY_IDLE_SECONDS * 1000,
    },
    metricsListen:
      variables.DOORWARD_METRICS_LISTEN === undefined
        ? undefined
        : parseHostAndPort('DOORWARD_METRICS_LISTEN', variables.DOORWARD_METRICS_LISTEN),
    callDomain: variables.DOORWARD_CALL_DOMAIN,
    logLevel: variables.DOORWARD_LOG_LEVEL,
  };
}

function egressProxy(variables: Variables): ServerConfig['egressProxy'] {
  const { DOORWARD_EGRESS_PROXY: url, DOORWARD_EGRESS_PROXY_EXCEPT: exceptCidrs } = variables;
  return url === undefined ? undefined : { ...parseProxyUrl('DOORWARD_EGRESS_PROXY', url), exceptCidrs };
}

/** What backups are encrypted to and opened with, unless a flag says otherwise. */
export function parseBackupPassphrase(environment: Environment): string | undefined {
  return parseVariables(environment).DOORWARD_BACKUP_PASSPHRASE;
}

/** The client of `doorward connect`, unless flags say otherwise. */
export function parseConnectClient(environment: Environment): {
  readonly id?: string;
  readonly secret?: string;
} {
  const { DOORWARD_CLIENT_ID: id, DOORWARD_CLIENT_SECRET: secret } = parseVariables(environment);
  return { ...(id === undefined ? {} : { id }), ...(secret === undefined ? {} : { secret }) };
}

/** Every name that is read, files included. */
export function knownVariables(): readonly string[] {
  return Object.keys(Variables.shape).flatMap((name) => [name, fileVariable(name) ?? name]);
}

/** Names under our prefix that nothing reads: most likely typing errors. Kubernetes' own link variables are not ours. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set(knownVariables());
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith('DOORWARD_') &&
      name !== 'DOORWARD_RUN' && // told to the commands of a run, read by nobody here
      !/^DOORWARD_(PORT|SERVICE_)/.test(name) &&
      !known.has(name),
  );
}

export interface Setting {
  readonly name: string;
  /** What is in force, without passwords and passphrases; null where nothing is set and nothing stands in. */
  readonly value: string | null;
  readonly source: 'default' | 'environment' | 'file';
}

/** Every variable with the value in force, fit to be shown to anybody. */
export function describeSettings(environment: Environment): readonly Setting[] {
  const { given } = readVariables(environment);
  const defaults: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(Variables.parse({})).map(([name, value]) => [name, String(value)])),
    ...shownPaths(given['DOORWARD_DATA_DIR']?.text, environment),
  };
  return Variables.keyof().options.map((name) => {
    const found = given[name];
    if (found === undefined) return { name, value: defaults[name] ?? null, source: 'default' };
    return { name, value: shown(name, found.text), source: found.source };
  });
}

interface Trouble {
  readonly name: string;
  /** A sentence that holds no value. */
  readonly sentence: string;
}

/** None where there is no home to put them in: that is told as trouble. */
function shownPaths(given: string | undefined, environment: Environment): Readonly<Record<string, string>> {
  try {
    return defaultPaths(given, environment);
  } catch (error) {
    if (error instanceof Problem) return {};
    throw error;
  }
}

/** All that would keep `parseServerConfig` from giving a configuration; it tells only the first. */
export function configurationTrouble(environment: Environment): readonly Trouble[] {
  const { given, trouble } = readVariables(environment);
  const parsed = Variables.safeParse(textsOf(given));
  const invalid = parsed.success ? [] : parsed.error.issues.map(issueTrouble);
  if (trouble.length + invalid.length > 0) return [...trouble, ...invalid];
  try {
    parseServerConfig(environment);
    return [];
  } catch (error) {
    const sentence = error instanceof Problem ? error.message : 'The configuration is not valid.';
    return [{ name: /DOORWARD_\w+/.exec(sentence)?.[0] ?? 'DOORWARD_', sentence }];
  }
}

const SECRET = /(PASSPHRASE|PASSWORD|TOKEN|SECRET|KEY)$/;

function shown(name: keyof Variables, text: string): string {
  if (SECRET.test(name)) return '(set, not shown)';
  if (!Variables.shape[name].safeParse(text).success) return '(not valid, not shown)';
  return name.endsWith('_URL') ? redactUrl(text) : text;
}

/** Variables whose value is secret, or holds a password. */
export function secretVariables(): readonly string[] {
  return Object.keys(Variables.shape).filter((name) => SECRET.test(name) || name.endsWith('DATABASE_URL'));
}

/** Variables that name a file with such a value. */
export function secretFileVariables(): readonly string[] {
  return secretVariables().flatMap((name) => fileVariable(name) ?? []);
}

/** Every variable with what it is for, in the order of the schema. */
export function describeVariables(): readonly { readonly name: string; readonly description: string }[] {
  return Object.entries(Variables.shape).map(([name, schema]) => ({
    name,
    description: schema.description ?? '',
  }));
}

function clientConfig(variables: Variables, environment: Environment): ClientConfig {
  const paths = defaultPaths(variables.DOORWARD_DATA_DIR, environment);
  return {
    dataDirectory: variables.DOORWARD_DATA_DIR ?? paths.DOORWARD_DATA_DIR,
    runtimeDirectory: environment['XDG_RUNTIME_DIR'],
    rootKeyFile: variables.DOORWARD_ROOT_KEY_FILE ?? paths.DOORWARD_ROOT_KEY_FILE,
    ownerCredentialFile: variables.DOORWARD_OWNER_CREDENTIAL_FILE ?? paths.DOORWARD_OWNER_CREDENTIAL_FILE,
    passphrase: variables.DOORWARD_PASSPHRASE,
    url: variables.DOORWARD_URL?.replace(/\/+$/, ''),
    token: variables.DOORWARD_TOKEN,
  };
}

function defaultPaths(given: string | undefined, environment: Environment) {
  const dataDirectory = given ?? defaultDataDirectory(environment);
  if (dataDirectory === undefined) {
    throw new Problem('invalid-input', {
      detail: 'DOORWARD_DATA_DIR is needed: this user has no home directory, and HOME is not set.',
    });
  }
  return {
    DOORWARD_DATA_DIR: dataDirectory,
    DOORWARD_ROOT_KEY_FILE: join(dataDirectory, 'root.key'),
    DOORWARD_OWNER_CREDENTIAL_FILE: join(dataDirectory, 'owner.credential'),
  };
}

/** Undefined for a user of whom nothing is known, as there may be in containers. */
export function defaultDataDirectory(environment: Environment): string | undefined {
  const { XDG_DATA_HOME, HOME } = environment;
  if (XDG_DATA_HOME !== undefined) return join(XDG_DATA_HOME, 'doorward');
  try {
    return join(HOME ?? homedir(), '.local', 'share', 'doorward');
  } catch {
    return undefined;
  }
}

function parseVariables(environment: Environment): Variables {
  const { given, trouble } = readVariables(environment);
  const parsed = Variables.safeParse(textsOf(given));
  const issue = parsed.error?.issues[0];
  const first = trouble[0] ?? (issue === undefined ? undefined : issueTrouble(issue));
  if (first !== undefined) throw new Problem('invalid-input', { detail: first.sentence });
  return parsed.success ? parsed.data : Variables.parse({});
}

type Given = Readonly<Record<string, { readonly text: string; readonly source: 'environment' | 'file' }>>;

/** What is set, by variable or by file; an empty variable counts as none. Nothing may be set both ways. */
function readVariables(environment: Environment): { given: Given; trouble: readonly Trouble[] } {
  const given: Record<string, Given[string]> = {};
  const trouble: Trouble[] = [];
  for (const name of Object.keys(Variables.shape)) {
    const fileName = fileVariable(name);
    const text = environment[name] ?? '';
    const file = fileName === undefined ? '' : (environment[fileName] ?? '');
    if (fileName !== undefined && text !== '' && file !== '') {
      trouble.push({ name, sentence: `${name} and ${fileName} are both set: unset one of them.` });
    } else if (text !== '') {
      given[name] = { text, source: 'environment' };
    } else if (fileName !== undefined && file !== '') {
      try {
        given[name] = { text: readValueFile(fileName, file), source: 'file' };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        trouble.push({ name, sentence: error.message });
      }
    }
  }
  return { given, trouble };
}

/** The variable that names a file with the value of `name`; those that name a file themselves have none. */
function fileVariable(name: string): string | undefined {
  return name.endsWith('_FILE') ? undefined : `${name}_FILE`;
}

/** An empty file is most likely a secret that was never written, and must not count as "not set". */
function readValueFile(name: string, path: string): string {
  const text = readFile(name, path).replace(/\r?\n$/, '');
  if (text !== '') return text;
  throw new Problem('invalid-input', { detail: `${name} names an empty file: ${path}` });
}

function textsOf(given: Given): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, { text }]) => [name, text]));
}

function issueTrouble({ path, message }: z.core.$ZodIssue): Trouble {
  const name = String(path[0] ?? 'The configuration');
  return { name, sentence: `${name} is not valid: ${message}` };
}

function readFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Problem('invalid-input', {
      detail: `${name} names a file that can not be read: ${path}`,
      cause,
    });
  }
}
