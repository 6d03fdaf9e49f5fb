// `doorward serve`: runs the server in this process until SIGTERM or SIGINT, then drains.
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { App, World } from '../compose.ts';
import { knownVariables, parseServerConfig, type ServerConfig, unknownVariables } from '../config.ts';
import { systemRandomness } from '../crypto/randomness.ts';
import { openGround } from '../ground.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { type Context, effectiveEnvironment } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { nearest } from './nearest.ts';
import { explainStart } from './start-failure.ts';
import { welcome } from './welcome.ts';

/** A terminal's interrupt reaches the server twice when npm started it: itself, and handed on. */
const SAME_SIGNAL_MS = 200;
/** What closing may take beyond draining, before the process ends with things left open. */
const CLOSING_LIMIT_MS = 20_000;
/**
 * V8 learns to put what often outlives one collection among its old objects at once. Here those are pieces of calls: they end
 * milliseconds later, and until all old objects are looked at they keep what is left of their calls alive, to be copied.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring';

export async function serve(context: Context): Promise<void> {
  setFlagsFromString(NO_PRETENURING);
  const { terminal } = context;
  const environment = effectiveEnvironment(context);
  const config = parseServerConfig(environment);
  const log = createLog(config.logLevel);
  for (const name of unknownVariables(environment)) {
    const [meant] = nearest(name, knownVariables());
    const question = meant === undefined ? 'a typing error?' : `is ${meant} meant?`;
    log.warn({ name }, `nothing reads this variable; ${question}`);
  }
  const world: World = {
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    randomness: systemRandomness(),
    log,
    ...(context.isInteractive ? { passphrase: (isNew) => askPassphrase(context, isNew) } : {}),
  };
  const app = await start(config, world).catch((error: unknown) => {
    throw explainStart(error);
  });
  try {
    // From here on there is more to lose than a greeting that nobody reads or a disk has no room for.
    terminal.stdout.removeAllListeners('error').on('error', () => undefined);
    terminal.stdout.write(
      welcome({ ...app, isFrozen: app.authority.frozen !== undefined }, config, environment),
    );
    await stopSignal();
    log.info({}, 'draining');
    setTimeout(() => giveUp(log), config.drainSeconds * 1000 + CLOSING_LIMIT_MS).unref();
  } finally {
    await app.close();
  }
}

/** The ground is opened before the rest is even loaded. */
async function start(config: ServerConfig, world: World): Promise<App> {
  const { clock, randomness, log } = world;
  const ground = await openGround(config, { clock, randomness }, log);
  const { compose } = await import('../compose.ts');
  return await compose(config, world, ground);
}

function giveUp(log: Log): never {
  log.error({}, 'not everything could be closed in time');
  process.exit(EXIT.failed);
}

async function askPassphrase({ terminal }: Context, isNew: boolean): Promise<string> {
  const { askHidden, askHiddenTwice } = await import('./prompt.ts');
  return isNew
    ? askHiddenTwice(terminal, 'New passphrase: without it nothing can be opened again')
    : askHidden(terminal, 'Passphrase');
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
