// The sources as JavaScript, for tests that need Doorward's modules in a process of their own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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

/** Compiles modules of `src` and what they import. Types are not checked here. */
export async function compile(...modules: readonly string[]): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'doorward-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of ['node_modules', 'migrations', 'catalogue', 'package.json'])
      await symlink(join(PROJECT, name), join(folder, name));
    const project = {
      extends: join(PROJECT, 'tsconfig.build.json'),
      compilerOptions: { noCheck: true, rootDir: join(PROJECT, 'src'), outDir: join(folder, 'dist') },
      include: [],
      files: modules.map((module) => join(PROJECT, 'src', module)),
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', folder]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
