// The server's own log: JSON lines on stderr. Never a value, a body or a header; problems by code and internal reason.
import { type Logger, pino } from 'pino';
import { loggedError } from './logged-error.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export function createLog(level: string): Log {
  const destination = pino.destination({ dest: 2, sync: true });
  destination.on('error', () => undefined); // a full disk or a closed pipe behind it must not end the server
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: loggedError },
    },
    destination,
  );
}
