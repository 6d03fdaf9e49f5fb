// What a server stands on: its data directory, its sockets and, embedded, its database. Light to load and opened first:
// the database opens while the rest of the server, which is most of the code, is still being loaded.
import type { ServerConfig } from './config.ts';
import { type IdSource, newId } from './core/ids.ts';
import { adminSocketPath } from './core/socket-path.ts';
import { openServers, type Servers } from './http/server.ts';
import { startingListener } from './http/starting.ts';
import { claimDataDirectory } from './store/data-directory.ts';
import { embeddedDirectory } from './store/database-options.ts';
import { requireServable } from './store/directory-marks.ts';
import { type EmbeddedDatabase, loadEmbedded } from './store/embedded.ts';
import type { Log } from './telemetry/log.ts';

export interface Ground {
  readonly socketPath: string;
  readonly servers: Servers;
  /** The embedded database; undefined on Postgres. */
  readonly opening: Promise<EmbeddedDatabase> | undefined;
  /** What is open. Whoever goes on adds to it, and closes it. */
  readonly closers: Closers;
}

export async function openGround(config: ServerConfig, ids: IdSource, log: Log): Promise<Ground> {
  const closers = new Closers(log);
  try {
    const loading = config.databaseUrl === undefined ? loadEmbedded() : undefined;
    if (loading !== undefined) closers.add(() => loading.close());
    const socketPath = adminSocketPath(config.dataDirectory, config.runtimeDirectory);
    const claim = await claimDataDirectory(config.dataDirectory, { socketPath });
    closers.addFirst(() => claim.release()); // the last to go: the database must be closed by then
    await requireServable(config.dataDirectory, config.databaseUrl === undefined);
    const servers = await openServers({
      ...config.listen,
      socketPath,
      limits: config.httpLimits,
      starting: startingListener(ids),
      requestId: () => newId(ids, 'req'),
      publicUrl: config.publicUrl,
    });
    closers.add(() => servers.close(0));
    const opening = loading?.open(embeddedDirectory(config.dataDirectory));
    opening?.catch(() => undefined); // whoever waits for it hears of it
    return { socketPath, servers, opening, closers };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** What has been opened; the last one opened is the first to go. */
class Closers {
  readonly #log: Log;
  readonly #closers: (() => Promise<unknown> | void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(close: () => Promise<unknown> | void): void {
    this.#closers.push(close);
  }

  addFirst(close: () => Promise<unknown> | void): void {
    this.#closers.unshift(close);
  }

  /** A closer that fails does not keep the others from their turn. */
  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        this.#log.error({ error }, 'closing failed');
      }
    }
  }
}
