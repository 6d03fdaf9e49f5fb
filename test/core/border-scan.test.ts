// Texts that go on in the next, each passed on as it comes: what is spread over several of them is found when its last part
// comes, wherever the borders are, and what each holds by itself is found once.
import { describe, expect, test } from 'vitest';
import { EventWords } from '../../src/core/content/event-words.ts';
import { writingOf } from '../../src/core/content/escapes.ts';
import { contentOverBorders, JoinedWords } from '../../src/core/content/joined-words.ts';
import { BorderScan } from '../../src/core/inspection/border-scan.ts';
import type { LeakMatch } from '../../src/core/leak-scan/findings.ts';
import { buildScanTable, createLeakScan } from '../../src/core/leak-scan/scanner.ts';
import { random } from './content/random.ts';
import { rulesOf, tableOf } from './content/search.ts';

const ROUNDS = 2000;
const VALUE = 'sk-test-9fK2mQ7xLw4TzR8vBn3HcJ6yPd5GsA1e';
const PLANTED = ['4111 1111 1111 1111', 'jane@example.com', 'DE89370400440532013000'];
const WORDS = [
  'the',
  'number',
  'is',
  'é',
  '12',
  '-',
  '日本',
  'kind regards,',
  'sk-test',
  '4111',
  'at@',
  '\n',
];

/** Cuts a text at some of its characters, often into single ones. */
function pieces(text: string, chance: () => number): string[] {
  const often = chance();
  const parts: string[] = [''];
  for (const character of text) {
    if (chance() < often) parts.push('');
    parts[parts.length - 1] += character;
  }
  return parts.filter((part) => part !== '');
}

function sentence(chance: () => number, planted: string): string {
  const some = () =>
    Array.from({ length: Math.floor(chance() * 8) }, () => WORDS[Math.floor(chance() * WORDS.length)]).join(
      ' ',
    );
  return `${some()} | ${planted} | ${some()}`;
}

const TABLES = {
  mask: tableOf(rulesOf(['card', 'email', 'iban'], 'mask')),
  flag: tableOf(rulesOf(['card', 'email', 'iban'], 'flag')),
};

function contentScan(action: keyof typeof TABLES) {
  const found: string[] = [];
  const scan = contentOverBorders({
    table: TABLES[action],
    writingOf: () => writingOf(''),
    onMatch: (rule) => found.push(rule),
  });
  return { found, pass: (text: string) => scan.pass(Buffer.from(text)).toString() };
}

describe('a scan over borders', () => {
  test('finds content however it is spread, at the latest with its last part, and masks what is left', () => {
    const chance = random('spread');
    for (let round = 0; round < ROUNDS; round += 1) {
      const planted = PLANTED[round % PLANTED.length] ?? '';
      const cut = pieces(sentence(chance, planted), chance);
      const { found, pass } = contentScan('mask');
      const passed = cut.map(pass);
      expect(found, cut.join('¦')).toContain(['card', 'email', 'iban'][round % PLANTED.length]);
      expect(passed.map((text) => text.length)).toEqual(cut.map((text) => text.length));
      expect(passed.join(''), cut.join('¦')).not.toContain(planted);
    }
  });

  test('tells what one text holds once, and finds nothing in texts that hold nothing together', () => {
    const { found, pass } = contentScan('flag');
    for (const text of [
      'to jane@example.com',
      ' and',
      ` ${PLANTED[0]}`,
      '\n',
      'more',
      '4111 11',
      'x',
      '11 1111',
    ])
      expect(pass(text)).toBe(text);
    expect(found).toEqual(['email', 'card']);
  });

  test('finds echoes of a value over borders, and nothing of more than its first part leaves whole', () => {
    const table = buildScanTable([
      { id: 'v', value: Buffer.from(VALUE), publicPrefixLength: 8, fragments: true },
    ]);
    const chance = random('echo');
    for (let round = 0; round < ROUNDS; round += 1) {
      const written = [VALUE, Buffer.from(VALUE).toString('base64'), Buffer.from(VALUE).toString('hex')];
      const planted = written[round % written.length] ?? '';
      const cut = pieces(sentence(chance, planted), chance);
      const found: LeakMatch[] = [];
      const scan = new BorderScan<LeakMatch>({
        look: (text, onFound) => {
          const leaks = createLeakScan(table, onFound);
          const decided = leaks.push(text);
          return { bytes: Buffer.concat([decided, leaks.end()]), undecided: text.length - decided.length };
        },
        onFound: (match) => found.push(match),
        kindOf: ({ view }) => view,
        openBytes: 128,
      });
      const passed = cut.map((text) => scan.pass(Buffer.from(text)).toString()).join('');
      expect(found.length, cut.join('¦')).toBeGreaterThan(0);
      expect(passed, cut.join('¦')).not.toContain(planted);
      expect(Buffer.byteLength(passed)).toBe(Buffer.byteLength(cut.join('')));
    }
  });

  test('does not go on with what came long before, and keeps little of it', () => {
    const { found, pass } = contentScan('flag');
    pass('4111 1111');
    pass('x'.repeat(10_000));
    pass(' 1111 1111');
    for (let i = 0; i < 1000; i += 1) pass('4');
    expect(found).toEqual([]);
  });
});

describe('the words of a model', () => {
  const event = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

  test('are joined however the bytes of their events are cut', () => {
    const chance = random('events');
    for (let round = 0; round < 500; round += 1) {
      const planted = PLANTED[round % PLANTED.length] ?? '';
      const cut = pieces(sentence(chance, planted), chance);
      const stream = cut.map(event).join('');
      const found: string[] = [];
      const words = new JoinedWords(TABLES.mask, (rule) => found.push(rule));
      const events = new EventWords(words, { isHeld: true });
      const passed = [
        ...pieces(stream, chance).map((piece) => events.push(Buffer.from(piece))),
        events.end(),
      ];
      const said = Buffer.concat(passed)
        .toString()
        .split('\n\n')
        .filter((line) => line !== '')
        .map(
          (line) =>
            (JSON.parse(line.slice(6)) as { choices: [{ delta: { content: string } }] }).choices[0].delta
              .content,
        );
      expect(said.map((text) => text.length)).toEqual(cut.map((text) => text.length));
      // What one event holds by itself is for whoever looks at each of them.
      const isInOne = cut.some((part) => {
        const alone = contentScan('flag');
        alone.pass(part);
        return alone.found.length > 0;
      });
      if (!isInOne) {
        expect(found.length, cut.join('¦')).toBeGreaterThan(0);
        expect(said.join(''), cut.join('¦')).not.toContain(planted);
      }
    }
  });

  test('pass untouched, byte for byte, where nothing is found: other lines, other JSON, a line without an end', () => {
    const words = new JoinedWords(tableOf(rulesOf(['card'])), () => undefined);
    const text = `: note\r\nevent: x\r\ndata:{"a":[1, 2.50, "\\u00e9"]}\r\n\r\ndata: [DONE]\n\nid: 7\rdata: {"broken\n${event('hi')}data: {"un`;
    for (const isHeld of [true, false]) {
      const events = new EventWords(words, { isHeld });
      const passed = Array.from(text, (letter) => events.push(Buffer.from(letter)));
      expect(Buffer.concat([...passed, events.end()]).toString()).toBe(text);
      const long = Buffer.from(`data: {"a":"${'x'.repeat(3_000_000)}"}\n`);
      expect(Buffer.concat([events.push(long), events.end()]).equals(long)).toBe(true);
    }
  });
});
