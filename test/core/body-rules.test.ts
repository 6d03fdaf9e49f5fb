// What the rules for bodies allow: GraphQL, JSON-RPC and MCP, and that a body two readers could read in two ways is refused.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { bodyRefusal } from '../../src/core/body-rules/body-refusal.ts';
import { BodyRule } from '../../src/core/body-rules/body-rule.ts';
import { graphqlOperations } from '../../src/core/body-rules/graphql-document.ts';
import { rewriteJson } from '../../src/core/body-rules/read-body.ts';

const GRAPHQL = BodyRule.parse({
  kind: 'graphql',
  operations: [
    { type: 'query', fields: ['viewer', 'rateLimit'] },
    { type: 'mutation', name: 'Close', fields: ['closeIssue'] },
  ],
});
const JSON_RPC = BodyRule.parse({ kind: 'json-rpc', methods: ['sum', 'eth_get*'] });
const MCP = BodyRule.parse({
  kind: 'mcp',
  tools: [{ name: 'search' }, { name: 'create', arguments: { owner: 'acme', draft: true, size: 3 } }],
  methods: ['prompts/*'],
});

function refusal(
  rule: BodyRule,
  body: unknown,
  more: { type?: string; coded?: boolean; query?: string[] } = {},
) {
  const { type = 'application/json', coded = false, query = [] } = more;
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return bodyRefusal(rule, {
    method: 'POST',
    queryNames: query,
    body: { contentTypes: [type], isCoded: coded, bytes },
  });
}
const allows = (rule: BodyRule, body: unknown) => refusal(rule, body) === undefined;

describe('a GraphQL operation', () => {
  it.each([
    '{ viewer { login } }',
    'query { viewer { repositories(first: 5, orderBy: {field: NAME, direction: ASC}) { nodes { name } } } }',
    'query Q($n: Int! = 3, $l: [String!]) @live { me: viewer { id } rateLimit { cost } __typename }',
    'query { ... on Query { viewer { id } } ...F } fragment F on Query { rateLimit { cost } }',
    'query { ... @include(if: true) { viewer { id } } }',
    '# mutation { a }\nquery { viewer { note(text: "mutation { a }", block: """ } { a """) } }',
    'mutation Close { closeIssue(input: {id: "x"}) { id } }',
  ])('is allowed: %s', (query) => expect(allows(GRAPHQL, { query })).toBe(true));

  it.each([
    '{ repository { id } }',
    '{ viewer: repository { id } }',
    '{ viewer { id } repository { id } }',
    '{ ...F } fragment F on Query { ...G } fragment G on Query { repository { id } }',
    '{ ... { ... on Query { repository { id } } } }',
    '{ ...Missing }',
    'mutation { closeIssue { id } }',
    'mutation Close { deleteIssue { id } }',
    'mutation Other { closeIssue { id } }',
    'subscription { viewer { id } }',
    'query A { viewer { id } } mutation B { closeIssue { id } }',
    '{ __schema { types { name } } }',
    // what is no document
    '',
    'viewer',
    '{ }',
    '{ viewer',
    '{ viewer(a: ) }',
    '{ viewer { id } } }',
    '{ viewer { id } } type Query { a: Int }',
    'fragment F on Query { viewer }',
    'fragment F on Query { viewer } fragment F on Query { repository } { ...F }',
    '"description" query { viewer { id } }',
    '{ viewer(a: "unterminated) }',
    '{ viewer(a: """block \\""") { id } }',
    '{ viewer(a: """block "b") { id } }',
    '{ viewer(a: [1"""tru"a]) { id } }',
    '{ viewer(a: 01) { id } }',
    '{ viewer\u0000 { id } }',
    `{ viewer ${'{ a '.repeat(70)}${'}'.repeat(70)} }`,
  ])('is refused: %s', (query) => expect(allows(GRAPHQL, { query })).toBe(false));

  it.each([
    [{ query: '{ viewer { id } }', id: 'stored' }],
    [{ query: '{ viewer { id } }', Query: 'mutation { a }' }],
    [{ query: '{ viewer { id } }', extensions: { persistedQuery: { version: 1 } } }],
    [{ query: '{ viewer { id } }', extensions: { PersistedQuery: {} } }],
    [{ query: ['{ viewer { id } }'] }],
    [{ operationName: 'Q' }],
    [[{ query: '{ viewer { id } }' }]],
    ['{ viewer { id } }'],
    [null],
  ])('in a body that could hold another is refused: %j', (body) => {
    expect(allows(GRAPHQL, JSON.stringify(body))).toBe(false);
  });

  it('is refused where a parameter of the address could stand for a part of it', () => {
    expect(refusal(GRAPHQL, { query: '{ viewer { id } }' }, { query: ['Query'] })).toContain('parameter');
    expect(refusal(GRAPHQL, { query: '{ viewer { id } }' }, { query: ['trace'] })).toBeUndefined();
  });

  it('has the fields at its top found, whatever aliases, fragments and noise stand around them', () => {
    const name = fc.constantFrom('a', 'bb', 'c_3', 'query', 'on', 'fragment', 'true');
    const noise = fc.constantFrom(' ', ',', '\n', ' # { hidden }\n', '\t');
    const field = fc.record({ alias: fc.option(name), name, sub: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(field, { minLength: 1, maxLength: 8 }),
        noise,
        fc.boolean(),
        (fields, gap, isSpread) => {
          const texts = fields.map(
            (one) =>
              `${one.alias === null ? '' : `${one.alias}:`}${one.name}${one.sub ? `${gap}{${gap}deep${gap}}` : ''}`,
          );
          const body = texts.join(gap);
          const source = isSpread ? `{...F}${gap}fragment F on Query{${body}}` : `{${gap}${body}${gap}}`;
          expect([...(graphqlOperations(source)?.[0]?.fields ?? [])].toSorted()).toEqual(
            [...new Set(fields.map((one) => one.name))].toSorted(),
          );
        },
      ),
    );
  });

  it('is read or refused in bounded time, whatever the text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '...',
      '"',
      '"""',
      '\\',
      'on',
      'a',
      ':',
      '$',
      '@',
      '[',
      ']',
      '#',
      '\n',
      '-1',
      '!',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 200 }), (parts) => {
        graphqlOperations(parts.join(' '));
        graphqlOperations(parts.join(''));
      }),
    );
  });
});

