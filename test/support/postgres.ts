// The throw-away Postgres server of the attacks, for tests: binaries are looked for on this process's PATH.
import * as throwAway from '../../src/attack/throw-away-postgres.ts';

export type PostgresServer = throwAway.PostgresServer;

const path = process.env['PATH'] ?? '';

/** The newest server binaries on this machine, or why there are none to use. */
export function findPostgres() {
  return throwAway.findPostgres(path);
}

/** Starts a server on a free port of the loopback interface; `durable`: with fsync, as in production. */
export async function startPostgres(options: { readonly durable?: boolean } = {}): Promise<PostgresServer> {
  return await throwAway.startPostgres({ path, ...options });
}
