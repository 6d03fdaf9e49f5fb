// The embedded database over the threads it has. One ends when Postgres panics or the disk can no longer be trusted, as
// a full one does. The next is started after a while and recovers from the log; until then every query is rejected.
import type { EmbeddedSocket } from './embedded-socket.ts';
import { DatabaseThread } from './embedded-thread.ts';

export interface EmbeddedDatabase {
  /** An in-process stand-in for a network socket, in the shape postgres.js needs. */
  connect(): EmbeddedSocket;
  /** Resolves when every commit so far is on the disk. `logBytes` is what recovery would have to read. */
  settleLog(): Promise<{ readonly logBytes: number }>;
  /** Why every query is rejected at the moment. */
  readonly failure: string | undefined;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Postgres that is being loaded, without its data. */
export interface LoadingDatabase {
  /** Opens `directory`, which nobody else may have open: PGlite has no lock of its own. Once only. */
  open(directory: string): Promise<EmbeddedDatabase>;
  /** Ends it, with whatever it has open. Idempotent. */
  close(): Promise<void>;
}

const RESTART_AFTER_MS = { first: 250, most: 4000 };

/** Loading Postgres takes as long as opening the data, and needs no directory. */
export function loadEmbedded(): LoadingDatabase {
  const thread = new DatabaseThread();
  let database: RestartingDatabase | undefined;
  return {
    open: async (directory) => {
      await thread.open(directory);
      database = new RestartingDatabase(directory, thread);
      return database;
    },
    close: () => (database ?? thread).close(),
  };
}

export function openEmbedded(directory: string): Promise<EmbeddedDatabase> {
  return loadEmbedded().open(directory);
}

class RestartingDatabase implements EmbeddedDatabase {
  readonly #directory: string;
  #thread: DatabaseThread;
  #restartAfterMs = RESTART_AFTER_MS.first;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(directory: string, thread: DatabaseThread) {
    this.#directory = directory;
    this.#thread = thread;
    void this.#watch();
  }

  get failure(): string | undefined {
    return this.#thread.failure;
  }

  connect(): EmbeddedSocket {
    return this.#thread.connect();
  }

  settleLog(): Promise<{ readonly logBytes: number }> {
    return this.#thread.settleLog();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#thread.close();
  }

  /** Only once the thread is gone: two of them on one directory would destroy it. */
  async #watch(): Promise<void> {
    await this.#thread.ended;
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#restart(), this.#restartAfterMs);
    this.#restartAfterMs = Math.min(this.#restartAfterMs * 2, RESTART_AFTER_MS.most);
  }

  #restart(): void {
    this.#thread = new DatabaseThread();
    void this.#watch();
    this.#thread.open(this.#directory).then(
      () => (this.#restartAfterMs = RESTART_AFTER_MS.first),
      () => undefined, // the next one tries again
    );
  }
}
