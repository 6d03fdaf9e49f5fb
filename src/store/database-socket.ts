// The socket of a database connection, told to postgres.js in ways that it does not take amiss.
import { Socket } from 'node:net';

/** How Postgres answers a greeting: with a whole message of these types, or with one letter about TLS. */
const ANSWER_TYPES = 'REv';
const TLS_ANSWERS = 'SN';

/**
 * postgres.js rejects what is under way when a socket fails, and not what is given to that socket between its `error` and
 * its `close`: that would never be answered. So a connection that stood only closes.
 *
 * Before a server has answered as Postgres does it is the other way round: postgres.js takes a connection that only closes for
 * one to be made again, at once and for ever. A proxy whose server is away closes like that. So there a close is a failure.
 *
 * What postgres.js writes waits for the end of the turn, in an immediate. A close that comes first cancels that, and
 * postgres.js waits for it ever after: the connection is made again and never says a word, not even a greeting. So a close
 * is told in a turn in which no immediate waits. A socket that carries TLS is hidden by the one that does it, which tells of
 * its close itself.
 */
class DatabaseSocket extends Socket {
  #hasAnswered = false;

  constructor() {
    super();
    this.once('data', (bytes) => {
      const first = String.fromCharCode(bytes[0] ?? 0);
      this.#hasAnswered = (bytes.length === 1 ? TLS_ANSWERS : ANSWER_TYPES).includes(first);
    });
  }

  override emit(event: string | symbol, ...given: unknown[]): boolean {
    if (event !== 'close') return super.emit(event, ...given);
    tellWhenQuiet(() => super.emit(event, ...given));
    return true;
  }

  /** A failure to connect is told, for its reason; a later one is a closed connection like any other. */
  override destroy(error?: Error): this {
    return super.destroy(this.#hasAnswered ? undefined : (error ?? closedEarly()));
  }
}

/** Turns of the event loop that a close may have to wait: a server with much to do has immediates in most of them. */
const MAX_TURNS = 200;
/** One after the other: when it is told of one, postgres.js may write to the next. */
const untold: (() => void)[] = [];
let turns = 0;

function tellWhenQuiet(tell: () => void): void {
  untold.push(tell);
  if (untold.length === 1) setImmediate(tellNext);
}

function tellNext(): void {
  turns += 1;
  const isQuiet = !process.getActiveResourcesInfo().includes('Immediate');
  if (!isQuiet && turns < MAX_TURNS) {
    setImmediate(tellNext);
    return;
  }
  turns = 0;
  if (untold.length > 1) setImmediate(tellNext);
  untold.shift()?.();
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
