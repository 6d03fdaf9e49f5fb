// The root key: whether it opens what is stored. On Postgres it is tried, without writing; embedded, only the server can.
import { Problem } from '../../core/problem.ts';
import { type Check, type Configured, fail, type Finding, pass, warn, withConfiguration } from './check.ts';
import { lookAt } from './database-answer.ts';

export const rootKey: Check = {
  name: 'root-key',
  area: 'root key',
  run: withConfiguration(async (configured) => {
    const view = await configured.server();
    const opened: Finding[] =
      view.state === 'answers' && view.checks['rootKey'] === 'ok'
        ? [pass('The server has opened its keys: the root key it was started with is the right one')]
        : [];
    const { config } = configured;
    if (config.databaseUrl !== undefined) return [...opened, ...(await tryOnPostgres(configured))];
    if (opened.length > 0) return opened;
    return [pass('Whether the root key opens the embedded database is only known by starting the server')];
  }),
};

async function tryOnPostgres({ config, inspector }: Configured): Promise<Finding[]> {
  const found = await lookAt(() => inspector.database());
  const installation = found.database?.installation;
  if (installation === undefined) return []; // the checks of the database say what is wrong with it, or it is empty
  if (config.rootKeyProvider === 'passphrase' && config.passphrase === undefined) {
    return [
      warn(
        'The passphrase is not configured here, so it was not tried',
        'Name its file in DOORWARD_PASSPHRASE_FILE, and run doorward doctor again',
      ),
    ];
  }
  const slots = installation.slots.map(({ id, provider }) => `${id} (${provider})`).join(', ');
  try {
    if (await inspector.opensSlot(installation))
      return [pass('The configured root key opens a slot of this installation')];
    return [
      fail(
        `The configured root key (${config.rootKeyProvider}) opens none of the slots ${slots}`,
        'Give the root key this installation was made with: DOORWARD_ROOT_KEY_FILE, or DOORWARD_ROOT_KEY_PROVIDER',
      ),
    ];
  } catch (error) {
    if (error instanceof Problem) return [fail(error.message, 'A start would end with the same message')];
    throw error;
  }
}
