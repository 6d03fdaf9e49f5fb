// Constraints of a grant, by table and by property: hours by the clock of a time zone, parameters, content types, and that a
// constraint only ever takes away.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../src/core/address.ts';
import { type CallFacts, unmetConstraint } from '../../src/core/constraint-check.ts';
import { unmetQuery } from '../../src/core/constraint-query.ts';
import { unmetTime } from '../../src/core/constraint-time.ts';
import { Constraints, ConstraintsChange } from '../../src/core/constraints.ts';

function unmet(
  constraints: object,
  call: { method?: string; path?: string; at?: string; facts?: CallFacts } = {},
) {
  const { method = 'GET', path = '/v1/x', at = '2026-11-23T12:00:00Z', facts = {} } = call;
  return unmetConstraint(Constraints.parse(constraints), {
    method,
    address: canonicalAddress(path),
    facts,
    now: new Date(at),
  })?.constraint;
}

describe('hours and days', () => {
  it.each([
    // a Monday
    ['09:00-18:00', ['mon'], 'UTC', '2026-11-23T09:00:00Z', undefined],
    ['09:00-18:00', ['mon'], 'UTC', '2026-11-23T17:59:59Z', undefined],
    ['09:00-18:00', ['mon'], 'UTC', '2026-11-23T18:00:00Z', 'hours'],
    ['09:00-18:00', ['mon'], 'UTC', '2026-11-23T08:59:59Z', 'hours'],
    ['09:00-18:00', ['tue'], 'UTC', '2026-11-23T12:00:00Z', 'days'],
    ['00:00-24:00', ['mon'], 'UTC', '2026-11-23T23:59:59Z', undefined],
    // in winter Berlin is an hour ahead, in summer two
    ['09:00-18:00', ['mon'], 'Europe/Berlin', '2026-11-23T08:00:00Z', undefined],
    ['09:00-18:00', ['mon'], 'Europe/Berlin', '2026-07-20T07:00:00Z', undefined],
    ['09:00-18:00', ['mon'], 'Europe/Berlin', '2026-07-20T16:00:00Z', 'hours'],
    // the day there, not here
    ['00:00-24:00', ['tue'], 'Pacific/Auckland', '2026-11-23T12:00:00Z', undefined],
    ['00:00-24:00', ['mon'], 'Pacific/Auckland', '2026-11-23T12:00:00Z', 'days'],
    // past midnight the hours belong to the day on which they began
    ['22:00-06:00', ['mon'], 'UTC', '2026-11-23T23:00:00Z', undefined],
    ['22:00-06:00', ['mon'], 'UTC', '2026-11-24T05:59:00Z', undefined],
    ['22:00-06:00', ['mon'], 'UTC', '2026-11-23T05:59:00Z', 'days'],
    ['22:00-06:00', ['sun'], 'UTC', '2026-11-23T05:59:00Z', undefined],
    ['22:00-06:00', ['mon'], 'UTC', '2026-11-23T12:00:00Z', 'hours'],
  ] as const)('%s on %s in %s at %s: %s', (hours, days, timeZone, at, expected) => {
    expect(unmetTime({ hours, days, timeZone }, new Date(at))).toBe(expected);
  });

  it('deny where the time zone is not known any more', () => {
    const constraints = { hours: '00:00-24:00', timeZone: 'Atlantis/Capital' };
    expect(unmetTime(constraints, new Date())).toBe('hours');
  });

  it('agree with arithmetic on minutes, in UTC and at any moment', () => {
    const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const text = (at: number) => new Date(at * 60_000).toISOString().slice(11, 16);
    fc.assert(
      fc.property(minute, minute, minute, fc.integer({ min: 0, max: 20_000 }), (from, to, at, day) => {
        fc.pre(from !== to);
        const now = new Date((day * 24 * 60 + at) * 60_000);
        const isWithin = (at - from + 1440) % 1440 < (to - from + 1440) % 1440;
        expect(unmetTime({ hours: `${text(from)}-${text(to)}` }, now)).toBe(isWithin ? undefined : 'hours');
      }),
    );
  });
});

