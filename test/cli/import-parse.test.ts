// What the parsers of `doorward import` find: the values programs would read, at exactly the bytes they stand in.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { applyEdits, type Edit, readsBack } from '../../src/cli/import/edits.ts';
import { formatOf, knownFormat, PARSERS } from '../../src/cli/import/formats.ts';
import type { FoundValue } from '../../src/cli/import/found-value.ts';
import { memberBehind } from '../../src/cli/import/parse-mcp.ts';
import { parse, type SourceFile } from '../../src/cli/import/source-file.ts';

const latin1 = (text: string) => Buffer.from(text).toString('latin1');
const at = (text: string, { start, end }: FoundValue) =>
  Buffer.from(text).subarray(start, end).toString('utf8');
const dotenv = (text: string) => PARSERS.dotenv(latin1(text));
const read = (text: string) => dotenv(text).values.map(({ name, value, line }) => [line, name, value]);

describe('.env', () => {
  it.each([
    ['A=plain', [[1, 'A', 'plain']]],
    ['export A=plain # note', [[1, 'A', 'plain']]],
    ['  A = spaced  ', [[1, 'A', 'spaced']]],
    ['A="double # kept"  # note', [[1, 'A', 'double # kept']]],
    ["A='single $B'", [[1, 'A', 'single $B']]],
    ['A=`back`', [[1, 'A', 'back']]],
    ['A="one\\ntwo \\"q\\" \\$x"', [[1, 'A', 'one\ntwo "q" $x']]],
    [
      'A="one\r\ntwo"\r\nB=3\r\n',
      [
        [1, 'A', 'one\r\ntwo'],
        [3, 'B', '3'],
      ],
    ],
    [
      'A=1\r\nB=2\r\n',
      [
        [1, 'A', '1'],
        [2, 'B', '2'],
      ],
    ],
    [
      'A=1\rB=2',
      [
        [1, 'A', '1'],
        [2, 'B', '2'],
      ],
    ],
    ['\ufeffA=1', [[1, 'A', '1']]],
    ['# A=1\n\n   # B=2\nC=', [[4, 'C', '']]],
    [
      'A=schlüssel-ß\nB=ok',
      [
        [1, 'A', 'schlüssel-ß'],
        [2, 'B', 'ok'],
      ],
    ],
    [
      'A=1\nA=2',
      [
        [1, 'A', '1'],
        [2, 'A', '2'],
      ],
    ],
  ])('reads %j', (text, expected) => {
    expect(read(text)).toEqual(expected);
    expect(dotenv(text).troubles).toEqual([]);
  });

  it.each([
    ['A=$OTHER', 'put together'],
    ['A=x${OTHER}', 'put together'],
    ['A="x$(id)"', 'put together'],
    ['A=`id', 'quote is not closed'],
    ['A="open\nB=2', 'quote is not closed'],
    ['A=abc#def', 'disagree about the #'],
    [String.raw`A=a\b`, 'quote or backslash'],
    [`A="x"y`, 'more stands behind'],
    [`A='it\\'s'`, 'more stands behind'],
  ])('tells %j as odd', (text, oddity) => {
    expect(dotenv(text).values[0]?.oddity).toContain(oddity);
  });

  it('goes on behind a quote that is not closed', () => {
    expect(read('A="open\nB=2').at(-1)).toEqual([2, 'B', '2']);
  });

  it('names a line that is no assignment, without its text', () => {
    expect(dotenv('A=1\nsk-secret-thing\nB=2').troubles).toEqual(['Line 2 is no assignment.']);
  });
});

