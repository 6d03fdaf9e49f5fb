// Whether the server that runs was started with the settings that are judged here: a variable that is set in one terminal
// only makes every other check speak of a server that is not there. Linux tells what a process was started with.
import { readFileSync } from 'node:fs';
import { knownVariables } from '../../config.ts';
import { type Check, pass, warn, withConfiguration } from './check.ts';
import { serverPid } from './server-view.ts';

export const serverSettings: Check = {
  name: 'server-settings',
  area: 'server',
  run: withConfiguration(({ config }, { environment }) => {
    const pid = serverPid(config.dataDirectory);
    const started = pid === undefined ? undefined : startedWith(pid);
    if (pid === undefined || started === undefined) return [];
    const differing = differences(started, environment);
    if (differing.length === 0)
      return [pass('The server was started with the settings that are judged here')];
    return [
      warn(
        `The server (process ${pid}) was started with other settings than this command has: ${differing.join(', ')}`,
        'Run doorward doctor with the variables the server has; or, if these are the right ones, start the server again with them',
      ),
    ];
  }),
};

/** Names only: values may be passwords. */
export function differences(
  started: Readonly<Record<string, string | undefined>>,
  here: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return knownVariables().filter(
    (name) => !NOT_THE_SERVERS.test(name) && (started[name] ?? '') !== (here[name] ?? ''),
  );
}

/** What commands read and servers do not, what is asked for as well, and the directory, which led to the server. */
const NOT_THE_SERVERS =
  /^DOORWARD_(URL|TOKEN|DATA_DIR|PASSPHRASE|BACKUP_PASSPHRASE|CLIENT_ID|CLIENT_SECRET|MIGRATION_DATABASE_URL)(_FILE)?$/;

function startedWith(pid: number): Readonly<Record<string, string>> | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return Object.fromEntries(entries.map((entry) => splitAt(entry, entry.indexOf('='))));
  } catch {
    return undefined;
  }
}

function splitAt(entry: string, at: number): [name: string, value: string] {
  return [entry.slice(0, Math.max(at, 0)), entry.slice(at + 1)];
}
