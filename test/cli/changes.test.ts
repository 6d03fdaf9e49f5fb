// `service set`, `grant set` and `grant show`: what is named changes, and the rest stays.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exited } from './process.ts';
import { type CliWorld, createCliWorld } from './world.ts';

const KEY = 'sk-upstream-0f9d2c5b7a13e846';

describe('changes by command line', () => {
  let world: CliWorld;

  beforeAll(async () => {
    world = await createCliWorld();
    await succeed(['secret', 'add', 'acme'], KEY);
    const where = ['--base-url', world.upstreamUrl, '--auth', 'bearer', '--secret', 'acme'];
    await succeed([
      'service',
      'add',
      'acme',
      ...where,
      '--key-env',
      'ACME_KEY',
      '--base-url-env',
      'ACME_URL=/v1',
    ]);
    await succeed(['agent', 'add', 'worker']);
    await succeed(['grant', 'add', 'worker', 'acme', '--allow', 'GET /v1/**']);
  });
  afterAll(async () => world?.close());

  async function succeed(argv: readonly string[], input = ''): Promise<Exited> {
    const ended = await world.doorward(argv, { input });
    if (ended.code !== 0) throw new Error(`doorward ${argv.join(' ')}: ${ended.stderr}`);
    return ended;
  }
  const json = async (argv: readonly string[]) =>
    JSON.parse((await succeed([...argv, '--json'])).stdout) as object;

  test('a service keeps what is not named', async () => {
    const said = await succeed(['service', 'set', 'acme', '--base-url', `${world.upstreamUrl}/below`]);
    expect(said.stderr).toContain(`now sends the secret acme to ${world.upstreamUrl}/below and nowhere else`);
    const changed = await json(['service', 'set', 'acme', '--auth', 'header:X-Acme-Key', '--no-key-env']);
    expect(changed).toMatchObject({
      baseUrl: `${world.upstreamUrl}/below`,
      auth: { kind: 'header', name: 'x-acme-key' },
      keyEnv: null,
      baseUrlEnv: 'ACME_URL',
      baseUrlSuffix: '/v1',
      graceRetry: 'any',
    });
    const again = [
      'service',
      'set',
      'acme',
      '--grace-retry',
      'idempotent',
      '--base-url-env',
      'ACME_BASE',
      '--key-env',
      'KEY',
    ];
    expect(await json(again)).toMatchObject({
      graceRetry: 'idempotent',
      keyEnv: 'KEY',
      baseUrlEnv: 'ACME_BASE',
      baseUrlSuffix: '',
    });
    expect(await json(['service', 'set', 'acme', '--no-base-url-env'])).toMatchObject({
      baseUrlEnv: null,
      baseUrlSuffix: '',
    });
  });

  test('a grant keeps what is not named, and can be shown', async () => {
    const said = await succeed([
      'grant',
      'set',
      'worker',
      'acme',
      '--allow',
      'GET /v1/a',
      '--allow',
      'POST /v1/b',
    ]);
    expect(said.stderr).toContain('Agent worker may now call only "GET /v1/a", "POST /v1/b" of acme.');
    expect(
      await json(['grant', 'set', 'worker', 'acme', '--expires', '2099-01-31T18:00:00+02:00']),
    ).toMatchObject({
      allow: ['GET /v1/a', 'POST /v1/b'],
      expiresAt: '2099-01-31T16:00:00.000Z',
    });
    await succeed(['grant', 'set', 'worker', 'acme', '--allow-all', '--no-expires']);
    expect(await json(['grant', 'show', 'worker', 'acme'])).toMatchObject({
      allow: null,
      expiresAt: null,
      revision: 4,
    });
    expect((await succeed(['grant', 'show', 'worker', 'acme'])).stdout).toMatch(
      /^allow\tevery method and path$/m,
    );
  });

  test('nothing to change, and what contradicts itself, is refused with what to do', async () => {
    const wrong: [readonly string[], RegExp][] = [
      [['service', 'set', 'acme'], /Name what to change/],
      [['service', 'set', 'acme', '--grace-retry', 'sometimes'], /any, idempotent/],
      [['service', 'set', 'acme', '--auth', 'oauth'], /--auth is one of/],
      [['grant', 'set', 'worker', 'acme'], /Name what to change/],
      [
        ['grant', 'set', 'worker', 'acme', '--allow-all', '--allow', 'GET /'],
        /Give one of --allow, --also and --allow-all/,
      ],
      [['grant', 'set', 'worker', 'acme', '--expires', 'tomorrow'], /--expires wants/],
    ];
    for (const [argv, message] of wrong) {
      const ended = await world.doorward(argv);
      expect([argv, ended.code]).toEqual([argv, 2]);
      expect(ended.stderr).toMatch(message);
    }
    expect((await world.doorward(['service', 'set', 'nothing', '--grace-retry', 'any'])).stderr).toContain(
      'There is no service named nothing.',
    );
  });
});