describe('parameters', () => {
  const rules = [
    { name: 'org', use: 'required', values: ['acme', 'b'] },
    { name: 'state', use: 'allowed', prefixes: ['op'] },
    { name: 'admin', use: 'forbidden' },
  ] as const;
  it.each([
    [[['org', 'acme']], true],
    [
      [
        ['org', 'b'],
        ['state', 'open'],
      ],
      true,
    ],
    [[], false],
    [[['org', 'c']], false],
    [
      [
        ['org', 'acme'],
        ['org', 'acme'],
      ],
      false,
    ],
    [
      [
        ['org', 'acme'],
        ['Org', 'evil'],
      ],
      false,
    ],
    [
      [
        ['org', 'acme'],
        ['org[]', 'evil'],
      ],
      false,
    ],
    [
      [
        ['org', 'acme'],
        ['state', 'closed'],
      ],
      false,
    ],
    [
      [
        ['org', 'acme'],
        ['ADMIN', '1'],
      ],
      false,
    ],
    [
      [
        ['org', 'acme'],
        ['else', '1'],
      ],
      false,
    ],
  ] as const)('%j: %s', (query, isMet) => {
    expect(unmetQuery(rules, query) === undefined).toBe(isMet);
  });

  it('pass where no rule is for them, as long as none is allowed by name', () => {
    expect(unmetQuery([{ name: 'admin', use: 'forbidden' }], [['x', '1']])).toBeUndefined();
    expect(
      unmetQuery([{ name: 'admin', use: 'forbidden', values: ['1'] }], [['admin', '0']]),
    ).toBeUndefined();
    expect(unmetQuery([{ name: 'admin', use: 'forbidden', values: ['1'] }], [['admin', '1']])).toBeDefined();
  });

  it('are refused whenever one that is constrained is there twice, however its name is written', () => {
    const spelling = fc.constantFrom('org', 'ORG', 'org[]', ' org', 'org[0]', 'oRg');
    fc.assert(
      fc.property(spelling, spelling, fc.constantFrom('acme', 'evil'), (one, other, value) => {
        expect(
          unmetQuery(rules, [
            [one, 'acme'],
            [other, value],
          ]),
        ).toBeDefined();
      }),
    );
  });
});

