// `doorward add` by command line, on a real server with a real upstream that checks the key.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_PSEUDO_TERMINAL } from './needs.ts';
import { onPty } from './pseudo-terminal.ts';
import { ANTHROPIC_KEY, createShortVerbs, KEY, type ShortVerbs } from './short-verbs-world.ts';

let verbs: ShortVerbs;
let world: ShortVerbs['world'];
let vendor: ShortVerbs['vendor'];

beforeAll(async () => {
  verbs = await createShortVerbs();
  ({ world, vendor } = verbs);
});
afterAll(async () => {
  await verbs?.close();
});

const doorward: ShortVerbs['doorward'] = async (argv, options) => verbs.doorward(argv, options);
const succeed: ShortVerbs['succeed'] = async (argv, input) => verbs.succeed(argv, input);
const names: ShortVerbs['names'] = async (noun) => verbs.names(noun);
const forget: ShortVerbs['forget'] = async (name) => verbs.forget(name);

describe('before there is a key', () => {
  test('run, env and explain say what to do first', async () => {
    for (const argv of [['run', '--', 'true'], ['env'], ['explain'], ['revoke']]) {
      const { code, stdout, stderr } = await doorward(argv);
      expect({ argv, code, stdout }).toEqual({ argv, code: 1, stdout: '' });
      expect(stderr).toMatch(/^doorward: .*(doorward add|doorward log|no agent named default)/);
    }
  });
});

