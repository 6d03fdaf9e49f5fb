// `doorward serve`: runs the server in this process until SIGTERM or SIGINT, then drains.
import { randomBytes } from 'node:crypto';
import { compose, type App } from '../compose.ts';
import { parseServerConfig, unknownVariables } from '../config.ts';
import { createLog } from '../telemetry/log.ts';
import type { Context } from './context.ts';
import { askHidden } from './prompt.ts';

export async function serve({ terminal, flags, isInteractive }: Context): Promise<void> {
  const environment = {
    ...terminal.environment,
    ...(flags.dataDir === undefined ? {} : { DOORWARD_DATA_DIR: flags.dataDir }),
  };
  const config = parseServerConfig(environment);
  const log = createLog(config.logLevel);
  for (const name of unknownVariables(environment))
    log.warn({ name }, 'nothing reads this variable; a typing error?');
  const app = await compose(config, {
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    randomness: { bytes: (length) => randomBytes(length) },
    log,
    ...(isInteractive ? { passphrase: () => askHidden(terminal, 'Passphrase') } : {}),
  });
  terminal.stdout.write(banner(app));
  await stopSignal();
  log.info({}, 'draining');
  await app.close();
}

function banner(app: App): string {
  const next = [
    'doorward secret add openai',
    'doorward service add openai --base-url https://api.openai.com --auth bearer --secret openai --key-env OPENAI_API_KEY --base-url-env OPENAI_BASE_URL=/v1',
    'doorward agent add claude && doorward grant add claude openai && doorward run claude -- env',
  ];
  return `${[`Doorward listens on ${app.url}`, 'Next:', ...next.map((line) => `  ${line}`)].join('\n')}\n`;
}

/** The first signal drains; a second one ends at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve();
        process.once(signal, () => process.exit(130));
      });
    }
  });
}