describe('a call', () => {
  const json = { contentTypes: ['application/json'], isCoded: false, held: undefined } as const;
  it.each([
    [{ methods: ['GET'] }, { method: 'HEAD' }, undefined],
    [{ methods: ['GET'] }, { method: 'POST' }, 'methods'],
    [{ methods: ['HEAD'] }, { method: 'GET' }, 'methods'],
    [{ sources: ['10.0.0.0/8', '::1'] }, { facts: { client: '10.9.8.7' } }, undefined],
    [{ sources: ['10.0.0.0/8'] }, { facts: { client: '::ffff:10.9.8.7' } }, undefined],
    [{ sources: ['10.0.0.0/8'] }, { facts: { client: '11.0.0.1' } }, 'sources'],
    [{ sources: ['10.0.0.0/8'] }, { facts: { client: 'unknown' } }, 'sources'],
    [{ sources: ['::/0'] }, { facts: { client: '10.0.0.1' } }, 'sources'],
    [{ contentTypes: ['text/*'] }, { facts: { body: { ...json, kind: 'none', length: 0 } } }, undefined],
    [
      { contentTypes: ['text/*'] },
      { facts: { body: { ...json, kind: 'bytes', length: 1 } } },
      'contentTypes',
    ],
    [
      { contentTypes: ['application/json'] },
      {
        facts: {
          body: { ...json, kind: 'bytes', length: 1, contentTypes: ['application/json', 'text/html'] },
        },
      },
      'contentTypes',
    ],
    [
      { contentTypes: ['application/json'] },
      { facts: { body: { ...json, kind: 'bytes', length: 1, contentTypes: [] } } },
      'contentTypes',
    ],
    [{ maxBodyBytes: 5 }, { facts: { body: { ...json, kind: 'bytes', length: 5 } } }, undefined],
    [{ maxBodyBytes: 5 }, { facts: { body: { ...json, kind: 'bytes', length: 6 } } }, 'maxBodyBytes'],
    [
      { maxBodyBytes: 5 },
      { facts: { body: { ...json, kind: 'websocket', length: undefined } } },
      'maxBodyBytes',
    ],
    [
      { body: [{ kind: 'json-rpc', methods: ['*'] }] },
      { facts: { body: { ...json, kind: 'websocket', length: undefined } } },
      'body',
    ],
    [
      { body: [{ kind: 'json-rpc', methods: ['*'] }] },
      { facts: { body: { ...json, kind: 'none', length: 0 } } },
      'body',
    ],
    [
      { body: [{ kind: 'json-rpc', methods: ['*'], at: ['/rpc'] }] },
      { facts: { body: { ...json, kind: 'none', length: 0 } } },
      undefined,
    ],
  ] as const)('held against %j as %j: %s', (constraints, call, expected) => {
    expect(unmet(constraints, call)).toBe(expected);
  });

  it('of which more is asked is allowed no more', () => {
    const part = fc.record(
      {
        methods: fc.constant(['GET', 'POST']),
        hours: fc.constantFrom('09:00-18:00', '22:00-06:00'),
        days: fc.constantFrom(['mon', 'tue'], ['sun']),
        sources: fc.constantFrom(['10.0.0.0/8'], ['127.0.0.1']),
        query: fc.constantFrom([{ name: 'a', use: 'required' }], [{ name: 'b', use: 'allowed' }]),
        maxBodyBytes: fc.constantFrom(0, 10),
      },
      { requiredKeys: [] },
    );
    const call = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      at: fc
        .date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      facts: fc.record({
        client: fc.constantFrom('10.1.2.3', '127.0.0.1'),
        query: fc.constantFrom([], [['a', '1']], [['b', '1']]) as fc.Arbitrary<[string, string][]>,
        body: fc.constantFrom(5, 50).map((length) => ({ ...json, kind: 'bytes' as const, length })),
      }),
    });
    fc.assert(
      fc.property(part, part, call, (some, others, asked) => {
        if (unmet({ ...others, ...some }, asked) === undefined) expect(unmet(some, asked)).toBeUndefined();
        else expect(unmet({}, asked)).toBeUndefined();
      }),
    );
  });
});

describe('what is no constraint is refused', () => {
  it.each([
    { unknown: 1 },
    { methods: [] },
    { methods: ['get'] },
    { methods: ['TRACE'] },
    { hours: '9-18' },
    { hours: '09:00-25:00' },
    { hours: '24:00-09:00' },
    { hours: '09:00-09:00' },
    { days: ['monday'] },
    { days: [] },
    { timeZone: 'Europe/Nowhere' },
    { timeZone: '+01:00' },
    { sources: ['10.0.0.0/33'] },
    { sources: ['localhost'] },
    { contentTypes: ['json'] },
    { contentTypes: ['*/*'] },
    { maxBodyBytes: -1 },
    { maxBodyBytes: 1.5 },
    { query: [{ name: '', use: 'required' }] },
    { query: [{ name: 'a', use: 'sometimes' }] },
    {
      query: [
        { name: 'a', use: 'required' },
        { name: 'a', use: 'forbidden' },
      ],
    },
    { actions: ['Not An Action'] },
    { body: [] },
    { body: [{ kind: 'xml' }] },
    { body: [{ kind: 'graphql', operations: [] }] },
    { body: [{ kind: 'graphql', operations: [{ type: 'query', fields: ['a b'] }] }] },
    { body: [{ kind: 'json-rpc', methods: ['*'], at: ['rpc'] }] },
    { body: [{ kind: 'json-rpc', methods: ['*'], at: ['/a/*'] }] },
    { body: [{ kind: 'mcp', tools: [{ name: 'a', arguments: { x: {} } }] }] },
  ])('%j', (constraints) => {
    expect(Constraints.safeParse(constraints).success).toBe(false);
    expect(ConstraintsChange.safeParse(constraints).success).toBe(false);
  });
});