describe('a JSON-RPC request', () => {
  it.each([
    { jsonrpc: '2.0', id: 1, method: 'sum', params: [1, 2] },
    { jsonrpc: '2.0', method: 'eth_getBalance' },
  ])('is allowed: %j', (body) => expect(allows(JSON_RPC, body)).toBe(true));

  it.each([
    { jsonrpc: '2.0', id: 1, method: 'eth_send' },
    { jsonrpc: '2.0', id: 1, method: 'Sum' },
    { jsonrpc: '2.0', id: 1, method: 'sum', METHOD: 'eth_send' },
    { jsonrpc: '2.0', id: 1, method: 'sum', more: 1 },
    { jsonrpc: '2.0', id: {}, method: 'sum' },
    { jsonrpc: '2.0', id: 1, method: 'sum', params: 'x' },
    { jsonrpc: '1.0', id: 1, method: 'sum' },
    { id: 1, method: 'sum' },
    { jsonrpc: '2.0', id: 1, result: 1 },
    'sum',
    [{ jsonrpc: '2.0', id: 1, method: 'sum' }],
  ])('is refused: %j', (body) => expect(allows(JSON_RPC, JSON.stringify(body))).toBe(false));

  it('comes in batches only where they are allowed, and each element is decided', () => {
    const rule = BodyRule.parse({ ...JSON_RPC, batches: true });
    const one = (method: string) => ({ jsonrpc: '2.0', id: 1, method });
    expect(allows(rule, [one('sum'), one('eth_getCode')])).toBe(true);
    expect(allows(rule, [one('sum'), one('eth_send')])).toBe(false);
    expect(allows(rule, [[one('sum')]])).toBe(false);
    expect(allows(rule, [])).toBe(false);
    expect(allows(rule, Array(101).fill(one('sum')))).toBe(false);
  });
});

