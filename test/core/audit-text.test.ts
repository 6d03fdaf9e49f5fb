// The templates that write the two events of a call, held to the schemas and to the general way of writing canonical JSON.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AuditEvent, parseAuditEvent } from '../../src/core/audit-event.ts';
import type { AuditInput } from '../../src/core/audit-event.ts';
import { auditText } from '../../src/core/audit-text.ts';
import type { AuditStamp } from '../../src/core/audit-text.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import type { Id, IdPrefix } from '../../src/core/ids.ts';

type Intent = Extract<AuditInput, { kind: 'call.intent' }>;
type Outcome = Extract<AuditInput, { kind: 'call.outcome' }>;

const id = <P extends IdPrefix>(prefix: P): Id<P> => `${prefix}_01jd8m4q6ve3rr1vh5x2ykt9c7`;
const stamp: AuditStamp = { at: '2026-05-17T09:30:00.250Z', id: id('evt'), replica: id('rep'), v: 1 };
const hash = 'h'.repeat(43);
const agent = {
  type: 'agent',
  id: id('agt'),
  name: 'mail-bot',
  token: id('tok'),
  run: id('run'),
  placeholder: id('plh'),
} as const;

/** With every member that its schema has: the first test says which one is missing. */
const intent: Intent = {
  kind: 'call.intent',
  vault: id('vlt'),
  principal: agent,
  request: id('req'),
  client: '192.0.2.7',
  service: { id: id('svc'), name: 'mail', revision: 3 },
  secret: { id: id('sec'), version: 2 },
  method: 'POST',
  path: '/v1/messages',
  queryKeys: ['dry', 'page[size]'],
  body: { held: true, bytes: 12, hash },
  decision: { effect: 'allow', rule: 'POST /v1/**', grant: id('grt'), grantRevision: 4 },
  epoch: '7',
  approvals: [id('apr')],
  webSocket: true,
};
const outcome: Outcome = {
  kind: 'call.outcome',
  vault: id('vlt'),
  principal: agent,
  request: id('req'),
  client: '192.0.2.7',
  intent: id('evt'),
  result: 'failed',
  status: 502,
  problem: 'upstream-invalid',
  requestBytes: 12,
  responseBytes: 3400,
  bodyHash: hash,
  upstream: '2001:db8::7',
  firstByteMs: 1.25,
  totalMs: 20,
  leaks: { matches: 2, views: ['identity', 'base64'] },
  flags: [
    {
      direction: 'answer',
      guard: 'content',
      rule: 'email',
      action: 'mask',
      approval: id('apr'),
      count: 3,
    },
  ],
  approval: id('apr'),
  preview: { request: 'hello', answer: 'hello to you' },
};
const whole = [intent, outcome];

const general = (input: AuditInput) => canonicalJson({ ...input, ...stamp });

describe.each(whole)('$kind', (input) => {
  const kind: string = input.kind;
  const schema = AuditEvent.options.find(({ shape }) => shape.kind.safeParse(kind).success);

  test('the sample has every member of the schema', () => {
    expect(namesIn({ ...input, ...stamp })).toEqual(namesOf(schema));
  });

  test('the text is the canonical one, and is read back', () => {
    expect(auditText(input, stamp)).toBe(general(input));
    expect(parseAuditEvent(auditText(input, stamp))).toEqual({ ...input, ...stamp });
  });

  test.each(Object.keys(input))('%s may be undefined where an event may be without it', (name) => {
    const { [name]: _, ...without } = { ...input, ...stamp } as Record<string, unknown>;
    const parsed = AuditEvent.safeParse(without);
    if (!parsed.success) return expect(schema?.shape).toHaveProperty(name); // needed: no event is without it
    expect(auditText({ ...input, [name]: undefined }, stamp)).toBe(canonicalJson(parsed.data));
  });

  test.each([
    { type: 'agent', id: id('agt'), name: 'a' },
    { type: 'admin', id: id('adm'), name: 'owner', token: id('tok') },
    { type: 'system' },
    { type: 'stranger' },
  ] as const)('the principal may be %j', (principal) => {
    expect(auditText({ ...input, principal, vault: null }, stamp)).toBe(
      general({ ...input, principal, vault: null }),
    );
  });
});

test('whatever stands in the members of an intent, the text is the canonical one', () => {
  const text = fc.string({ unit: 'binary' });
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const members = fc.record({ path: text, method: text, rule: text, name: text, client: text, number });
  fc.assert(
    fc.property(members, fc.array(text), ({ path, method, rule, name, client, number }, queryKeys) => {
      const service = { ...intent.service, name, revision: number };
      const decision = { ...intent.decision, rule };
      const input = { ...intent, path, method, client, queryKeys, service, decision };
      expect(auditText(input, stamp)).toBe(general(input));
    }),
  );
});

test('whatever stands in the members of an outcome, the text is the canonical one', () => {
  const text = fc.string({ unit: 'binary' });
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const members = fc.record({ problem: text, name: text, status: number, totalMs: number, matches: number });
  fc.assert(
    fc.property(members, fc.array(text), ({ name, matches, ...rest }, views) => {
      const input = { ...outcome, ...rest, principal: { ...agent, name }, leaks: { matches, views } };
      expect(auditText(input, stamp)).toBe(general(input));
    }),
  );
});

test('what has no canonical form is refused', () => {
  expect(() => auditText({ ...intent, path: 'lone \ud800 surrogate' }, stamp)).toThrow(TypeError);
  expect(() => auditText({ ...outcome, totalMs: Number.NaN }, stamp)).toThrow(TypeError);
});

/** The names of a schema's members, with those of the objects in it; of a union, of all its objects together. */
function namesOf(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return namesOf(schema.unwrap());
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return Object.assign({}, ...schema.options.map(namesOf));
  }
  if (!(schema instanceof z.ZodObject)) return true;
  return Object.fromEntries(Object.entries(schema.shape).map(([name, member]) => [name, namesOf(member)]));
}

function namesIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, namesIn(member)]));
}
