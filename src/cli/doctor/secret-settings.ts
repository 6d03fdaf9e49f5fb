// Settings that open something: better in files than in the environment, and in files that others can not read.
import { statSync } from 'node:fs';
import { secretFileVariables, secretVariables } from '../../config.ts';
import { quoted } from '../quoted.ts';
import { type Check, type Finding, warn } from './check.ts';

/** Mounted into a container of one program: nobody else is there, whatever the mode says. */
const MOUNTED = /^(\/var)?\/run\/secrets\//;

export const secretSettings: Check = {
  name: 'secret-settings',
  area: 'configuration',
  run: ({ environment }) => [
    ...secretVariables()
      .filter((name) => name.endsWith('PASSPHRASE') && (environment[name] ?? '') !== '')
      .map((name) =>
        warn(
          `${name} stands in the environment, which programs of the same user can read`,
          `Write it to a file of mode 600 and name that in ${name}_FILE`,
        ),
      ),
    ...secretFileVariables().flatMap((name) => openFile(name, environment)),
  ],
};

function openFile(name: string, environment: Readonly<Record<string, string | undefined>>): Finding[] {
  const path = environment[name] ?? '';
  const mode =
    path === '' || MOUNTED.test(path) ? undefined : statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || (mode & 0o077) === 0) return [];
  return [warn(`Others may read ${path}, which ${name} names`, `chmod 600 ${quoted(path)}`)];
}
