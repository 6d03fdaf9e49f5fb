// `doorward placeholder`, guards by command line, and what is said of both.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exited } from './process.ts';
import { type CliWorld, createCliWorld } from './world.ts';

const KEY = 'sk-upstream-0f9d2c5b7a13e846';

describe('placeholders and guards by command line', () => {
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
      '--deny',
      'post /v1/keys/**',
      '--deny',
      'DELETE /v1/{id}',
    ]);
    await succeed(['agent', 'add', 'worker']);
  });
  afterAll(async () => world?.close());

  async function succeed(argv: readonly string[], input = ''): Promise<Exited> {
    const ended = await world.doorward(argv, { input });
    if (ended.code !== 0) throw new Error(`doorward ${argv.join(' ')}: ${ended.stderr}`);
    return ended;
  }
  const json = async (argv: readonly string[]) =>
    JSON.parse((await succeed([...argv, '--json'])).stdout) as Record<string, unknown>;

  test('a grant of everything tells which guards deny a part of it', async () => {
    const { stderr } = await succeed(['grant', 'add', 'worker', 'acme']);
    expect(stderr).toContain(
      'may now call every method and path of acme, but for what its guards deny: "POST /v1/keys/**", "DELETE /v1/{id}".',
    );
  });

  test('guards are replaced, shown and taken away', async () => {
    const said = await succeed(['service', 'set', 'acme', '--deny', 'POST /v1/admin/**']);
    expect(said.stderr).toContain('Whatever is granted, its guards deny "POST /v1/admin/**".');
    expect((await succeed(['service', 'show', 'acme'])).stdout).toMatch(/^guards\tPOST \/v1\/admin\/\*\*$/m);
    expect(await json(['service', 'set', 'acme', '--refusal-shape', 'stripe'])).toMatchObject({
      deny: ['POST /v1/admin/**'],
      refusalShape: 'stripe',
    });
    const none = await json(['service', 'set', 'acme', '--no-deny', '--no-refusal-shape']);
    expect(none).toMatchObject({ deny: [], refusalShape: null });
    const { stderr } = await succeed(['grant', 'set', 'worker', 'acme', '--allow-all']);
    expect(stderr).toContain('may now call every method and path of acme.');
    for (const [flag, value] of [
      ['--deny', 'v1/keys'],
      ['--refusal-shape', 'nobody'],
    ] as const) {
      const refused = await world.doorward(['service', 'set', 'acme', flag, value]);
      expect([flag, refused.code]).toEqual([flag, expect.any(Number)]);
      expect(refused.code).toBeGreaterThan(0);
      expect(refused.stderr).not.toContain('    at ');
    }
  });

  test('a placeholder is printed once, alone on stdout, and works until it is revoked', async () => {
    const { stdout, stderr } = await succeed(['placeholder', 'add', 'worker', 'acme', '--expires', '8h']);
    const placeholder = stdout.trim();
    expect(stdout).toMatch(/^dw_placeholder_\w{49}\n$/);
    const id = /\bplh_[0-9a-z]{26}\b/.exec(stderr)?.[0] ?? '';
    expect(stderr).toContain(`${id} stands for the key of acme, for worker alone until `);
    const { url } = await json(['status']);
    const call = () =>
      world.doorward(['call', 'acme', 'GET', '/v1/x'], {
        environment: { DOORWARD_URL: String(url), DOORWARD_TOKEN: placeholder },
      });
    expect((await call()).code).toBe(0);
    const listed = await succeed(['placeholder', 'list', '--agent', 'worker']);
    expect(listed.stdout.trim().split('\t')).toEqual([
      'worker',
      'acme',
      expect.any(String),
      expect.any(String),
      id,
    ]);
    expect(listed.stdout).not.toContain(placeholder);
    const revoked = await succeed(['placeholder', 'revoke', id]);
    expect(revoked.stderr).toContain('The placeholder of worker for acme is worthless.');
    expect((await call()).code).toBe(4);
    expect((await succeed(['placeholder', 'list'])).stdout).toBe('');
  });

  test.each([
    [['placeholder', 'add', 'worker', 'acme', '--expires', '0'], /--expires wants a duration/],
    [['placeholder', 'add', 'worker', 'acme', '--expires', 'soon'], /--expires wants a duration/],
    [['placeholder', 'add', 'worker', 'nothing'], /no service named nothing/],
    [['placeholder', 'add', 'nobody', 'acme'], /no agent named nobody/],
    [['placeholder', 'revoke', 'acme'], /named by its id/],
    [['placeholder', 'revoke', 'plh_01jd8m4q6ve3rr1vh5x2ykt9c7'], /no placeholder plh_/],
  ])('doorward %j says what is wrong', async (argv, message) => {
    const { code, stdout, stderr } = await world.doorward(argv);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });
});