describe('other formats', () => {
  it('reads profiles, with continued lines left to the field before', () => {
    const text =
      '[default]\naws_access_key_id = AKIA1\n  more\n; note\n[ two ]\r\naws_secret_access_key=s/3\r\n';
    expect(PARSERS.aws(text)).toEqual({
      values: [
        expect.objectContaining({ name: 'AWS_ACCESS_KEY_ID', value: 'AKIA1', scope: 'default', line: 2 }),
        expect.objectContaining({ name: 'AWS_SECRET_ACCESS_KEY', value: 's/3', scope: 'two', line: 6 }),
      ],
      troubles: [],
    });
  });

  it('reads machines, quotes and comments, and passes macros over', () => {
    const text =
      'machine api.github.com login me password p1 # note\nmacdef init\npassword none\n\ndefault login x password "p 2"\n';
    const { values } = PARSERS.netrc(text);
    expect(values.map(({ host, user, value }) => [host, user, value])).toEqual([
      ['api.github.com', 'me', 'p1'],
      ['', 'x', 'p 2'],
    ]);
    expect(values.map((value) => at(text, value))).toEqual(['p1', 'p 2']);
  });

  it('reads the tokens of hosts, quoted or not', () => {
    const text =
      'github.com:\n  users:\n    me:\n      oauth_token: gho_1\n  oauth_token: "gho_1"\n"ghe.io":\n  oauth_token: *anchor\n';
    const { values, troubles } = PARSERS.gh(text);
    expect(values.map(({ host, value, line }) => [host, value, line])).toEqual([
      ['github.com', 'gho_1', 4],
      ['github.com', 'gho_1', 5],
    ]);
    expect(values.map((value) => at(text, value))).toEqual(['gho_1', 'gho_1']);
    expect(troubles).toEqual(['Line 7 holds a token in a form that is not read.']);
  });

  it('reads env of MCP servers, with comments and trailing commas, and only tells of keys elsewhere', () => {
    const text =
      '// mine\n{"mcpServers": {"a": {"env": {"K": "v\\u0041", "N": 1,}, "headers": {"Authorization": "Bearer t0k"}}},}';
    const { values } = PARSERS.mcp(text);
    expect(values.map(({ name, value, isElsewhere }) => [name, value, isElsewhere])).toEqual([
      ['K', 'vA', undefined],
      ['Authorization', 't0k', true],
    ]);
    expect(at(text, values[0] ?? expect.fail('nothing found'))).toBe('v\\u0041');
  });

  it('says where JSON ends to be JSON', () => {
    expect(PARSERS.mcp('{\n"servers": oops}')).toEqual({ values: [], troubles: ['Line 2 is not JSON.'] });
    expect(PARSERS.mcp('['.repeat(5000)).troubles).toHaveLength(1);
  });

  it('reads nothing from binary files and UTF-16', () => {
    const { values, troubles } = parse('/x/.env', Buffer.from('A=1', 'utf16le'));
    expect(values).toEqual([]);
    expect(troubles).toEqual([expect.stringContaining('zero bytes')]);
  });
});

describe('formats', () => {
  it.each([
    ['/p/.env', 'dotenv'],
    ['/p/.env.local', 'dotenv'],
    ['/p/prod.env', 'dotenv'],
    ['/p/.env.example', undefined],
    ['/p/.env.sample', undefined],
    ['/h/.aws/credentials', 'aws'],
    ['/p/credentials', undefined],
    ['/h/.netrc', 'netrc'],
    ['/h/.config/gh/hosts.yml', 'gh'],
    ['/p/.cursor/mcp.json', 'mcp'],
    ['/p/.mcp.json', 'mcp'],
    ['/p/package.json', undefined],
  ])('knows %s by its name', (path, format) => {
    expect(knownFormat(path)).toBe(format);
  });

  it.each([
    ['{"servers":{}}', 'mcp'],
    ['# mine\n[default]\n', 'aws'],
    ['machine x login y password z', 'netrc'],
    ['A=1', 'dotenv'],
  ])('tells %j by how it begins', (text, format) => {
    expect(formatOf('/p/some-file', text)).toBe(format);
  });
});

// Files of every form, made from pieces whose places are known.
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,9}$/);
const token = fc.stringMatching(/^[A-Za-z0-9_.+/=-]{1,40}$/);
const ending = fc.constantFrom('\n', '\r\n');
const quote = fc.constantFrom('', '"', "'", '`');
const noise = fc.constantFrom('', '# note sk-x', '   ', '\t# "quoted', "#'");
const line = fc.record({
  name,
  value: token,
  quote,
  ending,
  noise,
  isExported: fc.boolean(),
  tail: fc.constantFrom('', '  ', ' # c'),
});

const written = ({
  name: variable,
  value,
  quote: q,
  isExported,
  tail,
}: {
  name: string;
  value: string;
  quote: string;
  isExported: boolean;
  tail: string;
}) => ({
  before: `${isExported ? 'export ' : ''}${variable}=${q}`,
  value,
  after: `${q}${tail}`,
});

