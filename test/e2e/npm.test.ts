// npm through a service's own listener, with the settings that the docs name: metadata and packages come with the key, and
// the addresses in the metadata, which lead past the broker, are not followed.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, SECRET_VALUE } from '../support/world.ts';

const [embedded] = testDatabases();
const run = promisify(execFile);

it('npm installs a package from a registry that wants a key', async () => {
  if (embedded === undefined) throw new Error('there is always an embedded database');
  const root = await mkdtemp(join(tmpdir(), 'doorward-npm-'));
  const world = await createWorld({ database: embedded });
  onTestFinished(async () => {
    await world.close();
    await rm(root, { recursive: true, force: true });
  });
  await mkdir(join(root, 'package'));
  await writeFile(join(root, 'package/package.json'), '{"name":"tiny","version":"1.0.0"}');
  await run('tar', ['-czf', 'tiny.tgz', 'package'], { cwd: root });
  const packed = await readFile(join(root, 'tiny.tgz'));
  world.upstream.respond = ({ url, headers }, response) => {
    const tarball = '/tiny/-/tiny-1.0.0.tgz';
    const version = {
      name: 'tiny',
      version: '1.0.0',
      dist: { tarball: `https://registry.invalid${tarball}` },
    };
    if (headers.authorization !== `Bearer ${SECRET_VALUE}`) response.writeHead(401).end();
    else if (url === tarball) response.end(packed);
    else
      response.end(
        JSON.stringify({ name: 'tiny', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
      );
  };
  const { key } = await world.setUp({ service: 'npm', allow: ['GET /**'] });
  const { body } = await world.admin('PATCH', '/v1/services/npm', { listen: '127.0.0.1:0' });
  const address = String(body['address']);
  const project = join(root, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"name":"project","version":"1.0.0"}');
  await writeFile(
    join(project, '.npmrc'),
    `registry=${address}/\n${address.replace('http:', '')}/:_authToken=\${DOORWARD_TOKEN}\nreplace-registry-host=always\n`,
  );
  const token = await world.token('robot', key);
  const env = { HOME: root, PATH: process.env['PATH'], DOORWARD_TOKEN: token };
  await run(
    'npm',
    ['install', 'tiny', '--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts'],
    { cwd: project, env },
  );
  const installed = await readFile(join(project, 'node_modules/tiny/package.json'), 'utf8');
  expect(JSON.parse(installed)).toEqual({ name: 'tiny', version: '1.0.0' });
  expect(world.upstream.seen.map(({ url }) => url)).toEqual(['/tiny', '/tiny/-/tiny-1.0.0.tgz']);
}, 240_000);
