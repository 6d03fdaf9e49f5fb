// Where the compiled project of this run is: an installation, with `bin/doorward.js`.
import { inject } from 'vitest';
import { join } from 'node:path';

/** Holds `dist` and `bin`, and beside them what a real installation has there. For all tests of a run: nobody changes it. */
export function compiledFolder(): string {
  return inject('compiledFolder');
}

export function compiledLauncher(): string {
  return join(compiledFolder(), 'bin/doorward.js');
}
