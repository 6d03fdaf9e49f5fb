// The launcher: starts the built CLI from anywhere, builds once when it must, never in a published package.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compiledLauncher } from '../support/compiled.ts';
import { start } from './process.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout with one source file; its compiler is the project's. */
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-launcher-')));
  cpSync(join(PROJECT, 'bin'), join(root, 'bin'), { recursive: true });
  cpSync(join(PROJECT, 'tsconfig.json'), join(root, 'tsconfig.json'));
  cpSync(join(PROJECT, 'tsconfig.build.json'), join(root, 'tsconfig.build.json'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, 'src/deep'), { recursive: true });
  writeSource('one');
});
afterEach(() => {
  chmodSync(root, 0o755);
  rmSync(root, { recursive: true });
});

function writeSource(word: string): void {
  writeFileSync(join(root, 'src/deep/word.ts'), `export const word: string = '${word}';\n`);
  writeFileSync(
    join(root, 'src/main.ts'),
    "import { word } from './deep/word.ts';\nprocess.stdout.write(`${word} ${process.argv.slice(2).join(' ')}\\n`);\n",
  );
}

const launch = async (argv: readonly string[] = [], workingDirectory = root) =>
  start(join(root, 'bin/doorward.js'), argv, { workingDirectory });

describe('in a checkout', () => {
  test('the first start builds and says so, the second only starts', async () => {
    expect(await launch(['a', '--b'])).toMatchObject({
      code: 0,
      stdout: 'one a --b\n',
      stderr: 'building…\n',
    });
    expect(await launch()).toMatchObject({ code: 0, stdout: 'one \n', stderr: '' });
  });

  test('a changed, added or removed source is built before it runs', async () => {
    await launch();
    writeSource('two');
    expect(await launch()).toMatchObject({ stdout: 'two \n', stderr: 'building…\n' });
    writeFileSync(join(root, 'src/deep/more.ts'), 'export const more = 1;\n');
    expect((await launch()).stderr).toBe('building…\n');
    rmSync(join(root, 'src/deep/more.ts'));
    expect((await launch()).stderr).toBe('building…\n');
    expect(existsSync(join(root, 'dist/deep/more.js'))).toBe(false);
    expect((await launch()).stderr).toBe('');
  });

  test('processes that start together build once, and all run', async () => {
    const started = await Promise.all([launch(), launch(), launch(), launch()]);
    expect(started.map(({ stdout }) => stdout)).toEqual(['one \n', 'one \n', 'one \n', 'one \n']);
    expect(started.filter(({ stderr }) => stderr.includes('building')).length).toBe(1);
    expect(readdirSync(root).filter((name) => name.startsWith('.dist-'))).toEqual([]);
  });

  test('a lock whose holder died, and one left half-made long ago, are taken over', async () => {
    const lock = join(root, '.dist-lock');
    writeFileSync(lock, '2147483646');
    expect(await launch()).toMatchObject({ code: 0, stdout: 'one \n' });
    writeSource('two');
    writeFileSync(lock, '');
    utimesSync(lock, new Date(0), new Date(0));
    expect(await launch()).toMatchObject({ code: 0, stdout: 'two \n' });
    expect(existsSync(lock)).toBe(false);
  });

  test('a source that does not compile runs nothing and leaves the last build as it was', async () => {
    await launch();
    writeFileSync(join(root, 'src/deep/word.ts'), 'export const word: string = 1;\n');
    const failed = await launch();
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/word\.ts\(1,14\): error TS2322.*\ndoorward: the build failed\.\n$/);
    expect(readdirSync(root).filter((name) => name.startsWith('.dist-'))).toEqual([]);
    writeSource('three');
    expect((await launch()).stdout).toBe('three \n');
  });

  test('it starts from any directory, and through a link in PATH', async () => {
    await launch();
    mkdirSync(join(root, 'path'));
    symlinkSync(join(root, 'bin/doorward.js'), join(root, 'path/doorward'));
    const environment = { PATH: `${join(root, 'path')}:${process.env['PATH'] ?? ''}` };
    const ended = await start('doorward', ['x'], { workingDirectory: tmpdir(), environment });
    expect(ended).toMatchObject({ code: 0, stdout: 'one x\n', stderr: '' });
  });

  test('one that can not be built runs the build it has, with a word about it', async () => {
    await launch();
    writeSource('two');
    rmSync(join(root, 'node_modules'));
    const ended = await launch();
    expect(ended).toMatchObject({ code: 0, stdout: 'one \n' });
    expect(ended.stderr).toMatch(/older than src|src is newer than dist.*npm ci/);
    rmSync(join(root, 'dist'), { recursive: true });
    expect((await launch()).code).toBe(1);
  });

  test('one that can not be written, but is built, starts', async () => {
    await launch();
    chmodSync(root, 0o555);
    expect(await launch()).toMatchObject({ code: 0, stdout: 'one \n', stderr: '' });
  });
});

test('a published package has no sources and never builds', async () => {
  await launch();
  rmSync(join(root, 'src'), { recursive: true });
  rmSync(join(root, 'node_modules'));
  const before = statSync(join(root, 'dist')).mtimeMs;
  expect(await launch()).toMatchObject({ code: 0, stdout: 'one \n', stderr: '' });
  expect(statSync(join(root, 'dist')).mtimeMs).toBe(before);
});

describe('the built CLI', () => {
  test('its top-level help loads the command parser and nothing heavy', async () => {
    const hooks =
      "export async function load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); }";
    const register = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));`;
    const watching = ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
    const { code, stdout, stderr } = await start(process.execPath, [
      ...watching,
      compiledLauncher(),
      '--help',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:/);
    const loaded = [...stderr.matchAll(/loaded (\S+)/g)].map(([, url = '']) => url);
    expect(loaded.some((url) => url.includes('/commander/'))).toBe(true);
    expect(
      loaded.filter((url) =>
        /\/(zod|undici|drizzle-orm|hono|jose|pino|@clack|operations|store|config\.js)\b/.test(url),
      ),
    ).toEqual([]);
  });
});
