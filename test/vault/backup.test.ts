// Backups: whole and consistent while everything goes on, opened by nothing but their key, and told apart from what was
// tampered with, cut off or never one.
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  askForBackup,
  encrypted,
  linesOf,
  makeBackup,
  PASSPHRASE,
  RECIPIENT,
  verifyBackup,
  withFittingManifest,
} from '../support/backups.ts';
import { newCall, question } from '../support/approvals.ts';
import { testDatabases } from '../support/database.ts';
import { startHammer } from '../support/hammer.ts';
import { createWorld, SECRET_VALUE, type World } from '../support/world.ts';

describe.each(testDatabases())('a backup on $name', (database) => {
  let world: World;
  let token: string;
  beforeAll(async () => {
    world = await createWorld({ database });
    const { key } = await world.setUp();
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  test('is whole and consistent while eight callers call and an administrator changes things', async () => {
    for (let i = 0; i < 40; i += 1) await (await world.call(token, '/call/vendor/before')).text();
    const hammer = startHammer({
      callers: 8,
      token,
      isPatient: true,
      address: world.apps[0]?.address ?? '',
      path: (call) => `/call/vendor/${call}`,
    });
    const changes = (async () => {
      for (let i = 0; i < 10; i += 1) {
        const name = `agent-${i}`;
        await world.admin('POST', '/v1/agents', { name });
        await world.admin('POST', '/v1/grants', { agent: name, service: 'vendor' });
      }
    })();
    await expect.poll(() => hammer.statuses.get(200) ?? 0, { timeout: 30_000 }).toBeGreaterThan(8);
    const file = await makeBackup(world);
    await changes;
    await hammer.stop();
    expect([...hammer.statuses.keys()]).toEqual([200]);
    const report = await verifyBackup(file);
    const chains = database.name === 'postgres' ? 3 : 2; // one batch of calls on its way, or two
    expect(report).toMatchObject({ findings: [], unlisted: 0, valuesOpened: 1, chains });
    const lines = await linesOf(file);
    const kinds = lines
      .filter((line) => line.includes('"chain_seq"'))
      .map((line) => {
        const { kind, body } = JSON.parse(line) as { kind: string; body: object | null };
        expect(body).not.toBeNull();
        return kind;
      });
    expect(kinds.filter((kind) => kind === 'call.intent').length).toBeGreaterThan(40);
    // A grant of the snapshot has its agent there, and its event too.
    const rows = (name: string) => report.manifest.tables.find((table) => table.name === name)?.rows ?? 0;
    expect(rows('service_grant')).toBeLessThanOrEqual(rows('agent'));
    expect(kinds.filter((kind) => kind === 'grant.create')).toHaveLength(rows('service_grant'));
  });

  test('is recorded before it begins and once it is whole, without its passphrase', async () => {
    const file = await makeBackup(world, { passphrase: PASSPHRASE });
    const { digest } = await verifyBackup(file, { passphrase: PASSPHRASE });
    const [created, completed] = (await world.events('backup')).slice(-2);
    expect(created).toMatchObject({
      kind: 'backup.create',
      principal: { name: 'owner' },
      after: { recipient: 'passphrase', recipients: 1, keys: true },
    });
    expect(completed).toMatchObject({ kind: 'backup.complete', after: { backup: digest } });
    expect(JSON.stringify(await world.events())).not.toContain('battery');
    // Its own beginning is in it.
    const lines = await linesOf(file, { passphrase: PASSPHRASE });
    expect(lines.some((line) => line.includes(String(created?.['id'])))).toBe(true);
  });

  test('to recipients opens with each of their identities and nothing else', async () => {
    const identities = [await generateIdentity(), await generateIdentity()];
    const recipients = await Promise.all(identities.map((each) => identityToRecipient(each)));
    const file = await makeBackup(world, { recipients });
    for (const each of identities) {
      expect(await verifyBackup(file, { identities: [each] })).toMatchObject({ findings: [] });
    }
    await expect(verifyBackup(file)).rejects.toMatchObject({ trouble: 'wrong-key' });
    await expect(verifyBackup(file, { passphrase: PASSPHRASE })).rejects.toThrow(/--identity/);
    const toPassphrase = await makeBackup(world, { passphrase: PASSPHRASE });
    await expect(verifyBackup(toPassphrase)).rejects.toThrow(/encrypted to a passphrase/);
    await expect(verifyBackup(file, { identities: ['AGE-SECRET-KEY-1NOT'] })).rejects.toThrow(
      /no age identity/,
    );
  });

  test('without keys says so, and nothing in it is opened', async () => {
    const file = await makeBackup(world, { recipients: [RECIPIENT], keys: false });
    const report = await verifyBackup(file);
    expect(report).toMatchObject({ findings: [], valuesOpened: 0, chains: 0, manifest: { keys: false } });
    expect((await linesOf(file)).some((line) => line.startsWith('["store-key"'))).toBe(false);
  });

  test.each([
    ['neither passphrase nor recipients', {}],
    ['both', { passphrase: PASSPHRASE, recipients: ['age1x'] }],
    ['a short passphrase', { passphrase: 'hunter2-sh' }],
    ['what is no recipient', { recipients: ['age1hunter2hunter2hunter2'] }],
    ['no recipient at all', { recipients: [] }],
    ['an unknown field', { passphrase: PASSPHRASE, path: '/tmp/backup' }],
  ])('is refused for %s, and nothing of it is repeated', async (_, body) => {
    const response = await askForBackup(world, body);
    const text = await response.text();
    expect([response.status, response.headers.get('doorward-error')]).toEqual([422, 'invalid-input']);
    expect(text).not.toMatch(/hunter2|battery/);
  });

  test('whose reader goes away ends, and calls and changes go on', async () => {
    const response = await askForBackup(world);
    await response.body?.cancel();
    expect((await world.call(token, '/call/vendor/after')).status).toBe(200);
    expect((await world.admin('POST', '/v1/agents', { name: 'after' })).status).toBe(201);
    expect(await verifyBackup(await makeBackup(world))).toMatchObject({ findings: [] });
  });

  describe('is refused', () => {
    let file: Buffer;
    let lines: string[];
    beforeAll(async () => {
      const [app] = world.apps;
      if (app === undefined) throw new Error('there is always a replica');
      await app.operations.approvals.ask(question(app, newCall(app)));
      file = await makeBackup(world);
      lines = await linesOf(file);
    });

    test('with any byte changed, wherever it is', async () => {
      const payload = file.indexOf('\n---') + 60;
      const places = [
        0,
        30,
        80,
        file.indexOf('\n---') + 10,
        payload,
        payload + 40,
        file.length >> 1,
        file.length - 1,
      ];
      for (const at of places) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await expect(verifyBackup(changed), `byte ${at}`).rejects.toMatchObject({ name: 'BackupFailure' });
      }
    });

    test('cut off anywhere, or with more at its end', async () => {
      for (const length of [0, 10, 150, 230, 5000, file.length - 17, file.length - 1]) {
        await expect(verifyBackup(file.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
          name: 'BackupFailure',
        });
      }
      await expect(verifyBackup(Buffer.concat([file, file]))).rejects.toMatchObject({ trouble: 'damaged' });
    });

    type Change = (lines: readonly string[]) => readonly string[];
    const without =
      (pattern: RegExp): Change =>
      (all) =>
        all.filter((line) => !pattern.test(line));
    const replaced =
      (pattern: RegExp, by: (line: string) => string): Change =>
      (all) => {
        const at = all.findIndex((line) => pattern.test(line));
        return all.map((line, index) => (index === at ? by(line) : line));
      };

    test.each<[string, Change, RegExp]>([
      ['a row gone', without(/"name": "robot"/), /agent has \d+ rows instead of \d+/],
      [
        'a row changed',
        replaced(/"name": "robot"/, (line) => line.replace('robot', 'rabot')),
        /rows of agent have another digest/,
      ],
      ['its manifest gone', (all) => all.slice(0, -1), /ends too early/],
      ['something after its manifest', (all) => [...all, '{}'], /goes on after its manifest/],
      [
        'two tables exchanged',
        replaced(/^\["table","admin"\]$/, () => '["table","vault"]'),
        /table admin is not where/,
      ],
      ['its key gone', without(/^\["store-key"/), /store-key should be/],
      ['a line of another kind', replaced(/^\["table","run"\]$/, () => '["tabel","run"]'), /something else/],
      [
        'a later format',
        replaced(/"doorward":"backup"/, (line) => line.replace('"format":1', '"format":2')),
        /later version/,
      ],
      ['another header', replaced(/"doorward":"backup"/, () => '{}'), /no backup of Doorward/],
      [
        'a column of the future',
        replaced(/"doorward":"backup"/, (line) => line.replace('"credential_hash"', '"credential_rank"')),
        /does not know/,
      ],
      ['no lines at all', () => [], /no backup of Doorward/],
    ])('with %s inside', async (_, change, message) => {
      await expect(verifyBackup(await encrypted(change(lines)))).rejects.toThrow(message);
    });

    test.each<[string, Change, RegExp]>([
      [
        'a grant that was widened',
        replaced(/"grt_/, (line) => line.replace(/"revision": \d+/, '"revision": 99')),
        /service_grant grt_\w+ does not match its MAC/,
      ],
      [
        'an approval that nobody gave',
        replaced(/"apr_.*"decision": null/, (line) =>
          line.replace('"decision": null', '"decision": "approved"'),
        ),
        /approval apr_\w+ does not match its MAC/,
      ],
      [
        'a service sent elsewhere',
        replaced(/"base_path": /, (line) => line.replace('"host": "127.0.0.1"', '"host": "127.0.0.9"')),
        /version 1 of sec_\w+ does not open/,
      ],
      [
        'an event that was edited',
        replaced(/"kind": "secret.create"/, (line) => line.replace('secret.create', 'secret.update')),
        /audit event \d+ of chn_\w+/,
      ],
      [
        'an event that is gone',
        without(/"kind": "agent.create"/),
        /event \d+ is missing|events \d+ to \d+ are missing/,
      ],
      [
        'a record that is none',
        replaced(/"dek_record": "/, (line) =>
          line.replace(/"dek_record": "[^"]{8}/, '"dek_record": "AAAAAAAA'),
        ),
        /the DEK of version 1 of sec_\w+: its record does not open/,
      ],
      [
        'a row with a wrong type',
        replaced(/"credential_kind": /, (line) =>
          line.replace(/"created_at": "[^"]*"/, '"created_at": "soon"'),
        ),
        /a row of secret is not one: created_at/,
      ],
    ])('with %s, though its digests fit: the finding is named', async (_, change, finding) => {
      const changed = withFittingManifest(change(lines));
      expect(changed).not.toEqual(lines);
      const { findings } = await verifyBackup(await encrypted(changed));
      expect(findings.join('\n')).toMatch(finding);
    });
  });

  // How a passphrase is stretched is the same wherever the rows come from.
  if (database.name === 'postgres') return;

  test('is an age file that opens with its passphrase elsewhere, too', async () => {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(PASSPHRASE);
    const file = await makeBackup(world, { passphrase: PASSPHRASE });
    expect(file.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 17\n/);
    const text = await decrypter.decrypt(file, 'text');
    expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({ doorward: 'backup', format: 1 });
    expect(text).not.toContain(SECRET_VALUE);
  });

  test('is refused with another passphrase, in words that say so', async () => {
    const toPassphrase = await makeBackup(world, { passphrase: PASSPHRASE });
    await expect(verifyBackup(toPassphrase, { passphrase: 'another passphrase' })).rejects.toMatchObject({
      trouble: 'wrong-key',
      message: expect.stringMatching(/^What was given does not open this backup/) as string,
    });
  });
});
