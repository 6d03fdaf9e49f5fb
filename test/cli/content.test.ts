// Content in calls by command line: what a service does about it is set, and what was found is told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createShortVerbs, KEY, type ShortVerbs } from './short-verbs-world.ts';

const BODY = '{"to":"jane@example.com","card":"4111 1111 1111 1111"}';

describe('content by command line', () => {
  let verbs: ShortVerbs;
  beforeAll(async () => {
    verbs = await createShortVerbs();
    await verbs.succeed(['add', 'openai', '--base-url', verbs.vendor.url, '--no-test'], `${KEY}\n`);
    await verbs.succeed(['grant', 'set', 'default', 'openai', '--allow-all']);
  });
  afterAll(() => verbs?.close());

  const protect = (...settings: string[]) => verbs.doorward(['service', 'protect', 'openai', ...settings]);

  test('is set by class, and a class that there is not is refused', async () => {
    const settings = ['content.request=flag', 'content.answer.email=mask', 'content.preview=true'];
    expect((await protect(...settings)).code).toBe(0);
    const shown = await verbs.succeed(['service', 'protect', 'openai']);
    expect(shown.stdout).toMatch(/^content\.answer\t\{"email":"mask"\}/m);
    const wrong = await protect('content.answer.mail=mask');
    expect(wrong.code).not.toBe(0);
    const pattern = await protect('content.patterns=[{"name":"p","pattern":"(?=a)"}]');
    expect(pattern.code).not.toBe(0);
    expect(pattern.stderr).toContain(
      'this pattern can not be searched for: of groups there are ( ) and (?: )',
    );
  });

  test('is told by explain, and how bodies began by log --preview', async () => {
    const command = `curl -s -D - -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/notes?to=jane%40example.com" -d '${BODY}'`;
    const { stdout } = await verbs.succeed(['run', '--', 'sh', '-c', command]);
    expect(stdout).not.toContain('jane%40example');
    const id = /^doorward-request-id: (\S+)/m.exec(stdout)?.[1] ?? '';
    const explain = async () => await verbs.succeed(['explain', id]);
    await expect
      .poll(async () => (await explain()).stdout, { timeout: 30_000 }) // how it ended is recorded in the background
      .toMatch(/in the answer\S*\s+email: mask \(content\)/);
    const explained = await explain();
    expect(explained.stdout).toMatch(/in the request\S*\s+email ×2: flag \(content\)/);
    expect(explained.stdout).toMatch(/in the request\S*\s+card: flag \(content\)/);
    expect(explained.stdout).toContain('{"to":"****@example.com","card":"**** **** **** 1111"}');
    const log = await verbs.succeed(['log', '--preview']);
    expect(log.stdout).toMatch(/^ {2}> \{"to":"\*{4}@example\.com","card":"\*{4} \*{4} \*{4} 1111"\}$/m);
    expect(log.stdout).toMatch(/^ {2}< .*\*{4}/m);
    expect((await verbs.succeed(['log'])).stdout).not.toContain('****');
  });
});
