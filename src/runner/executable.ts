// Finding a program as a shell would.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The path of a program: as given if it holds a slash, else the first executable file of that name in PATH. */
export function findExecutable(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (name.includes('/')) return isExecutable(resolve(name)) ? resolve(name) : undefined;
  const directories = (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return directories.map((directory) => resolve(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