describe('doorward add', () => {
  test('of a service in the catalogue makes key, service, agent and grant, tries the key, and says so', async () => {
    const { stdout, stderr } = await succeed(['add', 'openai', '--base-url', vendor.url], `${KEY}\n`);
    expect(stdout).toBe('');
    expect(stderr.split('\n').slice(0, 4)).toEqual([
      'OpenAI is added.',
      `  key    stored; it goes to ${vendor.url} and nowhere else`,
      expect.stringMatching(/^ {2}agent {2}default may /),
      '  call   GET /v1/models answered 200: the key works',
    ]);
    expect(stderr).not.toContain(KEY);
    expect(await world.admin('GET', '/v1/services/openai')).toMatchObject({
      catalogueId: 'openai',
      refusalShape: 'openai',
      keyEnv: 'OPENAI_API_KEY',
      baseUrlEnv: 'OPENAI_BASE_URL',
      baseUrlSuffix: '/v1',
    });
    expect(await names('agent')).toBe('default');
    expect(vendor.seen.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('again says that it is there and how to change it, before it asks for anything', async () => {
    const { code, stderr } = await doorward(['add', 'openai']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^doorward: openai is added already: its key goes to .*, and the agent default may call it\./,
    );
    expect(stderr).toMatch(/doorward secret rotate openai\..*doorward add openai --as openai-2/);
  });

  test('of anything else is one line, with variables made from its name', async () => {
    const argv = ['add', 'acme-corp', '--base-url', vendor.url, '--auth', 'header:x-api-key'];
    const { stderr } = await succeed(argv, ANTHROPIC_KEY);
    expect(stderr).toMatch(
      /agent {2}default may make every call\n {2}call {3}not tried: no test call is known/,
    );
    expect(await world.admin('GET', '/v1/services/acme-corp')).toMatchObject({
      keyEnv: 'ACME_CORP_API_KEY',
      baseUrlEnv: 'ACME_CORP_BASE_URL',
      catalogueId: null,
    });
    await forget('acme-corp');
  });

  test('narrows the grant to patterns and to actions', async () => {
    const base = ['--base-url', vendor.url];
    const narrow = await succeed(['add', 'openai', '--as', 'narrow', ...base, '--allow', 'POST /v1/x'], KEY);
    expect(narrow.stderr).toMatch(
      /agent {2}default may call POST \/v1\/x\n {2}call {3}not tried: .* not among/,
    );
    const grant = await world.admin('GET', '/v1/agents/default/grants/narrow');
    expect(grant).toMatchObject({ allow: ['POST /v1/x'] });
    await forget('narrow');
    const action = await doorward(['add', 'openai', '--as', 'x', ...base, '--action', 'no-such'], {
      input: KEY,
    });
    expect(action).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no action of that name|No actions/i),
    });
    const all = await succeed(['add', 'openai', '--as', 'all', ...base, '--allow-all', '--json'], KEY);
    expect(JSON.parse(all.stdout)).toMatchObject({
      service: 'all',
      allow: null,
      test: { outcome: 'accepted' },
    });
    await forget('all');
  });

  test('makes an agent that is missing, and takes one that is there', async () => {
    const argv = ['add', 'openai', '--as', 'other', '--base-url', vendor.url, '--agent', 'worker', '--json'];
    expect(JSON.parse((await succeed(argv, KEY)).stdout)).toMatchObject({
      agent: 'worker',
      agentIsNew: true,
    });
    await forget('other');
    expect(JSON.parse((await succeed(argv, KEY)).stdout)).toMatchObject({
      agent: 'worker',
      agentIsNew: false,
    });
    await forget('other');
    await world.admin('DELETE', '/v1/agents/worker');
  });

  test('uses a key that is stored already, and says so where a key of the name is in the way', async () => {
    await world.admin('POST', '/v1/secrets', { name: 'anthropic', value: ANTHROPIC_KEY });
    const base = ['--base-url', vendor.url];
    const inTheWay = await doorward(['add', 'anthropic', ...base], { input: 'unread-unread' });
    expect(inTheWay).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/There is a key named anthropic already.*--secret anthropic/),
    });
    expect((await succeed(['add', 'anthropic', ...base, '--secret', 'anthropic'])).stderr).toMatch(
      /the key works/,
    );
    expect(vendor.seen.at(-1)?.headers).toMatchObject({
      'x-api-key': ANTHROPIC_KEY,
      'anthropic-version': expect.any(String),
    });
  });

  test('warns of a key that looks like none of its vendor, keeps it, and ends with 7 when the vendor refuses it', async () => {
    const argv = ['add', 'openai', '--as', 'odd', '--base-url', vendor.url];
    const { code, stderr } = await doorward(argv, { input: ANTHROPIC_KEY });
    expect(code).toBe(7);
    expect(stderr).toMatch(/^This does not look like a key of OpenAI; it looks like one of Anthropic\./);
    expect(stderr).toMatch(/GET \/v1\/models answered 401: OpenAI does not take this key.*secret rotate odd/);
    expect(stderr).not.toContain(ANTHROPIC_KEY);
    expect(await names('secret')).toMatch(/^odd$/m);
    await forget('odd');
  });

  test('of an address that does not answer keeps the key and says that it could not be tried', async () => {
    const argv = ['add', 'openai', '--as', 'dead', '--base-url', 'http://127.0.0.1:1'];
    const { stderr } = await succeed(argv, KEY);
    expect(stderr).toMatch(/Whether the key works is not known/);
    await forget('dead');
  });

  test('takes back what it made when a step fails, in reverse, and says so', async () => {
    const before = {
      secrets: await names('secret'),
      services: await names('service'),
      agents: await names('agent'),
    };
    const argv = [
      'add',
      'broken',
      '--base-url',
      'http://not a url',
      '--auth',
      'bearer',
      '--agent',
      'new-one',
    ];
    const { code, stderr } = await doorward(argv, { input: KEY });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Nothing was added: what was made before the failure is taken back\.\ndoorward: /,
    );
    const late = ['add', 'late', '--base-url', vendor.url, '--auth', 'bearer', '--agent', 'NOT A NAME'];
    expect((await doorward(late, { input: KEY })).code).toBe(2);
    expect({
      secrets: await names('secret'),
      services: await names('service'),
      agents: await names('agent'),
    }).toEqual(before);
  });

  test('puts a key of several parts together, from a pipe as one', async () => {
    const twilio = ['add', 'twilio', '--base-url', vendor.url, '--no-test'];
    const whole = await doorward(twilio, { input: 'only-one-part' });
    expect(whole).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has 2 parts.*TWILIO_ACCOUNT_SID:TWILIO_AUTH_TOKEN/),
    });
    await succeed(twilio, 'AC1:token-of-twilio');
    await forget('twilio');
    const auth = 'headers:x-token-id={token_id},x-token-secret={token_secret}';
    const pair = ['add', 'pair', '--base-url', vendor.url, '--auth', auth];
    const notJson = await doorward(pair, { input: 'two-parts-here' });
    expect(notJson).toMatchObject({ code: 2, stderr: expect.stringMatching(/has 2 parts/) });
    await succeed(pair, JSON.stringify({ token_id: 'ak-1', token_secret: 'two-parts' }));
    await succeed(['call', 'pair', 'GET', '/x', '--agent', 'default']);
    expect(vendor.seen.at(-1)?.headers).toMatchObject({
      'x-token-id': 'ak-1',
      'x-token-secret': 'two-parts',
    });
    await forget('pair');
  });

  test.each([
    [['add', 'opnai'], /Did you mean openai/],
    [['add', 'no-such-thing-anywhere'], /doorward add no-such-thing-anywhere --base-url/],
    [['add', 'acme', '--base-url', 'https://api.acme.dev'], /Say where the key goes.*--auth bearer/],
    [['add', 'acme', '--base-url', 'https://api.acme.dev', '--auth', 'nonsense'], /--auth is one of/],
    [['add', 'datadog'], /Say what site is.*--set site=/],
    [['add', 'datadog', '--set', 'sight=x'], /no variable sight.*site/],
    [['add', 'datadog', '--set', 'site'], /NAME=VALUE/],
    [['add', 'openai', '--as', 'y', '--allow-all', '--allow', 'GET /x'], /--allow-all, or/],
    [['add', 'google-workspace'], /doorward connect google-workspace/],
    [['add', 'aws'], /can not be called through Doorward yet/],
    [['add', 'openai', '--as', 'y', '--secret', 'nobody'], /no key named nobody/],
  ])('%j is refused in a sentence', async (argv, expected) => {
    const { code, stdout, stderr } = await doorward(argv, { input: KEY });
    expect(stderr).toMatch(expected);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).not.toContain(KEY);
  });

  test('refuses a key in the arguments, and a placeholder as a key', async () => {
    const inArguments = await doorward(['add', 'openai', KEY]);
    expect(inArguments).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/shell history.*doorward add SERVICE </),
    });
    expect(inArguments.stderr).not.toContain(KEY);
    const argv = ['add', 'openai', '--as', 'y', '--base-url', vendor.url];
    const placeholder = await doorward(argv, { input: 'dw_run_abcdefghijklmnop' });
    expect(placeholder).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/a placeholder of a broker, not a key/),
    });
    expect((await doorward(argv, { input: '\n' })).code).toBe(2);
  });

  test.runIf(HAS_PSEUDO_TERMINAL)(
    'asks without showing, for each part, and for what the address lacks',
    async () => {
      const environment = { ...world.environment, NO_COLOR: '1' };
      const shown = await onPty(
        [world.launcher, 'add', 'openai', '--as', 'typed', '--base-url', vendor.url],
        [['Key of typed', `${KEY}\r`]],
        { environment },
      );
      expect(shown.output).toMatch(/the key works/);
      expect(shown.output).toMatch(/next: doorward run -- claude/);
      expect(shown.output).not.toContain(KEY);
      expect(shown.code).toBe(0);
      await forget('typed');
      const parts = await onPty(
        [world.launcher, 'add', 'datadog', '--no-test'],
        [
          ['datadoghq', 'datadoghq.eu\r'],
          ['DD_API_KEY of datadog', `${'a'.repeat(32)}\r`],
          ['DD_APP_KEY of datadog', `${'b'.repeat(40)}\r`],
        ],
        { environment },
      );
      expect(parts.output).toMatch(/it goes to https:\/\/api\.datadoghq\.eu and nowhere else/);
      expect(parts.output).not.toContain('aaaa');
      await forget('datadog');
      const cancelled = await onPty([world.launcher, 'add', 'groq'], [['Key of groq', '\u0003']], {
        environment,
      });
      expect(cancelled.code).toBe(130);
      expect(await names('service')).not.toMatch(/groq/);
    },
  );
});