describe('places', () => {
  it('are exact in any .env file', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        let text = '';
        const expected = lines.map((one) => {
          const { before, value, after } = written(one);
          text += one.noise + one.ending + before;
          const start = text.length;
          text += value + after + one.ending;
          return { name: one.name, value, start, end: start + value.length };
        });
        const { values, troubles } = PARSERS.dotenv(text);
        expect(
          values.map(({ name: variable, value, start, end }) => ({ name: variable, value, start, end })),
        ).toEqual(expected);
        expect(troubles).toEqual([]);
      }),
    );
  });

  it.each(['dotenv', 'aws', 'netrc', 'gh', 'mcp'] as const)(
    'of %s lie in the file, in order, whatever it holds',
    (format) => {
      const pieces = fc.constantFrom(
        'A=',
        '"',
        "'",
        '`',
        '\\',
        '\n',
        '\r',
        '#',
        '$',
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        ' ',
        '="',
        'machine ',
        'password ',

        'oauth_token: ',
        'github.com:',
        '"env"',
        '"servers"',
        'x',
        'é',
        '/*',
        '//',
        'export ',
        'default',
        'macdef ',
      );
      fc.assert(
        fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
          const text = latin1(parts.join(''));
          let from = 0;
          for (const { start, end } of PARSERS[format](text).values) {
            expect(start).toBeGreaterThanOrEqual(from);
            expect(end).toBeGreaterThanOrEqual(start);
            from = end;
          }
          expect(from).toBeLessThanOrEqual(text.length);
        }),
        { numRuns: 500 },
      );
    },
  );

  it('take a replacement that reads back, and nothing else changes', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        token,
        (lines, pick, placeholder) => {
          const text = lines.map((one) => Object.values(written(one)).join('') + one.ending).join('');
          const file = sourceOf('/x/.env', text);
          const { start, end } = file.values[pick % file.values.length] ?? expect.fail('nothing found');
          const edits: Edit[] = [{ start, end, text: placeholder }];
          const after = applyEdits(file.bytes, edits);
          expect(readsBack(file, after, edits)).toBe(true);
          expect(after.toString()).toBe(text.slice(0, start) + placeholder + text.slice(end));
        },
      ),
    );
  });

  it('are not taken by a text that would read otherwise', () => {
    const file = sourceOf('/x/.env', 'A=one\nB=two\n');
    const edits = [{ start: 2, end: 5, text: 'x #y' }];
    expect(readsBack(file, applyEdits(file.bytes, edits), edits)).toBe(false);
    const breaking = [{ start: 2, end: 5, text: '"open' }];
    expect(readsBack(file, applyEdits(file.bytes, breaking), breaking)).toBe(false);
  });
});

describe('a variable put behind another', () => {
  it.each([
    ['{\n  "servers": {"a": {"env": {\n    "K": "v"\n  }}}\n}', ',\n    "U": "http://x"'],
    ['{\r\n "servers": {"a": {"env": {\r\n\t"K": "v"}}}}', ',\r\n\t"U": "http://x"'],
    ['{"servers": {"a": {"env": {"K": "v"}}}}', ', "U": "http://x"'],
  ])('stands as its neighbour does in %j', (text, member) => {
    const { start, end } = PARSERS.mcp(text).values[0] ?? expect.fail('nothing found');
    expect(memberBehind(text, start, ['U', 'http://x'])).toBe(member);
    const file = sourceOf('/x/.mcp.json', text);
    const edits = [
      { start, end, text: 'placeholder' },
      { start: end + 1, end: end + 1, text: member },
    ];
    const after = applyEdits(file.bytes, edits);
    expect(readsBack(file, after, edits)).toBe(true);
    expect(parse(file.path, after).values.map(({ name: variable, value }) => [variable, value])).toEqual([
      ['K', 'placeholder'],
      ['U', 'http://x'],
    ]);
  });
});

function sourceOf(path: string, text: string): SourceFile {
  const bytes = Buffer.from(text);
  const look = { mode: 0o600, uid: 0, gid: 0, names: 1 };
  return { path, shown: path, bytes, ...look, ...parse(path, bytes) };
}
