// A container registry through a service's own listener, with a client and a registry of Debian's: images go up and come down
// with the registry's real password, which the client never holds.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { freePort } from '../../src/attack/free-port.ts';
import { createWorld } from '../support/world.ts';

const [embedded] = testDatabases();
const run = promisify(execFile);
const USER = 'builder';
const PASSWORD = 'r3gistry-Passw0rd-4711';
/** bcrypt of the password. */
const HTPASSWD = `${USER}:$2y$05$99gZVAZEUz08/O2DEnEWIutnPTZnWfsJ8UM.dl5y6uAIIATiDqdWG`;

const missing = ['skopeo', 'docker-registry'].filter(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
);
if (missing.length > 0) console.log(`container registry: not tried, there is no ${missing.join(' and no ')}`);

describe('a container registry', () => {
  it('is asked for its password before it shows a token of ours', async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const world = await createWorld({ database: embedded });
    onTestFinished(() => world.close());
    await world.setUp({ service: 'registry', auth: { kind: 'basic' }, value: `${USER}:${PASSWORD}` });
    const { body } = await world.admin('PATCH', '/v1/services/registry', { listen: '127.0.0.1:0' });
    const challenge = async (path: string) =>
      (await fetch(`${String(body['address'])}${path}`)).headers.get('www-authenticate');
    expect(await challenge('/v2/')).toBe('Basic realm="doorward"');
    expect(await challenge('/v1/')).toMatch(/^Bearer /);
  });

  if (missing.length > 0) return;

  it('takes and gives images through the broker', async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    const root = await mkdtemp(join(tmpdir(), 'doorward-registry-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const registry = await startRegistry(root);
    const world = await createWorld({ database: embedded });
    onTestFinished(() => world.close());
    await world.setUp({
      service: 'registry',
      baseUrl: registry,
      auth: { kind: 'basic' },
      value: `${USER}:${PASSWORD}`,
    });
    const { body: service } = await world.admin('PATCH', '/v1/services/registry', { listen: '127.0.0.1:0' });
    const { body: made } = await world.admin('POST', '/v1/placeholders', {
      agent: 'robot',
      service: 'registry',
    });
    const host = new URL(String(service['address'])).host;
    const placeholder = String(made['placeholder']);
    const layer = gzipSync(randomBytes(6 * 1024 * 1024));
    await writeImage(join(root, 'image'), layer);
    const skopeo = (...argv: string[]) =>
      run('skopeo', ['--insecure-policy', ...argv], {
        env: { HOME: root, XDG_RUNTIME_DIR: root, PATH: process.env['PATH'] },
      });
    await skopeo('login', '--tls-verify=false', '--username', 'robot', '--password', placeholder, host);
    const image = `docker://${host}/tools/tiny:1`;
    await skopeo('copy', '--dest-tls-verify=false', `oci:${join(root, 'image')}:1`, image);
    await skopeo('copy', '--src-tls-verify=false', image, `oci:${join(root, 'back')}:1`);
    const digest = createHash('sha256').update(layer).digest('hex');
    expect((await readFile(join(root, 'back/blobs/sha256', digest))).equals(layer)).toBe(true);
    const wrong = [
      'login',
      '--tls-verify=false',
      '--username',
      'robot',
      '--password',
      `${placeholder}x`,
      host,
    ];
    await expect(skopeo(...wrong)).rejects.toThrow('login');
    const bare = await fetch(`${registry}/v2/`);
    expect(bare.status).toBe(401);
    const kept = await run('grep', ['-rlF', PASSWORD, root]).catch((error: { stdout: string }) => error);
    expect(kept.stdout).toBe('');
  }, 240_000);
});

async function startRegistry(root: string): Promise<string> {
  const port = await freePort();
  await mkdir(join(root, 'storage'));
  await writeFile(join(root, 'htpasswd'), `${HTPASSWD}\n`);
  await writeFile(
    join(root, 'registry.yml'),
    [
      'version: 0.1',
      'log: {level: error, accesslog: {disabled: true}}',
      `storage: {filesystem: {rootdirectory: ${join(root, 'storage')}}}`,
      `http: {addr: "127.0.0.1:${port}"}`,
      `auth: {htpasswd: {realm: registry, path: ${join(root, 'htpasswd')}}}`,
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', join(root, 'registry.yml')], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        fetch(`${url}/v2/`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 60_000 },
    )
    .toBe(401);
  return url;
}

/** An image of one layer in OCI's layout. */
async function writeImage(folder: string, layer: Buffer): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  const put = async (bytes: Buffer | string) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(folder, 'blobs/sha256', digest), bytes);
    return { digest: `sha256:${digest}`, size: Buffer.byteLength(bytes) };
  };
  const stored = await put(layer);
  const rootfs = { type: 'layers', diff_ids: [stored.digest] };
  const config = await put(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
  const manifest = await put(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...stored }],
    }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, ...manifest, annotations }] }),
  );
}
