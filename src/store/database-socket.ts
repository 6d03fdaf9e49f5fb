// The socket of a database connection. postgres.js rejects what is under way when a socket fails, and not what is given to
// that socket between its `error` and its `close`: that would never be answered. So a connection that stood only closes.
import { Socket } from 'node:net';

class DatabaseSocket extends Socket {
  #hasStood = false;

  constructor() {
    super();
    this.once('connect', () => {
      this.#hasStood = true;
    });
  }

  /** A failure to connect is told, for its reason; a later one is a closed connection like any other. */
  override destroy(error?: Error): this {
    return super.destroy(this.#hasStood ? undefined : error);
  }
}

/** What postgres.js tells of where to connect; lists of hosts have one entry. */
export interface DatabaseAddress {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | undefined;
}

/** A socket that is connecting; what is written to it meanwhile waits. */
export function openDatabaseSocket({ host: [host = ''], port: [port = 0], path }: DatabaseAddress): Socket {
  const socket = new DatabaseSocket();
  // postgres.js reads the name for TLS here.
  Object.assign(socket, { host, port });
  return typeof path === 'string' && path !== '' ? socket.connect(path) : socket.connect(port, host);
}
