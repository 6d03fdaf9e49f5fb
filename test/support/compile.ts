// The sources as JavaScript, for tests that need Doorward's modules in a process of their own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface Compiled {
  /** Holds `dist`, and beside it what a real installation has there. */
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

export async function compile(): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'doorward-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of ['node_modules', 'migrations', 'package.json'])
      await symlink(join(PROJECT, name), join(folder, name));
    const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
    const options = [
      '-p',
      join(PROJECT, 'tsconfig.build.json'),
      '--noCheck',
      '--outDir',
      join(folder, 'dist'),
    ];
    await promisify(execFile)(process.execPath, [tsc, ...options]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
