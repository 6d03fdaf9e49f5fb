// The sources as JavaScript, for tests that need Doorward's modules in a process of their own: compiled once for a run.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

interface Compiled {
  /** An installation. No sources, so that it never builds. */
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/** Compiles all of `src`. Types are not checked here. */
export async function compileProject(): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), 'doorward-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of ['node_modules', 'migrations', 'catalogue', 'package.json'])
      await symlink(join(PROJECT, name), join(folder, name));
    cpSync(join(PROJECT, 'bin'), join(folder, 'bin'), { recursive: true });
    const project = {
      extends: join(PROJECT, 'tsconfig.build.json'),
      compilerOptions: { noCheck: true, rootDir: join(PROJECT, 'src'), outDir: join(folder, 'dist') },
      include: [join(PROJECT, 'src')],
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
