// The environment, read once: what each DOORWARD_* variable means, its unit and its default.
// Values may also come from a file named by NAME_FILE. Nobody else reads `process.env`.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseCidr } from './core/ip-range.ts';
import { Problem } from './core/problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const seconds = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'HOST:PORT, such as 127.0.0.1:7420')
  .default('127.0.0.1:7420');

const cidrList = z
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

const databaseUrl = z
  .string()
  .refine(isPostgresUrl, 'postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded')
  .optional();

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
  DOORWARD_TOKEN_SECONDS: seconds(600, 1, 900).describe('Lifetime of an access token'),
  DOORWARD_VALUE_CACHE_SECONDS: seconds(60, 0, 3600).describe(
    'How long an opened value may stay in memory; 0: not at all',
  ),
  DOORWARD_DRAIN_SECONDS: seconds(30, 0, 3600).describe('How long calls may finish after SIGTERM'),
  DOORWARD_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Server log level'),
  DOORWARD_URL: z.string().optional().describe('Server the CLI talks to, instead of the socket'),
  DOORWARD_TOKEN: z.string().optional().describe('What `doorward call` shows the broker; set inside a run'),
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
  readonly tokenSeconds: number;
  readonly valueCacheSeconds: number;
  readonly drainSeconds: number;
  readonly logLevel: Variables['DOORWARD_LOG_LEVEL'];
}

export function parseClientConfig(environment: Environment): ClientConfig {
  return clientConfig(parseVariables(environment), environment);
}

export function parseServerConfig(environment: Environment): ServerConfig {
  const variables = parseVariables(environment);
  return {
    ...clientConfig(variables, environment),
    listen: parseListen(variables.DOORWARD_LISTEN),
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
    tokenSeconds: variables.DOORWARD_TOKEN_SECONDS,
    valueCacheSeconds: variables.DOORWARD_VALUE_CACHE_SECONDS,
    drainSeconds: variables.DOORWARD_DRAIN_SECONDS,
    logLevel: variables.DOORWARD_LOG_LEVEL,
  };
}

/** Names under our prefix that nothing reads: most likely typing errors. Kubernetes' own link variables are not ours. */
export function unknownVariables(environment: Environment): readonly string[] {
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith('DOORWARD_') &&
      !/^DOORWARD_(PORT|SERVICE_)/.test(name) &&
      !(name.replace(/_FILE$/, '') in Variables.shape) &&
      !(name in Variables.shape),
  );
}

/** Every variable with what it is for, in the order of the schema. */
export function describeVariables(): readonly { readonly name: string; readonly description: string }[] {
  return Object.entries(Variables.shape).map(([name, schema]) => ({
    name,
    description: schema.description ?? '',
  }));
}

function clientConfig(variables: Variables, environment: Environment): ClientConfig {
  const dataDirectory =
    variables.DOORWARD_DATA_DIR ??
    join(
      environment['XDG_DATA_HOME'] ?? join(environment['HOME'] ?? homedir(), '.local', 'share'),
      'doorward',
    );
  return {
    dataDirectory,
    runtimeDirectory: environment['XDG_RUNTIME_DIR'],
    rootKeyFile: variables.DOORWARD_ROOT_KEY_FILE ?? join(dataDirectory, 'root.key'),
    ownerCredentialFile: variables.DOORWARD_OWNER_CREDENTIAL_FILE ?? join(dataDirectory, 'owner.credential'),
    passphrase: variables.DOORWARD_PASSPHRASE,
    url: variables.DOORWARD_URL?.replace(/\/+$/, ''),
    token: variables.DOORWARD_TOKEN,
  };
}

function parseVariables(environment: Environment): Variables {
  const given: Record<string, string> = {};
  for (const name of Object.keys(Variables.shape)) {
    const file = name in Variables.shape && !name.endsWith('_FILE') ? environment[`${name}_FILE`] : undefined;
    const value =
      environment[name] ??
      (file === undefined ? undefined : readFile(`${name}_FILE`, file).replace(/\r?\n$/, ''));
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = Variables.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem('invalid-input', {
    detail: `${String(issue?.path[0] ?? 'The configuration')} is not valid: ${issue?.message ?? 'unknown reason'}`,
  });
}

function parseListen(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (port > 65_535)
    throw new Problem('invalid-input', { detail: 'DOORWARD_LISTEN: a port is at most 65535' });
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port };
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
