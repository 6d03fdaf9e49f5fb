// Events that are like one before them: their texts are those that reading them as JSON gives, and what is no such event, or
// no JSON at all, is told from one.
import { describe, expect, test } from 'vitest';
import { EventShape } from '../../../src/core/content/event-shape.ts';
import { type Path, visitStrings } from '../../../src/core/model-text/json-walk.ts';
import { random } from './random.ts';

const ROUNDS = 4000;
const isNamed = (path: Path) => path.at(-1) === 'text';
const streamOf = (path: Path) => (isNamed(path) ? path.join('.') : undefined);

function shapeOf(json: string): EventShape | undefined {
  return EventShape.of(Buffer.from(json), JSON.parse(json) as object, streamOf);
}

/** The texts of an event that is of a shape. */
function byShape(shape: EventShape | undefined, json: string): [string, string][] | undefined {
  const bytes = Buffer.from(json);
  if (shape?.fits(bytes) !== true) return undefined;
  const texts: [string, string][] = [];
  shape.eachText(({ stream }, from, to) => texts.push([stream, bytes.toString('utf8', from, to)]));
  return texts;
}

/** The same as a reader of JSON has them. */
function byValue(json: string): [string, string][] {
  const texts: [string, string][] = [];
  visitStrings(JSON.parse(json), (path, text) => {
    if (isNamed(path)) texts.push([path.join('.'), text]);
  });
  return texts;
}

const TEMPLATE =
  '{"type":"delta","n":7,"a":[{"text":"one","index":0},{"text":"two","index":1}], "id" : "x", "f":-1.5}\n';

describe('an event like the one before it', () => {
  test('has other texts and numbers', () => {
    const other = TEMPLATE.replace('one', 'é, and more')
      .replace('two', '')
      .replace('7', '120')
      .replace('"x"', '"y"');
    expect(byShape(shapeOf(TEMPLATE), other)).toEqual([
      ['a.0.text', 'é, and more'],
      ['a.1.text', ''],
    ]);
  });

  test.each([
    ['an escape in a text', ['one', 'o\\u006ee']],
    ['a text that does not end', ['"two"', '"two']],
    ['a line break in a text', ['one', 'o\ne']],
    ['a number that is none', ['"n":7', '"n":07']],
    ['a number of another kind', ['"n":7', '"n":7.5']],
    ['no number', ['"n":7', '"n":']],
    ['another kind', ['"delta"', '"alpha"']],
    ['another index', ['"index":1', '"index":2']],
    ['another member', ['"text":"two"', '"test":"two"']],
    ['another number of those that are not told apart', ['-1.5', '-1.6']],
    ['more behind it', ['\n', '}\n']],
    ['less', ['}\n', '']],
  ] as const)('is none with %s', (_name, [from, to]) => {
    expect(byShape(shapeOf(TEMPLATE), TEMPLATE.replace(from, to))).toBeUndefined();
  });

  test.each([
    ['an escape', '{"text":"a\\nb"}'],
    ['a member that is there twice', '{"text":"a","text":"a"}'],
    ['members with numbers for names, which come first', '{"1":{"text":"a"},"0":{"text":"a"}}'],
    ['many texts', `{"text":"a","b":[${'"c",'.repeat(64)}"d"]}`],
    ['many bytes', `{"text":"${'a'.repeat(10_000)}"}`],
  ])('is not looked for behind one with %s', (_name, json) => {
    expect(shapeOf(json)).toBeUndefined();
  });

  test('has the texts that its value has, whatever was changed in it', () => {
    const chance = random('event shapes');
    const some = (list: readonly string[]) => list[Math.floor(chance() * list.length)] ?? '';
    let fitting = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const known = TEMPLATE.replace(
        '-1.5',
        some(['-1.5', 'null', '"text"', '{"text":"z"}', '[]', '{"a":3}']),
      );
      let json = known
        .replace('one', some(['', 'a b', '日本', '{}', '1']))
        .replace('7', some(['0', '12', '1e3']));
      for (let changes = Math.floor(chance() * 3); changes > 0; changes -= 1) {
        const at = Math.floor(chance() * json.length);
        json = json.slice(0, at) + some(['"', '\\', ',', '0', 'x', ' ', '{', '}', ':']) + json.slice(at + 1);
      }
      const texts = byShape(shapeOf(known), json);
      if (texts === undefined) continue;
      fitting += 1;
      expect(texts, json).toEqual(byValue(json));
    }
    expect(fitting).toBeGreaterThan(ROUNDS / 4);
  });
});
