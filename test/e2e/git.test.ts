// git through the broker, with the settings and the helper that the docs name: clones, fetches and pushes of any size against
// a real git server that checks the real key, which git never holds.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ONE_COMMAND } from '../cli/process.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { testDatabases } from '../support/database.ts';
import { type GitUpstream, startGitUpstream } from '../support/git-upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const KEY = 'ghp_7Wq2LxT9vRk4ZmPa8HcJ6yNd5GsA1eUf3BoX';
const PAIR = `x-access-token:${KEY}`;
const run = promisify(execFile);

describe('git', () => {
  let world: World;
  let upstream: GitUpstream;
  let root: string;
  let bin: string;
  let renewing: NodeJS.Timeout | undefined;
  let environment: Record<string, string>;
  const broker = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    root = await mkdtemp(join(tmpdir(), 'doorward-git-'));
    bin = join(root, 'bin');
    await mkdir(join(root, 'server'));
    await mkdir(bin);
    const program = [process.execPath, ...ONE_COMMAND, compiledLauncher()].join(' ');
    await writeFile(join(bin, 'doorward'), `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
    await run('git', ['init', '--bare', '--initial-branch=main', join(root, 'server/acme/tools.git')]);
    upstream = await startGitUpstream(join(root, 'server'), PAIR);
    world = await createWorld({ database: embedded });
    await world.setUp({ service: 'github-git', baseUrl: upstream.url, auth: { kind: 'basic' }, value: PAIR });
    const { body } = await world.admin('POST', '/v1/runs', { agent: 'robot' });
    renewing = setInterval(() => {
      world.admin('POST', `/v1/runs/${String(body['run'])}/renew`).catch(() => undefined); // as `doorward run` does
    }, 3000);
    environment = {
      HOME: root,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      DOORWARD_URL: broker(),
      DOORWARD_TOKEN: String(body['placeholder']),
    };
    const setup = await run(
      join(bin, 'doorward'),
      ['git-credential', 'setup', 'github-git', '--instead-of', 'https://github.com/'],
      { env: environment },
    );
    await run('sh', ['-c', setup.stdout], { env: environment });
    await git(root, 'config', '--global', 'user.email', 'robot@example.test');
    await git(root, 'config', '--global', 'user.name', 'Robot');
  }, 240_000);
  afterAll(async () => {
    clearInterval(renewing);
    await world?.close();
    await upstream?.close();
    await rm(root, { recursive: true, force: true });
  });

  async function git(cwd: string, ...argv: string[]): Promise<string> {
    const { stdout, stderr } = await run('git', argv, { cwd, env: environment });
    return stdout + stderr;
  }
  const helper = async (action: string, asked: string, env = environment) => {
    const running = run(join(bin, 'doorward'), ['git-credential', action], { env });
    running.child.stdin?.end(asked);
    return (await running).stdout;
  };

  it('clones, pushes what is larger than any buffer, and fetches it elsewhere', async () => {
    await git(root, 'clone', 'https://github.com/acme/tools.git', 'first');
    const first = join(root, 'first');
    const large = randomBytes(24 * 1024 * 1024);
    await writeFile(join(first, 'large.bin'), large);
    await git(first, 'add', '.');
    await git(first, 'commit', '-m', 'A large file');
    await git(first, 'push', 'origin', 'HEAD:main');
    await git(root, 'clone', 'https://github.com/acme/tools.git', 'second');
    expect((await readFile(join(root, 'second/large.bin'))).equals(large)).toBe(true);
    await writeFile(join(first, 'small.txt'), 'small\n');
    await git(first, 'add', '.');
    await git(first, 'commit', '-m', 'A small one');
    await git(first, 'push', 'origin', 'HEAD:main');
    await git(join(root, 'second'), 'pull', '--ff-only');
    expect(await readFile(join(root, 'second/small.txt'), 'utf8')).toBe('small\n');
    const good = `Basic ${Buffer.from(PAIR).toString('base64')}`;
    expect(new Set(upstream.seen)).toEqual(new Set([good]));
    const kept = await run('grep', ['-rlE', `${KEY}|${environment['DOORWARD_TOKEN'] ?? ''}`, root]).catch(
      (error: { stdout: string }) => error,
    );
    expect(kept.stdout).toBe('');
  }, 240_000);

  it('may be let fetch and not push', async () => {
    const { status } = await world.admin('PATCH', '/v1/agents/robot/grants/github-git', {
      allow: ['GET /acme/tools.git/info/refs', 'POST /acme/tools.git/git-upload-pack'],
    });
    expect(status).toBe(200);
    await git(root, 'clone', 'https://github.com/acme/tools.git', 'third');
    const third = join(root, 'third');
    await git(third, 'commit', '--allow-empty', '-m', 'Nothing');
    await expect(git(third, 'push', 'origin', 'HEAD:main')).rejects.toThrow(/403/);
    await expect(git(root, 'clone', 'https://github.com/acme/other.git')).rejects.toThrow(/403/);
  }, 240_000);

  it('is told nothing for any other host, and nothing without a run', async () => {
    const { host } = new URL(broker());
    const token = environment['DOORWARD_TOKEN'] ?? '';
    const asked = (at: string, protocol = 'http') => `protocol=${protocol}\nhost=${at}\n\n`;
    expect(await helper('get', asked(host))).toBe(`username=x-access-token\npassword=${token}\n`);
    for (const other of [
      asked('github.com', 'https'),
      asked('127.0.0.1:1'),
      asked(`evil.test\\@${host}`),
      asked(`${host}.evil.test`),
      asked(host, 'https'),
      asked(host, 'ssh'),
      'protocol=http\n\n',
      '',
    ])
      expect([other, await helper('get', other)]).toEqual([other, '']);
    expect(await helper('store', `${asked(host)}password=x\n`)).toBe('');
    expect(await helper('erase', asked(host))).toBe('');
    const { DOORWARD_TOKEN: _token, ...outside } = environment;
    expect(await helper('get', asked(host), outside)).toBe('');
  }, 240_000);

  it('works for an agent with its own key', async () => {
    const { body } = await world.admin('POST', '/v1/agents', { name: 'builder' });
    await writeFile(join(root, 'builder.key'), String(body['key']), { mode: 0o600 });
    await world.admin('POST', '/v1/grants', { agent: 'builder', service: 'github-git' });
    const { host, origin } = new URL(broker());
    const home = join(root, 'home');
    await mkdir(home);
    const env = { HOME: home, PATH: environment['PATH'], GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' };
    const argv = [
      '--url',
      origin,
      'git-credential',
      '--agent',
      'builder',
      '--key-file',
      join(root, 'builder.key'),
    ];
    const setup = await run(
      join(bin, 'doorward'),
      [...argv, 'setup', 'github-git', '--instead-of', 'https://github.com/'],
      { env },
    );
    await run('sh', ['-c', setup.stdout], { env });
    await run('git', ['clone', 'https://github.com/acme/tools.git', join(home, 'tools')], { env });
    expect(host).not.toBe('');
    const calls = await world.events('call.intent');
    expect(calls.at(-1)).toMatchObject({ principal: { name: 'builder' }, method: 'POST' });
  }, 240_000);
});
