// `doorward serve`: runs the server in this process until SIGTERM or SIGINT, then drains.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { compose, type World } from '../compose.ts';
import { parseServerConfig, unknownVariables } from '../config.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { explainStart } from './start-failure.ts';
import { welcome } from './welcome.ts';

/** A terminal's interrupt reaches the server twice when npm started it: itself, and handed on. */
const SAME_SIGNAL_MS = 200;
/** What closing may take beyond draining, before the process ends with things left open. */
const CLOSING_LIMIT_MS = 20_000;

export async function serve(context: Context): Promise<void> {
  const { terminal, flags } = context;
  const environment = {
    ...terminal.environment,
    ...(flags.dataDir === undefined ? {} : { DOORWARD_DATA_DIR: flags.dataDir }),
  };
  const config = parseServerConfig(environment);
  const log = createLog(config.logLevel);
  for (const name of unknownVariables(environment))
    log.warn({ name }, 'nothing reads this variable; a typing error?');
  const world: World = {
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    randomness: { bytes: (length) => randomBytes(length) },
    log,
    ...(context.isInteractive ? { passphrase: (isNew) => askPassphrase(context, isNew) } : {}),
  };
  const app = await compose(config, world).catch((error: unknown) => {
    throw explainStart(error);
  });
  try {
    terminal.stdout.write(welcome(app, config, environment));
    await stopSignal();
    log.info({}, 'draining');
    setTimeout(() => giveUp(log), config.drainSeconds * 1000 + CLOSING_LIMIT_MS).unref();
  } finally {
    await app.close();
  }
}

function giveUp(log: Log): never {
  log.error({}, 'not everything could be closed in time');
  process.exit(EXIT.failed);
}

async function askPassphrase({ terminal }: Context, isNew: boolean): Promise<string> {
  const { askHidden } = await import('./prompt.ts');
  if (!isNew) return askHidden(terminal, 'Passphrase');
  const chosen = await askHidden(terminal, 'New passphrase: without it nothing can be opened again');
  if ((await askHidden(terminal, 'The same again')) === chosen) return chosen;
  throw new CommandFailure(EXIT.usage, 'The two differ: nothing was made. Start again.');
}

/** The first signal drains; a second one ends at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const stop = (signal: 'SIGTERM' | 'SIGINT') => {
      firstMs ??= performance.now();
      resolve();
      if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
