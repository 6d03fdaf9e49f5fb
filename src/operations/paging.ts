// Pages of lists. A cursor says behind which row the next page begins; it is ours alone to read, bound to its list and
// filters, and anything else in its place is one refusal.
import type { JsonValue } from '../core/canonical-json.ts';
import { Problem } from '../core/problem.ts';
import { beginsKeyedHash, type HashedParts, keyedHash } from '../vault/keyed-hash.ts';
import type { Contract } from './contract.ts';
import type { OperationDeps } from './operation.ts';

interface Paging {
  /** The key of the last row of the page before; undefined on the first page. */
  readonly after: string | undefined;
  /** One more than a page has: whether there are further rows is seen by it. */
  readonly limit: number;
  /** Cuts what was read to a page; `keyOf` gives a row's place in the order of the list. */
  readonly finish: <R>(
    rows: readonly R[],
    keyOf: (row: R) => string,
  ) => { rows: readonly R[]; nextCursor: string | null };
}

const MAC_BYTES = 12;
const CURSOR = /^([A-Za-z0-9_-]{1,300})\.([A-Za-z0-9_-]{16})$/;

type PagingDeps = Pick<OperationDeps, 'keyring'>;

/** Throws `invalid-input` on a cursor that this list did not give for these filters. */
export function openPage(
  deps: PagingDeps,
  contract: Contract,
  input: { readonly limit: number; readonly cursor?: string | undefined; readonly [filter: string]: unknown },
): Paging {
  const { limit, cursor, ...filters } = input;
  const scope = [contract.name, withoutAbsent(filters)];
  return {
    after: cursor === undefined ? undefined : openCursor(deps, scope, cursor),
    limit: limit + 1,
    finish: (found, keyOf) => {
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      const hasMore = found.length > limit && last !== undefined;
      return { rows, nextCursor: hasMore ? sealCursor(deps, scope, keyOf(last)) : null };
    },
  };
}

function sealCursor({ keyring }: PagingDeps, scope: JsonValue, place: string): string {
  const mac = keyedHash(keyring, hashed(scope, place)).subarray(0, MAC_BYTES);
  return `${Buffer.from(place).toString('base64url')}.${mac.toString('base64url')}`;
}

function openCursor({ keyring }: PagingDeps, scope: JsonValue, cursor: string): string {
  const [, encoded = '', mac = ''] = CURSOR.exec(cursor) ?? [];
  const place = Buffer.from(encoded, 'base64url').toString();
  const isOurs = beginsKeyedHash(keyring, hashed(scope, place), Buffer.from(mac, 'base64url'));
  if (isOurs) return place;
  throw new Problem('invalid-input', {
    detail:
      'cursor: not one that this list gave for these filters. Take nextCursor of the page before, with the same filters, or leave it out to begin anew.',
  });
}

function hashed(scope: JsonValue, place: string): HashedParts {
  return ['cursor', scope, place];
}

/** Filters as JSON; a schema may leave absent fields behind as undefined. */
function withoutAbsent(filters: Readonly<Record<string, unknown>>): JsonValue {
  const present = Object.entries(filters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as JsonValue; // filters come from a query: text, and numbers made of it
}
