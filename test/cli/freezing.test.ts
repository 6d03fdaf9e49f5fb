// Decoys and frozen grants by command line, against a server: what is shown, what a call comes to after, and the way back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAcme, type CliWorld, createCliWorld } from './world.ts';

describe('guards by command line', () => {
  let world: CliWorld;
  beforeAll(async () => {
    world = await createCliWorld();
    await addAcme(world);
    expect((await world.doorward(['grant', 'add', 'worker', 'acme'])).code).toBe(0);
  });
  afterAll(() => world?.close());

  const call = (...more: readonly string[]) =>
    world.doorward(['call', 'acme', 'GET', '/ok', '--agent', 'worker', ...more]);

  describe('grant freeze', () => {
    test('stops the calls under a grant with its reason, until grant unfreeze', async () => {
      expect((await call()).code).toBe(0);
      const frozen = await world.doorward(['grant', 'freeze', 'worker', 'acme', '--reason', 'odd calls']);
      expect([frozen.code, frozen.stderr]).toEqual([
        0,
        'The grant of worker on acme is frozen: no call under it starts.\n',
      ]);
      const arrived = world.arrived.length;
      const refused = await call();
      expect([refused.code, world.arrived.length]).toEqual([5, arrived]);
      expect(refused.stderr).toMatch(/frozen/);
      const shown = await world.doorward(['grant', 'show', 'worker', 'acme']);
      expect(shown.stdout).toMatch(/odd calls/);
      const thawed = await world.doorward(['grant', 'unfreeze', 'worker', 'acme']);
      expect([thawed.code, thawed.stderr]).toEqual([
        0,
        expect.stringContaining('Agent worker may call acme again.'),
      ]);
      expect((await call()).code).toBe(0);
      const log = await world.doorward(['audit', 'list', '--json']);
      expect([log.stdout.includes('"grant.freeze"'), log.stdout.includes('"grant.unfreeze"')]).toEqual([
        true,
        true,
      ]);
    });

    test('is the record with --json, the same when done twice, and says which grant there is not', async () => {
      for (let count = 0; count < 2; count += 1) {
        const frozen = await world.doorward(['grant', 'freeze', 'worker', 'acme', '--json']);
        expect([frozen.code, JSON.parse(frozen.stdout)]).toMatchObject([
          0,
          { agent: 'worker', service: 'acme', frozenAt: expect.any(String) },
        ]);
      }
      for (let count = 0; count < 2; count += 1)
        expect((await world.doorward(['grant', 'unfreeze', 'worker', 'acme'])).code).toBe(0);
      for (const verb of ['freeze', 'unfreeze']) {
        const none = await world.doorward(['grant', verb, 'worker', 'nothing']);
        expect([none.code, none.stdout]).toEqual([1, '']);
        expect(none.stderr).toMatch(/nothing/);
        expect(none.stderr).not.toMatch(/^\s+at /m);
      }
    });
  });

  describe('secret add --decoy', () => {
    test('shows a value of the vendor’s look once, on stdout alone; who sends it is frozen', async () => {
      const made = await world.doorward(['secret', 'add', 'planted', '--decoy', '--like', 'openai']);
      const value = made.stdout.trim();
      expect([made.code, value]).toEqual([0, expect.stringMatching(/^sk-[A-Za-z0-9_-]{20,}$/)]);
      expect(made.stderr).toMatch(/Decoy planted is stored\..*Shown only now:/);
      expect(made.stderr).not.toContain(value);
      const listed = await world.doorward(['secret', 'list']);
      expect(listed.stdout).toMatch(/planted.*decoy/);
      expect(listed.stdout).not.toContain(value);
      const arrived = world.arrived.length;
      const sent = await call('-H', `x-note: ${value}`);
      expect([sent.code, world.arrived.length]).toEqual([5, arrived]);
      expect((await call()).code).toBe(5);
      const alarms = await world.doorward(['audit', 'list', '--kind', 'guard.alarm']);
      expect(alarms.stdout).toMatch(/decoy-touched: worker at acme \(header x-note\), agent-frozen/);
      expect(alarms.stdout + sent.stderr).not.toContain(value);
      expect((await world.doorward(['agent', 'unfreeze', 'worker'])).code).toBe(0);
      expect((await call()).code).toBe(0);
    });

    test('can not be what a service sends', async () => {
      const added = await world.doorward([
        'service',
        'add',
        'trap',
        '--base-url',
        world.upstreamUrl,
        '--auth',
        'bearer',
        '--secret',
        'planted',
      ]);
      expect(added.code).not.toBe(0);
      expect(added.stderr).toMatch(/decoy/);
    });

    test.each([
      [['--decoy', '--like', 'no-such-vendor'], /no catalogue entry named no-such-vendor/],
      [['--like', 'openai'], /--like is for a decoy: add --decoy/],
      [['--decoy', '--from-file', 'key.txt'], /A decoy's value is made up/],
      [['--decoy', '--kind', 'oauth2-client'], /A decoy's value is made up/],
    ])('refuses %j with what to do instead, and stores nothing', async (options, message) => {
      const ended = await world.doorward(['secret', 'add', 'other', ...options]);
      expect([ended.code, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(message);
      expect((await world.doorward(['secret', 'list'])).stdout).not.toContain('other');
    });
  });
});
