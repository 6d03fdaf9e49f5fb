// Own patterns: found as JavaScript's own engine finds them, in a time that grows with the text alone, or refused with a reason.
import { describe, expect, test } from 'vitest';
import { patternTrouble } from '../../../src/core/content/pattern-search.ts';
import { ContentProtection, contentRules } from '../../../src/core/protection/content.ts';
import { random } from './random.ts';
import { rulesOf, scan } from './search.ts';

const found = (pattern: string, text: string) => scan(rulesOf([], 'mask', { own: pattern }), [text]).text;

describe('a pattern', () => {
  test.each([
    ['ACME-[0-9]{4}', 'see ACME-1234!', 'see *********!'],
    [
      '\\bACME-[0-9]{4}\\b',
      'ACME-1234 ACME-12345 xACME-1234 ACME-1234',
      '********* ACME-12345 xACME-1234 *********',
    ],
    ['(?i)top secret', 'TOP Secret top  secret', '********** top  secret'],
    ['a(?:b|cd)*e', 'ae abcdbe acd', '** ****** acd'],
    ['[^ ]+@corp', 'me@corp you@corporate', '******* ********orate'],
    ['[^a]b', 'éb ab cb', '*** ab **'],
    ['\\d{3}\\.\\d{2}', '123.45 123x45', '****** 123x45'],
    ['x{2,3}', 'x xx xxx xxxx', 'x ** *** ***x'],
    ['a.c', 'abc a\nc aéc', '*** a\nc ****'],
    ['Zürich|Genève', 'in Zürich, Genève', 'in *******, *******'],
    ['[A-Za-z_]\\w*=\\S+', 'key=value other', '********* other'],
    ['[\\]a-c-]+', 'x]ab-c]y', 'x******y'],
    ['\\(\\d+\\)', 'f(12) g()', 'f**** g()'],
    ['colou?r', 'color colour colr', '***** ****** colr'],
    ['ab|abc', 'abcd', '***d'],
    ['\\t\\n?', 'a\t\nb', 'a**b'],
  ])('%s in %j', (pattern, text, masked) => {
    expect(found(pattern, text)).toBe(masked);
  });

  test('is found where it stands in an escape', () => {
    const rules = rulesOf([], 'mask', { own: 'ACME-[0-9]{4}' });
    expect(scan(rules, ['"ACME\\u002d1234"'], 'application/json').rules).toEqual(['own']);
    expect(scan(rules, ['a=ACME%2D1234'], 'application/x-www-form-urlencoded').rules).toEqual(['own']);
  });

  test('of 300 random ones matches where the longest match of an alternative begins leftmost', () => {
    const chance = random('patterns');
    const pick = <T>(list: readonly T[]) => list[Math.floor(chance() * list.length)] as T;
    const atoms = ['a', 'b', 'c', '[ab]', '[^a]', 'ab', '(?:a|bc)', '.'];
    const signs = ['', '', '', '?', '{2}', '{1,3}', '+'];
    for (let round = 0; round < 300; round++) {
      const pattern = Array.from(
        { length: 1 + Math.floor(chance() * 4) },
        () => `(?:${pick(atoms)})${pick(signs)}`,
      ).join('');
      if (patternTrouble(pattern) !== undefined) continue;
      const text = Array.from({ length: 60 }, () => pick(['a', 'b', 'c', ' '])).join('');
      const own = new RegExp(pattern).exec(text);
      const { text: masked, rules } = scan(rulesOf([], 'mask', { own: pattern }), [text]);
      expect(rules.length > 0, `${pattern} in ${text}`).toBe(own !== null);
      // Whatever is left between two matches holds none, by the other engine's judgement.
      for (const rest of masked.split(/\*+/))
        expect(new RegExp(pattern).test(rest), `${pattern} in ${rest}`).toBe(false);
    }
  });

  test.each(['(a+)+b', '(a|a)*b', '([a-z]+)*[0-9]', '(x+x+)+y', '(.*)(.*)(.*)(.*)z'])(
    '%s does not make a hostile text slow',
    (pattern) => {
      const text = 'a'.repeat(200_000);
      expect(found(pattern, text)).toBe(text);
    },
  );

  test.each([
    ['', 'empty'],
    ['a*', 'empty'],
    ['(a', 'not closed'],
    ['a)', 'closes nothing'],
    ['[a', 'not closed'],
    ['*a', 'repeats nothing'],
    ['a{2', 'begins no repetition'],
    ['a{3,2}', 'upwards'],
    ['a{999}', '256'],
    ['a{1234}', 'begins no repetition'],
    ['a++', 'longest'],
    ['a+?', 'longest'],
    ['^a$', 'not offered'],
    ['(?=a)b', 'groups'],
    ['(?<n>a)', 'groups'],
    ['(a)\\1', 'not offered'],
    ['a\\bb', 'beginning and the end'],
    ['[z-a]', 'backwards'],
    ['[à-é]', 'ASCII'],
    ['[^é]', 'ASCII'],
    ['a\\', 'backslash'],
    ['\\p{L}', 'not offered'],
    ['((a{200}){200}){200}', 'too large'],
    ['('.repeat(40) + 'a' + ')'.repeat(40), 'deeply'],
    ['a'.repeat(600), '512'],
  ])('%j is refused, and why', (pattern, why) => {
    expect(patternTrouble(pattern)).toContain(why);
  });
});

describe('the settings', () => {
  test('look for nothing unless told', () => {
    const settings = ContentProtection.parse({});
    expect(settings).toEqual({ request: 'off', answer: 'off', patterns: [], preview: false });
    expect([...contentRules(settings, 'request').classes.values()].every((action) => action === 'off')).toBe(
      true,
    );
  });

  test('take one action for every class, for those that are named, and for all identifiers', () => {
    const settings = ContentProtection.parse({
      request: 'flag',
      answer: { email: 'mask', 'national-id': 'block', 'us-ssn': 'off' },
    });
    expect(contentRules(settings, 'request').classes.get('iban')).toBe('flag');
    const { classes } = contentRules(settings, 'answer');
    expect(['email', 'iban', 'pl-pesel', 'us-ssn'].map((name) => classes.get(name as 'email'))).toEqual([
      'mask',
      'off',
      'block',
      'off',
    ]);
  });

  test.each([
    [{ request: 'loud' }],
    [{ answer: { mail: 'mask' } }],
    [{ patterns: [{ name: 'a', pattern: '(?=a)' }] }],
    [{ patterns: [{ name: 'email', pattern: 'a' }] }],
    [{ patterns: [{ name: 'a b', pattern: 'a' }] }],
    [
      {
        patterns: [
          { name: 'a', pattern: 'a' },
          { name: 'a', pattern: 'b' },
        ],
      },
    ],
    [{ preview: 'yes' }],
    [{ more: 1 }],
  ])('refuse %j', (settings) => {
    expect(ContentProtection.safeParse(settings).success).toBe(false);
  });

  test('say what is wrong with a pattern', () => {
    const { error } = ContentProtection.safeParse({ patterns: [{ name: 'a', pattern: 'a(b' }] });
    expect(error?.issues[0]?.message).toBe('this pattern can not be searched for: a ( is not closed');
  });
});
