// The socket of a database connection. postgres.js rejects what is under way when a socket fails, and not what is given to
// that socket between its `error` and its `close`: that would never be answered. So a connection that stood only closes.
//
// Before a server has answered as Postgres does it is the other way round: postgres.js takes a connection that only closes for one
// to be made again, at once and for ever. A proxy whose server is away closes like that. So there a close is a failure.
import { Socket } from 'node:net';

/** How Postgres answers a greeting: with a whole message of these types, or with one letter about TLS. */
const ANSWER_TYPES = 'REv';
const TLS_ANSWERS = 'SN';

class DatabaseSocket extends Socket {
  #hasAnswered = false;

  constructor() {
    super();
    this.once('data', (bytes) => {
      const first = String.fromCharCode(bytes[0] ?? 0);
      this.#hasAnswered = (bytes.length === 1 ? TLS_ANSWERS : ANSWER_TYPES).includes(first);
    });
  }

  /** A failure to connect is told, for its reason; a later one is a closed connection like any other. */
  override destroy(error?: Error): this {
    return super.destroy(this.#hasAnswered ? undefined : (error ?? closedEarly()));
  }
}

function closedEarly(): Error {
  return Object.assign(new Error('closed before Postgres answered'), { code: 'ECONNRESET' });
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
