// GitHub's command line through a service's unix socket, with the settings that the docs name: it calls by the host name of the
// service in plain HTTP, turns pages, and never holds the key.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const GH = process.env['DOORWARD_CLIENTS_GH'] ?? '';
const KEY = 'ghp_7Wq2LxT9vRk4ZmPa8HcJ6yNd5GsA1eUf3BoX';
const run = promisify(execFile);
if (!existsSync(GH)) console.log('gh: not tried, DOORWARD_CLIENTS_GH names no program');

describe('gh', () => {
  let world: World;
  let root: string;
  let gh: (...argv: string[]) => Promise<{ stdout: string; stderr: string }>;
  let placeholder: string;
  let socket: string;

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    root = await mkdtemp(join(tmpdir(), 'dw-gh-'));
    socket = join(root, 'gh.sock');
    world = await createWorld({ database: embedded });
    await world.setUp({ service: 'github', value: KEY, allow: ['GET /api/v3/**'] });
    const { status } = await world.admin('PATCH', '/v1/services/github', { listen: `unix:${socket}` });
    expect(status).toBe(200);
    const { body } = await world.admin('POST', '/v1/placeholders', { agent: 'robot', service: 'github' });
    placeholder = String(body['placeholder']);
    await writeFile(join(root, 'config.yml'), `version: "1"\nhttp_unix_socket: ${socket}\n`, { mode: 0o600 });
    const env = {
      HOME: root,
      GH_CONFIG_DIR: root,
      GH_HOST: new URL(world.upstream.url).hostname,
      GH_ENTERPRISE_TOKEN: placeholder,
      CI: '1', // so that it asks for no newer version of itself
      PATH: process.env['PATH'],
    };
    gh = (...argv) => run(GH, argv, { env });
    world.upstream.respond = ({ url, headers }, response) => {
      if (headers.authorization !== `Bearer ${KEY}`) return void response.writeHead(401).end();
      const { pathname, searchParams } = new URL(url, 'http://upstream');
      const page = Number(searchParams.get('page') ?? '1');
      const next = `<${world.upstream.url}${pathname}?page=${page + 1}>; rel="next"`;
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(pathname.endsWith('/repos') && page < 3 ? { link: next } : {}),
      });
      response.end(pathname.endsWith('/repos') ? `[{"id":${page}}]` : JSON.stringify({ login: KEY }));
    };
  });
  afterAll(async () => {
    await world?.close();
    await rm(root, { recursive: true, force: true });
  });

  it('has a socket that only its user reaches, and that answers for no other host', async () => {
    const { stdout } = await run('curl', ['-s', '--unix-socket', socket, 'http://github.example.test/']);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'host-not-allowed' });
    expect((await run('stat', ['-c', '%a', socket])).stdout.trim()).toBe('600');
  });

  if (!existsSync(GH)) return;

  it('calls with the key and does not see it', async () => {
    const { stdout } = await gh('api', 'user');
    expect(JSON.parse(stdout)).toEqual({ login: '*'.repeat(KEY.length) });
  });

  it('turns pages', async () => {
    const { stdout } = await gh('api', '--paginate', 'user/repos', '--jq', '.[].id');
    expect(stdout.trim().split('\n')).toEqual(['1', '2', '3']);
  });

  it('says what it is refused', async () => {
    const refused = await gh('api', '-X', 'DELETE', 'repos/acme/tools').catch(
      (error: { stderr: string }) => error,
    );
    expect(refused.stderr).toMatch(/HTTP 403/);
    expect(world.upstream.seen.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});
