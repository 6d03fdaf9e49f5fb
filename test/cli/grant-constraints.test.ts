// Constraints of a grant by command line: how the options read, what is refused, and that they come back as they were given.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { constraintsFrom, constraintTexts, liftedFrom } from '../../src/cli/grant/constraints.ts';
import { Constraints } from '../../src/core/constraints.ts';
import { addAcme, type CliWorld, createCliWorld } from './world.ts';

describe('options', () => {
  test.each([
    [{ methods: 'get, POST' }, { methods: ['GET', 'POST'] }],
    [{ maxBody: '64K' }, { maxBodyBytes: 65_536 }],
    [{ maxBody: '2MiB' }, { maxBodyBytes: 2_097_152 }],
    [{ maxBody: '0' }, { maxBodyBytes: 0 }],
    [{ contentType: ['Application/JSON'] }, { contentTypes: ['application/json'] }],
    [{ days: 'mon-wed,sat' }, { days: ['mon', 'tue', 'wed', 'sat'] }],
    [{ days: 'sat-mon' }, { days: ['sat', 'sun', 'mon'] }],
    [{ days: 'mon-sun' }, { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }],
    [{ from: ['10.0.0.0/8', '::1'] }, { sources: ['10.0.0.0/8', '::1'] }],
    [
      { query: ['+org=acme', '+org=b', 'state=op*', '!admin', 'page'] },
      {
        query: [
          { name: 'org', use: 'required', values: ['acme', 'b'] },
          { name: 'state', use: 'allowed', prefixes: ['op'] },
          { name: 'admin', use: 'forbidden' },
          { name: 'page', use: 'allowed' },
        ],
      },
    ],
    [
      { graphql: ['query', 'mutation/Close:closeIssue,addComment'], bodyAt: ['/graphql'] },
      {
        body: [
          {
            kind: 'graphql',
            at: ['/graphql'],
            operations: [
              { type: 'query' },
              { type: 'mutation', name: 'Close', fields: ['closeIssue', 'addComment'] },
            ],
            batches: false,
          },
        ],
      },
    ],
    [
      { jsonRpc: ['eth_get*'], batches: true as const },
      { body: [{ kind: 'json-rpc', methods: ['eth_get*'], batches: true }] },
    ],
    [
      { mcpTool: ['search', 'create owner=acme draft=true size=3 code="7"'] },
      {
        body: [
          {
            kind: 'mcp',
            tools: [
              { name: 'search' },
              { name: 'create', arguments: { owner: 'acme', draft: true, size: 3, code: '7' } },
            ],
            batches: false,
          },
        ],
      },
    ],
  ])('%j are %j', (options, constraints) => {
    expect(constraintsFrom(options)).toEqual(constraints);
    expect(Constraints.parse(constraintsFrom(options))).toEqual(constraints);
    expect(constraintTexts(Constraints.parse(constraints)).join('')).not.toBe('');
  });

  test.each([
    [{ maxBody: 'much' }, /--max-body takes/],
    [{ days: 'mon-never' }, /--days takes/],
    [{ query: ['=x'] }, /--query takes/],
    [{ query: ['a', '+a'] }, /names a in two ways/],
    [{ graphql: ['viewer'] }, /--graphql takes/],
    [{ graphql: ['query'], jsonRpc: ['a'] }, /Give one of/],
    [{ bodyAt: ['/graphql'] }, /go with/],
    [{ mcpTool: ['create owner'] }, /--mcp-tool takes/],
  ])('%j are refused', (options, message) => expect(() => constraintsFrom(options)).toThrow(message));

  test('take away what is named, or all', () => {
    expect(liftedFrom(['hours', 'max-body'])).toEqual({ hours: null, maxBodyBytes: null });
    expect(Object.keys(liftedFrom(['all'])).toSorted()).toEqual(Object.keys(Constraints.shape).toSorted());
    expect(() => liftedFrom(['toString'])).toThrow(/--lift takes one of/);
  });
});

describe('grant add and set', () => {
  let world: CliWorld;
  beforeAll(async () => {
    world = await createCliWorld();
    await addAcme(world);
  });
  afterAll(() => world?.close());

  test('narrow a grant, show it, and open it again', async () => {
    const pair = ['worker', 'acme'];
    const narrow =
      '--methods GET --hours 09:00-18:00 --days mon-fri --time-zone Europe/Berlin --query +org=acme --from 127.0.0.1';
    const added = await world.doorward(['grant', 'add', ...pair, ...narrow.split(' ')]);
    expect([added.code, added.stderr]).toEqual([0, expect.stringContaining('Only with: methods GET; ')]);
    const shown = await world.doorward(['grant', 'show', ...pair]);
    expect(shown.stdout).toMatch(
      /^constraints\tmethods GET; query \+org=acme; at mon,tue,wed,thu,fri 09:00-18:00 Europe\/Berlin; from 127\.0\.0\.1\/32$/m,
    );
    const set = await world.doorward([
      'grant',
      'set',
      ...pair,
      '--lift',
      'hours',
      '--max-body',
      '1K',
      '--json',
    ]);
    expect(JSON.parse(set.stdout)).toMatchObject({ constraints: { methods: ['GET'], maxBodyBytes: 1024 } });
    expect(JSON.parse(set.stdout)).not.toHaveProperty('constraints.hours');
    await world.doorward(['grant', 'set', ...pair, '--lift', 'all']);
    const open = await world.doorward(['grant', 'show', ...pair, '--json']);
    expect(JSON.parse(open.stdout)).toMatchObject({ constraints: {} });
  });

  test('say what is wrong and change nothing', async () => {
    for (const [options, message] of [
      [['--hours', '9 to 5'], /constraints\.hours: hours of a day, such as 09:00-18:00/],
      [['--time-zone', 'Moon'], /IANA/],
      [['--from', 'home'], /an address or a range/],
      [['--action', 'chat'], /the catalogue has no actions for this service/],
      [['--lift', 'everything'], /--lift takes one of/],
    ] as const) {
      const ended = await world.doorward(['grant', 'set', 'worker', 'acme', ...options]);
      expect([options, ended.code]).toEqual([options, 2]);
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    }
  });
});
