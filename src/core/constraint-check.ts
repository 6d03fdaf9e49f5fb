// Whether a call is what its grant asks for beyond method and path, and if not, which constraint it is and what would change
// the answer.
import type { CanonicalAddress } from './address.ts';
import { guardsAgainst, parsePattern } from './address-pattern.ts';
import type { BodyRule } from './body-rules/body-rule.ts';
import { bodyRefusal } from './body-rules/body-refusal.ts';
import { unmetQuery } from './constraint-query.ts';
import { unmetTime } from './constraint-time.ts';
import { type ConstraintName, type Constraints, MEDIA_TYPE } from './constraints.ts';
import { isInRanges } from './ip-range.ts';

/** What is known of a call. What is not known is not asked for: only explanations may leave something out. */
export interface CallFacts {
  /** Address the connection came from. */
  readonly client?: string | undefined;
  /** Parameters as an upstream reads them, without those that carry the caller's own token. */
  readonly query?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly body?: BodyFacts | undefined;
}

export interface BodyFacts {
  /** What both ends of a WebSocket send has no end and is not looked into. */
  readonly kind: 'none' | 'bytes' | 'websocket';
  /** The values of every content-type header. */
  readonly contentTypes: readonly string[];
  readonly isCoded: boolean;
  /** Told before, or counted; undefined: it turns out. */
  readonly length: number | undefined;
  /** Once they are held. */
  readonly held: Buffer | undefined;
}

export interface Asked {
  readonly method: string;
  readonly address: CanonicalAddress;
  readonly facts: CallFacts;
  readonly now: Date;
}

export interface Unmet {
  readonly constraint: Exclude<ConstraintName, 'actions' | 'timeZone'>;
  /** To go after "The call is refused: ". */
  readonly reason: string;
  /** Options of `doorward grant set` that would change it. */
  readonly change: string;
}

/** The first constraint that the call does not meet. */
export function unmetConstraint(constraints: Constraints, asked: Asked): Unmet | undefined {
  for (const check of CHECKS) {
    const unmet = check(constraints, asked);
    if (unmet !== undefined) return unmet;
  }
  return undefined;
}

/** The rules that the body of such a call is decided by. */
export function bodyRulesOf({ body = [] }: Constraints, address: CanonicalAddress): readonly BodyRule[] {
  // As wide as a guard reads a path: of two spellings for one address, none may go round a rule.
  return body.filter(
    ({ at }) => at?.some((path) => guardsAgainst(parsePattern(`* ${path}`), '*', address)) !== false,
  );
}

type Check = (constraints: Constraints, asked: Asked) => Unmet | undefined;

const CHECKS: readonly Check[] = [
  checkMethods,
  checkTime,
  checkSources,
  checkQuery,
  checkContentTypes,
  checkLength,
  checkBody,
];

function checkMethods({ methods }: Constraints, { method }: Asked): Unmet | undefined {
  const isMet = methods?.some((one) => one === method || (one === 'GET' && method === 'HEAD')) !== false;
  if (isMet || methods === undefined) return undefined;
  return {
    constraint: 'methods',
    reason: `the grant is for ${methods.join(', ')} only`,
    change: `--methods ${[...methods, method].join(',')}`,
  };
}

function checkTime(constraints: Constraints, { now }: Asked): Unmet | undefined {
  const { hours = '00:00-24:00', days, timeZone = 'UTC' } = constraints;
  const constraint = unmetTime(constraints, now);
  if (constraint === undefined) return undefined;
  const when = [days?.join(', '), hours, timeZone].filter((text) => text !== undefined).join(' ');
  return {
    constraint,
    reason: `the grant holds only at these times: ${when}`,
    change: constraint === 'hours' ? '--hours 00:00-24:00' : '--days mon-sun',
  };
}

function checkSources({ sources }: Constraints, { facts }: Asked): Unmet | undefined {
  const { client } = facts;
  if (sources === undefined || client === undefined || isInRanges(client, sources)) return undefined;
  return {
    constraint: 'sources',
    reason: 'the grant is for callers of other addresses',
    change: [...sources, client].map((range) => `--from ${range}`).join(' '),
  };
}

function checkQuery({ query }: Constraints, { facts }: Asked): Unmet | undefined {
  if (query === undefined || facts.query === undefined) return undefined;
  const reason = unmetQuery(query, facts.query);
  return reason === undefined ? undefined : { constraint: 'query', reason, change: '--lift query' };
}

function checkContentTypes({ contentTypes }: Constraints, { facts }: Asked): Unmet | undefined {
  const { body } = facts;
  if (contentTypes === undefined || body === undefined || body.kind === 'none') return undefined;
  const [given = '', ...others] = body.contentTypes.map((value) =>
    (value.split(';', 1)[0] ?? '').trim().toLowerCase(),
  );
  const isListed = contentTypes.some((type) =>
    type.endsWith('/*') ? given.startsWith(type.slice(0, -1)) : type === given,
  );
  if (body.kind === 'bytes' && isListed && others.length === 0) return undefined;
  const types = body.kind === 'bytes' && MEDIA_TYPE.test(given) ? [...contentTypes, given] : [];
  return {
    constraint: 'contentTypes',
    reason: `the grant is for bodies of these content types only: ${contentTypes.join(', ')}`,
    change:
      types.length === 0 ? '--lift content-type' : types.map((type) => `--content-type ${type}`).join(' '),
  };
}

function checkLength({ maxBodyBytes }: Constraints, { facts }: Asked): Unmet | undefined {
  const { body } = facts;
  if (maxBodyBytes === undefined || body === undefined || body.kind === 'none') return undefined;
  const { kind, length } = body;
  if (kind === 'bytes' && (length === undefined || length <= maxBodyBytes)) return undefined;
  return tooLong(maxBodyBytes, length);
}

/** Of a body that is longer than its grant allows. */
export function tooLong(maxBodyBytes: number, length?: number): Unmet {
  return {
    constraint: 'maxBodyBytes',
    reason: `the grant is for bodies of at most ${maxBodyBytes} bytes`,
    change: length === undefined ? '--lift max-body' : `--max-body ${length}`,
  };
}

function checkBody(constraints: Constraints, { method, address, facts }: Asked): Unmet | undefined {
  const { body, query = [] } = facts;
  if (constraints.body === undefined || body === undefined) return undefined;
  const rules = bodyRulesOf(constraints, address);
  if (rules.length === 0) return undefined;
  if (body.kind === 'websocket') {
    return refusedBody('what goes over a WebSocket is not looked into');
  }
  if (body.kind === 'bytes' && body.held === undefined) return undefined; // asked again once it is
  const ruled =
    body.held === undefined || body.held.length === 0
      ? undefined
      : { contentTypes: body.contentTypes, isCoded: body.isCoded, bytes: body.held };
  for (const rule of rules) {
    const refusal = bodyRefusal(rule, { method, queryNames: query.map(([name]) => name), body: ruled });
    if (refusal !== undefined) return refusedBody(refusal);
  }
  return undefined;
}

function refusedBody(refusal: string): Unmet {
  return {
    constraint: 'body',
    reason: `the body is not what the grant allows: ${refusal}`,
    change: '--lift body',
  };
}
