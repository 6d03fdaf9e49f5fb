// What an import plans: which service a value is a key of, what is left alone and why, and how little of it is shown.
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import { keyBeginnings, unanchored } from '../../src/cli/import/key-beginnings.ts';
import { looksLikeStandIn, looksSecret, masked } from '../../src/cli/import/look-of-values.ts';
import { createNameIndex } from '../../src/cli/import/name-index.ts';
import { makePlan, type Origin, type Plan, type VaultView, whereIs } from '../../src/cli/import/plan.ts';
import { parse } from '../../src/cli/import/source-file.ts';
import { createPlaceholder } from '../../src/core/placeholder.ts';
import { systemRandomness } from '../../src/crypto/randomness.ts';

const OPENAI = 'sk-proj-Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1nVbXe';
const OPENAI_TOO = 'sk-proj-Ma2sDf4GhJ6kLz8XcV0bNm1QwErTy3UiOp5AsDfG';
const GITHUB = 'ghp_Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1n';
const STRIPE = 'sk_live_51Zq8vNk3TzW6xPm2LrB9cYd';

const EMPTY: VaultView = { taken: new Set(), nameOf: () => undefined };
const knowledge = { index: createNameIndex(), isPlaceholder: (value: string) => value === 'sk-proj-known' };

function origin(text: string, path = '/x/.env'): Origin {
  const bytes = Buffer.from(text);
  const parsed = parse(path, bytes);
  const file = { path, shown: path.slice(3), bytes, mode: 0o600, uid: 0, gid: 0, names: 1, ...parsed };
  return { shown: file.shown, file, values: file.values, troubles: file.troubles };
}

const planOf = (text: string, path?: string) => makePlan([origin(text, path)], knowledge, EMPTY);
const keysOf = ({ keys }: Plan) => keys.map(({ name, value, entry }) => [name, entry.id, value]);
const whyLeft = ({ left }: Plan) => left.map(({ why, hint }) => `${why} | ${hint ?? ''}`).join('\n');

