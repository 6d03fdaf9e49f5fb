// Credentials as a class of content: whatever looks like a key, masked with the rest, and nothing that only comes near.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rulesOf, scanWith, tableOf } from './search.ts';

/** Characters that look random and are the same in every run. */
function letters(seed: string, length: number, encoding: 'hex' | 'alnum' | 'upper'): string {
  const bytes = Buffer.concat(
    [1, 2, 3, 4].map((part) => createHash('sha256').update(`${seed}/${part}`).digest()),
  );
  if (encoding === 'hex') return bytes.toString('hex').slice(0, length);
  const text = bytes.toString('base64').replaceAll(/[+/=]/g, '7');
  return (encoding === 'upper' ? text.toUpperCase() : text).slice(0, length);
}

const table = tableOf(rulesOf(['credential', 'email']));
const KEYS: readonly [begin: string, length: number, encoding: 'hex' | 'alnum' | 'upper'][] = [
  ['ghp_', 36, 'alnum'],
  ['gho_', 36, 'alnum'],
  ['ghs_', 36, 'alnum'],
  ['github_pat_', 82, 'alnum'],
  ['glpat-', 20, 'alnum'],
  ['AKIA', 16, 'upper'],
  ['ASIA', 16, 'upper'],
  ['AIza', 35, 'alnum'],
  ['GOCSPX-', 28, 'alnum'],
  ['ya29.', 60, 'alnum'],
  ['dop_v1_', 64, 'hex'],
  ['dapi', 32, 'hex'],
  ['hvs.', 90, 'alnum'],
  ['sb_secret_', 40, 'alnum'],
  ['npm_', 36, 'alnum'],
  ['xoxb-', 60, 'alnum'],
  ['sk_live_', 24, 'alnum'],
  ['sk-ant-', 90, 'alnum'],
  ['tskey-', 40, 'alnum'],
  ['napi_', 64, 'alnum'],
];

describe('a credential', () => {
  test.each(KEYS)('that begins with %s is masked', (begin, length, encoding) => {
    const secret = letters(begin, length, encoding);
    const { text, rules } = scanWith(table, [`{"key":"${begin}${secret}","to":"jane@example.com"}`]);
    expect(rules.toSorted()).toEqual(['credential', 'email']);
    expect(text).not.toContain(secret);
    expect(text).toContain('"****@example.com"');
    expect(text.length).toBe(`{"key":"${begin}${secret}","to":"jane@example.com"}`.length);
  });

  test.each([
    'ghp_short',
    `ghp_${'a'.repeat(36)}`,
    `xghp_${letters('x', 36, 'alnum')}`,
    'AKIAIOSFODNN7EXAMPLE',
    'AKIA and ASIA',
    letters('sha', 64, 'hex'),
    '550e8400-e29b-41d4-a716-446655440000',
    'sk-learn',
    'xoxo',
    'the dapi of databases',
    'hvs.',
    'glpat-',
    'npm_config_registry',
    'AIza',
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'github_pat_',
    'ya29',
    'SG.de',
    'sk_test',
    'password',
    'hf_transfer',
  ])('is not found in %s', (text) => {
    expect(scanWith(table, [`value ${text} end`])).toMatchObject({ text: `value ${text} end`, rules: [] });
  });
});