describe('a message to an MCP server', () => {
  const call = (params: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  it.each([
    call({ name: 'search', arguments: { anything: [1] } }),
    call({ name: 'search' }),
    call({ name: 'create', arguments: { owner: 'acme', draft: true, size: 3, title: 'x' } }),
    { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 1, method: 'prompts/get', params: {} },
    { jsonrpc: '2.0', id: 7, result: { roots: [] } },
  ])('is allowed: %j', (body) => expect(allows(MCP, body)).toBe(true));

  it.each([
    call({ name: 'drop' }),
    call({ name: 'create', arguments: { owner: 'evil', draft: true, size: 3 } }),
    call({ name: 'create', arguments: { owner: 'acme', draft: 'true', size: 3 } }),
    call({ name: 'create', arguments: { owner: 'acme', size: 3 } }),
    call({ name: 'create', arguments: { owner: 'acme', draft: true, size: 3, Owner: 'evil' } }),
    call({ name: 'create', arguments: [] }),
    call({ name: 'search', Name: 'drop' }),
    call({ name: ['search'] }),
    call({}),
    { jsonrpc: '2.0', id: 1, method: 'tools/call' },
    { jsonrpc: '2.0', id: 1, method: 'resources/read' },
    { jsonrpc: '2.0', id: 1, result: 1, method: 'tools/call' },
  ])('is refused: %j', (body) => expect(allows(MCP, body)).toBe(false));

  it('needs no body where a session is listened to or ended', () => {
    const bare = (method: string) => bodyRefusal(MCP, { method, queryNames: [], body: undefined });
    expect([bare('GET'), bare('DELETE')]).toEqual([undefined, undefined]);
    expect(bare('POST')).toContain('there is none');
    expect(bodyRefusal(GRAPHQL, { method: 'GET', queryNames: [], body: undefined })).toContain(
      'there is none',
    );
  });
});

describe('a body that can not be decided is refused with the reason', () => {
  const good = '{"jsonrpc":"2.0","id":1,"method":"sum"}';
  it.each([
    ['a duplicate', '{"jsonrpc":"2.0","id":1,"method":"sum","method":"drop"}', 'names a member twice'],
    [
      'a duplicate by escape',
      '{"jsonrpc":"2.0","id":1,"method":"sum","m\\u0065thod":"drop"}',
      'names a member twice',
    ],
    ['no JSON', '{', 'is not valid JSON'],
    ['more than one', `${good}${good}`, 'is not valid JSON'],
    ['nothing', ' ', 'is not valid JSON'],
    ['a byte order mark', `\ufeff${good}`, 'begins with a byte order mark'],
    ['half a pair', '{"jsonrpc":"2.0","id":"\\ud800","method":"sum"}', 'holds half of a surrogate pair'],
    [
      'depth',
      `{"jsonrpc":"2.0","method":"sum","params":${'['.repeat(64)}${']'.repeat(64)}}`,
      'deeper than 64',
    ],
    ['a long number', '{"jsonrpc":"2.0","id":9007199254740993,"method":"sum"}', 'a number of more digits'],
    ['an endless number', '{"jsonrpc":"2.0","id":1e999,"method":"sum"}', 'a number of more digits'],
  ])('%s', (_what, body, reason) => expect(refusal(JSON_RPC, body)).toContain(reason));

  it('what is not UTF-8, coded, or of another type', () => {
    expect(refusal(JSON_RPC, Buffer.from([0x7b, 0xff, 0x7d]))).toContain('is not UTF-8');
    expect(refusal(JSON_RPC, good, { coded: true })).toContain('content coding');
    for (const type of [
      '',
      'text/plain',
      'application/json; charset=utf-16',
      'application/json, text/plain',
    ]) {
      expect(refusal(JSON_RPC, good, { type }), type).toContain('content type');
    }
    expect(refusal(JSON_RPC, good, { type: 'Application/JSON; charset="UTF-8"' })).toBeUndefined();
  });

  it('and what is sent of one that is allowed means the same, whoever reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (params) => {
        const body = JSON.stringify({ jsonrpc: '2.0', method: 'sum', params: [params] }, null, 2);
        fc.pre(refusal(JSON_RPC, body) === undefined);
        const sent = rewriteJson(Buffer.from(body)).toString();
        expect(JSON.parse(sent)).toEqual(JSON.parse(body));
        expect(rewriteJson(Buffer.from(sent)).toString()).toBe(sent);
      }),
    );
    expect(
      refusal(JSON_RPC, '{"jsonrpc":"2.0","method":"sum","params":[1.50,1e3,-0.0,0.1,1E-7,100]}'),
    ).toBeUndefined();
  });
});
