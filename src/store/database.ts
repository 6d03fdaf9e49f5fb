// Opens the database: embedded by default, or Postgres by DATABASE_URL. Everything above sees one interface.
import type { Sql } from 'postgres';
import { Problem } from '../core/problem.ts';
import { connectEmbedded, connectPostgres, requireServer, type Connection } from './connection.ts';
import { type DatabaseOptions, embeddedDirectory } from './database-options.ts';
import { type EmbeddedDatabase, openEmbedded } from './embedded.ts';
import { migrateOver } from './migrate.ts';
import type { TablesDatabase } from './transaction.ts';

export interface Database {
  readonly kind: 'embedded' | 'postgres';
  /** The server's version, such as `15.14`. */
  readonly version: string;
  /** What calls need: intents, deltas, leases. Nothing slow may run here. */
  readonly calls: Sql;
  /** The same connections, with the schema's types. */
  readonly callTables: TablesDatabase;
  /** Administrative work, on connections of its own where there is more than one. */
  readonly admin: TablesDatabase;
  readonly adminSql: Sql;
  /**
   * Listens for notifications. `onReconnect` is called whenever some may have been missed. Embedded, nothing ever
   * comes: one process needs none.
   */
  listen(channel: string, onNotify: (payload: string) => void, onReconnect: () => void): Promise<Listener>;
  /**
   * Resolves when everything committed so far survives a power cut. Concurrent calls share one run. Not inside a
   * transaction: embedded, it would wait for that transaction's connection.
   */
  makeDurable(): Promise<void>;
  /** The same promise for less work now and a longer recovery: for rows that come by the thousand. */
  makeRecentDurable(): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  close(): Promise<void>;
}

const CALL_CONNECTIONS = 8;
const ADMIN_CONNECTIONS = 4;
const CALL_TIMEOUT_SECONDS = 10;
const ADMIN_TIMEOUT_SECONDS = 60;
const CLOSE_TIMEOUT_SECONDS = 5;
/** Beyond this much log a checkpoint is due: it bounds the files and the time a restart takes. */
const CHECKPOINT_LOG_BYTES = 64 * 1024 * 1024;

/**
 * Throws `database-unavailable` with what to check when it can not be opened. `opening` is the embedded one where that
 * has begun already.
 */
export function openDatabase(
  options: DatabaseOptions,
  opening?: Promise<EmbeddedDatabase>,
): Promise<Database> {
  if (options.kind === 'postgres') return openPostgres(options);
  const { dataDirectory } = options;
  return openEmbeddedDatabase(dataDirectory, opening ?? openEmbedded(embeddedDirectory(dataDirectory)));
}

/**
 * PGlite writes each commit to its log before it answers, so a kill loses nothing. What a power cut may take is
 * what was not synced: the log since the last `makeRecentDurable`. The log alone is enough for that one, since
 * data files are synced by checkpoints, before the control file forgets the log that covers them.
 */
async function openEmbeddedDatabase(
  dataDirectory: string,
  opening: Promise<EmbeddedDatabase>,
): Promise<Database> {
  const engine = await opening.catch((error: unknown) => {
    throw new Problem('database-unavailable', {
      detail: `The embedded database in ${dataDirectory} can not be opened: check free space and its files' owner. If neither is amiss its files are damaged: restore a backup.`,
      cause: error,
    });
  });
  const { sql, tables } = connectEmbedded(engine);
  const close = async () => {
    await sql.end({ timeout: engine.failure === undefined ? CLOSE_TIMEOUT_SECONDS : 0 });
    await engine.close();
  };
  const checkpoint = coalesced(async () => {
    await sql.unsafe('CHECKPOINT');
    await engine.settleLog();
  });
  const settle = coalesced(async () => {
    const { logBytes } = await engine.settleLog();
    if (logBytes > CHECKPOINT_LOG_BYTES) await checkpoint();
  });
  try {
    await migrateOver(sql);
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    return {
      kind: 'embedded',
      version: row?.version ?? '',
      calls: sql,
      callTables: tables,
      admin: tables,
      adminSql: sql,
      listen: () => Promise.resolve({ close: () => Promise.resolve() }),
      makeDurable: checkpoint,
      makeRecentDurable: settle,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPostgres(options: DatabaseOptions & { kind: 'postgres' }): Promise<Database> {
  const prepare = options.prepare ?? true;
  const { url } = options;
  const pool = (max: number, statementTimeoutSeconds: number): Connection =>
    connectPostgres({ url, max, prepare, statementTimeoutSeconds });
  const calls = pool(options.maxCallConnections ?? CALL_CONNECTIONS, CALL_TIMEOUT_SECONDS);
  const admin = pool(ADMIN_CONNECTIONS, ADMIN_TIMEOUT_SECONDS);
  const listening = connectPostgres({
    url: options.listenUrl ?? url,
    max: 1,
    prepare,
    statementTimeoutSeconds: CALL_TIMEOUT_SECONDS,
  });
  const close = async () => {
    await Promise.all(
      [calls, admin, listening].map(({ sql }) => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS })),
    );
  };
  try {
    const version = await requireServer(admin.sql, url);
    return {
      kind: 'postgres',
      version,
      calls: calls.sql,
      callTables: calls.tables,
      admin: admin.tables,
      adminSql: admin.sql,
      listen: (channel, onNotify, onReconnect) => listen(listening.sql, { channel, onNotify, onReconnect }),
      makeDurable: () => Promise.resolve(),
      makeRecentDurable: () => Promise.resolve(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Listening {
  readonly channel: string;
  readonly onNotify: (payload: string) => void;
  readonly onReconnect: () => void;
}

async function listen(sql: Sql, { channel, onNotify, onReconnect }: Listening): Promise<Listener> {
  let isFirst = true;
  const listening = await sql.listen(channel, onNotify, () => {
    if (!isFirst) onReconnect();
    isFirst = false;
  });
  return { close: () => listening.unlisten() };
}

/** Calls made while one run is under way share the next one: they may have come too late for the first. */
function coalesced(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  const run = (): Promise<void> => {
    const started = work().finally(() => {
      if (current === started) current = undefined;
    });
    current = started;
    return started;
  };
  return () => {
    if (current === undefined) return run();
    following ??= current
      .catch(() => undefined) // its own callers hear of it
      .then(() => {
        following = undefined;
        return run();
      });
    return following;
  };
}