describe('recognition', () => {
  it('goes by the variable', () => {
    expect(keysOf(planOf(`OPENAI_API_KEY=${OPENAI}\nPORT=3000`))).toEqual([['openai', 'openai', OPENAI]]);
  });

  it('goes by the look of the key where the variable says nothing', () => {
    expect(keysOf(planOf(`BOT=${GITHUB}`))[0]?.slice(0, 2)).toEqual(['github', 'github']);
  });

  it('goes by part of the variable where the key looks as it should', () => {
    expect(keysOf(planOf(`MY_OPENAI_API_KEY_2=${OPENAI}`))).toEqual([['openai', 'openai', OPENAI]]);
  });

  it('believes the key where it is plainly of another service than the variable says, and says so', () => {
    const plan = planOf(`OPENAI_API_KEY=${GITHUB.replace('ghp_', 'gsk_')}${'a1'.repeat(8)}`);
    expect(plan.keys[0]?.entry.id).toBe('groq');
    expect(plan.keys[0]?.notes).toEqual(['is named for OpenAI, but is a key of Groq']);
  });

  it('warns of a key that does not look like one, and takes it all the same', () => {
    const plan = planOf('OPENAI_API_KEY=an-old-key-of-some-kind-4711');
    expect(keysOf(plan)).toEqual([['openai', 'openai', 'an-old-key-of-some-kind-4711']]);
    expect(plan.keys[0]?.notes).toEqual(['does not look like a key of OpenAI']);
  });

  it('leaves alone what may be of one vendor or of another', () => {
    const plan = planOf(`PAYMENTS=sk_live_${'a1B2c3D4e5'.repeat(10)}`);
    const both = planOf('PAYMENTS=sk-0123456789abcdef0123456789abcdef');
    expect([...plan.keys, ...both.keys].every(({ entry }) => ['stripe', 'deepseek'].includes(entry.id))).toBe(
      true,
    );
    const ambiguous = planOf('SOMETHING=AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q');
    expect(ambiguous.keys).toEqual([]);
    expect(whyLeft(ambiguous)).toContain('which one is for you to say');
  });

  it('puts a value together from its variables', () => {
    const text = `TWILIO_AUTH_TOKEN=0f1e2d3c4b5a69788796a5b4c3d2e1f0\nTWILIO_ACCOUNT_SID=AC00112233445566778899aabbccddeeff`;
    expect(keysOf(planOf(text))).toEqual([
      ['twilio', 'twilio', 'AC00112233445566778899aabbccddeeff:0f1e2d3c4b5a69788796a5b4c3d2e1f0'],
    ]);
    expect(whyLeft(planOf('TWILIO_AUTH_TOKEN=0f1e2d3c4b5a69788796a5b4c3d2e1f0'))).toContain(
      'TWILIO_ACCOUNT_SID',
    );
  });

  it('takes the address that a service of each customer has from the variable beside the key', () => {
    const key = 'SUPABASE_SECRET_KEY=sb_secret_Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5';
    expect(planOf(`${key}\nSUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co`).keys[0]?.baseUrl).toBe(
      'https://abcdefghijklmnopqrst.supabase.co',
    );
    expect(whyLeft(planOf(key))).toContain('doorward add supabase');
  });

  it('never sends a key elsewhere than its program did', () => {
    const plan = planOf(`OPENAI_API_KEY=${OPENAI}\nOPENAI_BASE_URL=https://llm.corp.example/v1`);
    expect(plan.keys).toEqual([]);
    expect(whyLeft(plan)).toContain('--base-url https://llm.corp.example/v1 --auth bearer');
    const usual = planOf(`OPENAI_API_KEY=${OPENAI}\nOPENAI_BASE_URL=https://api.openai.com/v1`);
    expect(usual.keys[0]?.baseUrl).toBe('https://api.openai.com');
  });

  it('says what Doorward can not call yet', () => {
    const plan = planOf(
      '[default]\naws_access_key_id = AKIAZQ8VNK3TZW6XPM2L\naws_secret_access_key = abcdefghijklmnopqrstuvwxyz0123456789ABCD',
      '/x/.aws/credentials',
    );
    expect(plan.keys).toEqual([]);
    expect(whyLeft(plan)).toMatch(/Amazon.*Signature/);
  });

  it('goes by the host in .netrc and hosts.yml', () => {
    const netrc = planOf(
      `machine api.github.com login me password ${GITHUB}\nmachine git.corp.example login me password hunter2hunter2`,
      '/x/.netrc',
    );
    expect(keysOf(netrc)).toEqual([['github', 'github', GITHUB]]);
    expect(whyLeft(netrc)).toContain('--base-url https://git.corp.example --auth basic');
    const hosts = planOf(
      `github.com:\n  oauth_token: ${GITHUB}\nghe.corp.example:\n  oauth_token: ${GITHUB}0\n`,
      '/x/gh/hosts.yml',
    );
    expect(keysOf(hosts)).toEqual([['github', 'github', GITHUB]]);
    expect(whyLeft(hosts)).toContain('https://ghe.corp.example');
  });

  it.each([
    ['OPENAI_API_KEY=your-key-here', 'holds a stand-in'],
    ['OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'holds a stand-in'],
    ['OPENAI_API_KEY=short1', 'too short'],
    ['OPENAI_API_KEY=$OTHER', 'put together from other variables'],
    ['ACME_API_KEY=8f7e6d5c4b3a29180716', 'doorward add acme --base-url https://… --auth bearer'],
    ['DATABASE_URL=postgres://me:hunter2@db/app', 'HTTP only'],
  ])('leaves %s alone, and says why', (text, why) => {
    const plan = planOf(text);
    expect(plan.keys).toEqual([]);
    expect(whyLeft(plan)).toContain(why);
  });

  it('passes over what holds nothing secret, and knows its own placeholders', () => {
    const plan = planOf(
      'PORT=3000\nNODE_ENV=production\nAPP_NAME=my-app\nEMPTY=\nOPENAI_API_KEY=sk-proj-known',
    );
    expect({ ...plan, keys: plan.keys.length }).toMatchObject({
      keys: 0,
      left: [],
      others: ['PORT', 'NODE_ENV', 'APP_NAME', 'EMPTY'].slice(0, plan.others.length),
      placeholders: ['.env:5'],
    });
  });
});

describe('names', () => {
  it('are one for a key that stands in several places', () => {
    const plan = makePlan(
      [origin(`OPENAI_API_KEY=${OPENAI}`), origin(`K=${OPENAI}\nOPENAI_API_KEY=${OPENAI}`, '/x/b.env')],
      knowledge,
      EMPTY,
    );
    expect(plan.keys.map(({ name, places }) => [name, places.map(whereIs)])).toEqual([
      ['openai', ['.env:1', 'b.env:1', 'b.env:2']],
    ]);
    expect(plan.keys[0]?.notes).toEqual(['stands in 3 places']);
  });

  it('are numbered for different keys of a service, and the one in force comes first', () => {
    const plan = planOf(`OPENAI_API_KEY=${OPENAI}\nOPENAI_API_KEY=${OPENAI_TOO}`);
    expect(keysOf(plan)).toEqual([
      ['openai', 'openai', OPENAI_TOO],
      ['openai-2', 'openai', OPENAI],
    ]);
    expect(plan.keys[1]?.notes).toEqual([
      'OPENAI_API_KEY is set twice in .env: line 2 counts, and line 1 holds another key',
      'is another key of OpenAI than openai',
    ]);
  });

  it('are two for one value that goes to two places', () => {
    const plan = planOf(`GITHUB_TOKEN=${GITHUB}\nGITHUB_PERSONAL_ACCESS_TOKEN=${GITHUB}`);
    expect(keysOf(plan).map(([name]) => name)).toEqual(['github', 'github-mcp']);
  });

  it('step aside for what is there already, unless it is known to be this key', () => {
    const taken = new Set(['openai', 'openai-2']);
    const unknown = makePlan([origin(`OPENAI_API_KEY=${OPENAI}`)], knowledge, {
      taken,
      nameOf: () => undefined,
    });
    expect(unknown.keys[0]).toMatchObject({ name: 'openai-3', isStored: false });
    const known = makePlan([origin(`OPENAI_API_KEY=${OPENAI}`)], knowledge, {
      taken,
      nameOf: () => 'openai-2',
    });
    expect(known.keys[0]).toMatchObject({ name: 'openai-2', isStored: true });
  });
});

describe('what is shown of a key', () => {
  it('is at most the beginning that all such keys have, and four characters', () => {
    for (const entry of readCatalogue()) {
      const { placeholder: shape } = entry;
      if (shape === undefined) continue;
      const key = createPlaceholder(shape, systemRandomness());
      const [beginning = '', end = ''] = masked(key, entry).split('…');
      expect(key.startsWith(beginning) && key.endsWith(end), entry.id).toBe(true);
      expect(end.length).toBeLessThanOrEqual(4);
      expect(key.length - beginning.length - end.length, entry.id).toBeGreaterThanOrEqual(16);
    }
  });

  it('is nothing of a short one', () => {
    expect(masked('hunter2hunter2', undefined)).toBe('…');
    expect(
      masked(
        STRIPE,
        readCatalogue().find(({ id }) => id === 'stripe'),
      ),
    ).toBe('sk_live_…Yd');
  });
});

describe('looks', () => {
  it.each(['your_api_key', '<key>', 'changeme', '{{key}}', 'sk-...', 'xxxxxxxx', 'replace-me', '********'])(
    '%s is a stand-in',
    (text) => expect(looksLikeStandIn(text)).toBe(true),
  );
  it.each([OPENAI, GITHUB, STRIPE])('%s is none', (text) => expect(looksLikeStandIn(text)).toBe(false));
  it.each([
    ['API_TOKEN', 'abcdefgh', true],
    ['X', '8f7e6d5c4b3a29180716', true],
    ['URL', 'https://me:secret@host/', true],
    ['URL', 'https://host/', false],
    ['NAME', 'a-quite-ordinary-name', false],
    ['KEYBOARD', 'qwertz', false],
  ])('%s=%s is secret: %s', (name, value, expected) => expect(looksSecret(name, value)).toBe(expected));
});

it('whatever begins a key is known of every pattern that has a beginning', () => {
  let known = 0;
  for (const { keyPattern, placeholder: shape, id } of readCatalogue()) {
    if (keyPattern === undefined || shape === undefined) continue;
    const key = createPlaceholder(shape, systemRandomness());
    expect(new RegExp(`^(?:${unanchored(keyPattern)})$`).test(key), id).toBe(true);
    const beginnings = keyBeginnings(keyPattern);
    if (beginnings === undefined) continue;
    known += 1;
    expect(
      beginnings.some((text) => key.startsWith(text)),
      `${id} ${keyPattern}`,
    ).toBe(true);
  }
  expect(known).toBeGreaterThan(50);
});
