// Connections through postgres.js, alike for both engines: the same dates and JSON, no settings out of PG* variables.
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { Problem } from '../core/problem.ts';
import { redactUrl } from '../core/redact-url.ts';
import { openDatabaseSocket } from './database-socket.ts';
import type { EmbeddedDatabase } from './embedded.ts';
import { guardTransactions } from './lost-connection.ts';
import { SCHEMA } from './schema.ts';
import type { TablesDatabase } from './transaction.ts';

export interface Connection {
  readonly sql: postgres.Sql;
  readonly tables: TablesDatabase;
}

/** The oldest server that is supported: `GRANT` on schema public and partition triggers rely on it. */
const OLDEST_SERVER = 150_000;
const CONNECT_TIMEOUT_SECONDS = 10;
/** For the first answer after that. */
const ANSWER_LIMIT_MS = 20_000;

const TIMESTAMP_TYPES = [1082, 1083, 1114, 1184, 1266];
const JSON_TYPES = [114, 3802];
const TEXT_ARRAY_TYPE = 1009;

interface PoolOptions {
  readonly url: string;
  readonly max: number;
  /** False behind a pooler that hands out another session for every transaction. */
  readonly prepare: boolean;
  readonly statementTimeoutSeconds: number;
}

/** A pool on a Postgres server. Nothing is connected until the first query. */
export function connectPostgres(options: PoolOptions): Connection {
  const timeoutMs = options.statementTimeoutSeconds * 1000;
  // Of several hosts the driver itself finds the primary.
  const hasOneHost = !/^[^/]*\/\/[^/?]*,/.test(options.url);
  const socket = hasOneHost ? { socket: openDatabaseSocket } : {};
  return wrap(
    postgres(options.url, {
      ...socket,
      max: options.max,
      prepare: options.prepare,
      ...(options.url.includes('connect_timeout=') ? {} : { connect_timeout: CONNECT_TIMEOUT_SECONDS }),
      target_session_attrs: 'primary',
      backoff: reconnectDelaySeconds,
      // Asked for at the start of each connection, where a loss would be a rejection nobody hears; see `wrap`.
      fetch_types: false,
      onnotice: () => undefined,
      connection: {
        application_name: 'doorward',
        // PgBouncer refuses session settings at the start of a connection.
        ...(options.prepare && {
          TimeZone: 'UTC',
          statement_timeout: timeoutMs,
          idle_in_transaction_session_timeout: timeoutMs,
        }),
      },
    }),
  );
}

/** The driver's own would grow to twenty seconds, for which a server that is back would not be noticed. */
function reconnectDelaySeconds(failures: number): number {
  return Math.min(0.01 * 2 ** failures, 1);
}

/** The one connection of the embedded database. */
export function connectEmbedded(engine: EmbeddedDatabase): Connection {
  const options: postgres.Options<Record<string, postgres.PostgresType>> & { socket: () => unknown } = {
    socket: () => engine.connect(),
    host: 'embedded',
    user: 'postgres',
    database: 'postgres',
    password: '',
    max: 1,
    ssl: false,
    prepare: true,
    fetch_types: false, // the one array type there is stands below
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    idle_timeout: 0,
    max_lifetime: null,
    backoff: () => 0,
    onnotice: () => undefined,
  };
  return wrap(postgres(options));
}

/**
 * Drizzle switches postgres.js's own conversion of times and JSON off for the whole pool. It is put back in a way
 * that both can use, so that plain SQL takes and gives dates and objects.
 */
function wrap(sql: postgres.Sql): Connection {
  guardTransactions(sql);
  const db = drizzle(sql, { schema: SCHEMA });
  for (const type of TIMESTAMP_TYPES) sql.options.serializers[type] = toText;
  for (const type of JSON_TYPES) sql.options.serializers[type] = toJson;
  sql.options.serializers[TEXT_ARRAY_TYPE] = toTextArray;
  sql.options.parsers[TEXT_ARRAY_TYPE] = fromTextArray;
  sql.options.parsers[1184] = (text: string) => new Date(text);
  return { sql, tables: db };
}

function toText(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value;
}

function toJson(value: unknown): unknown {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const TEXT_ARRAY_ELEMENT = /"((?:[^"\\]|\\.)*)"|([^{},"]+)/gs;

function fromTextArray(text: string): (string | null)[] {
  return [...text.matchAll(TEXT_ARRAY_ELEMENT)].map(([, quoted, plain = '']) =>
    quoted === undefined ? (plain === 'NULL' ? null : plain) : quoted.replace(/\\(.)/gs, '$1'),
  );
}

/** The one array type there is; the driver would have to ask the server for it. */
function toTextArray(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const quoted = value.map((text) => `"${String(text).replace(/["\\]/g, '\\$&')}"`);
  return `{${quoted.join(',')}}`;
}

/** The server's version, once it has answered. Throws `database-unavailable` saying what to look at. */
export async function requireServer(sql: postgres.Sql, url: string): Promise<string> {
  const asked = sql<{ version: string; number: number }[]>`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number
  `;
  const [row] = await inTime(asked).catch((error: unknown) => {
    throw databaseUnavailable(error, url);
  });
  if (row === undefined || row.number < OLDEST_SERVER) {
    throw new Problem('database-unavailable', {
      detail: `Postgres 15 or newer is needed; the server at ${redactUrl(url)} is ${row?.version ?? 'unknown'}.`,
    });
  }
  return row.version;
}

/** The driver's own limit ends with the greeting: a server that greets and then stands still would be waited for for ever. */
async function inTime<T>(answer: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error('no answer in time'), { code: 'CONNECT_TIMEOUT' });
    timer = setTimeout(() => reject(error), ANSWER_LIMIT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check host and port, and that the server runs',
  ENOTFOUND: 'the host name is not known: check DATABASE_URL and the name service',
  EAI_AGAIN: 'the host name could not be looked up: check the name service',
  ECONNRESET:
    'the connection was closed before it answered: check that Postgres is what listens there, and that it offers TLS if the address asks for it',
  EHOSTUNREACH: 'there is no way to it: check the address and the network',
  ENETUNREACH: 'there is no way to it: check the address and the network',
  ETIMEDOUT: 'no answer: check the address, firewalls and that the server runs',
  CONNECT_TIMEOUT: 'no answer in time: check the address, firewalls and that the server runs',
  '28P01': 'the password was refused: check user and password in DATABASE_URL',
  '28000':
    'the user was refused: check the user in DATABASE_URL and pg_hba.conf; a server that insists on TLS wants ?sslmode=require',
  '3D000': 'there is no such database: create it, or check the name in DATABASE_URL',
  '53300': 'the server has no free connection: raise max_connections or close others',
  '57P03': 'the server is starting or stopping: try again',
};

const CERTIFICATE =
  'its certificate is not trusted: name its CA in NODE_EXTRA_CA_CERTS, and in the address the host of the certificate';

function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(code);
}

/** A failed connection as a problem whose text never holds the password. */
function databaseUnavailable(error: unknown, url: string): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice =
    ADVICE[code] ??
    (isCertificateError(code) ? CERTIFICATE : undefined) ??
    `check DATABASE_URL and the server's log (${code || 'no code'})`;
  return new Problem('database-unavailable', {
    detail: `The database at ${redactUrl(url)} can not be used: ${advice}.`,
    cause: error,
  });
}
