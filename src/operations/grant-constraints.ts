// The constraints of a grant as they are asked for, made into what is stored: actions become patterns when they are named, so
// that a later catalogue changes no right.
import { readEntry } from '../catalogue/catalogue.ts';
import { METHODS } from '../core/address.ts';
import { parsePattern } from '../core/address-pattern.ts';
import type { Constraints } from '../core/constraints.ts';
import { parseCidr } from '../core/ip-range.ts';
import { Problem } from '../core/problem.ts';

type Patterns = readonly string[] | null;

/** Each part given replaces that part; null takes it away. */
type ChangedConstraints = { readonly [K in keyof Constraints]?: Constraints[K] | null };

interface Covered {
  readonly allow: Patterns;
  readonly constraints: Constraints;
}

interface Asked {
  /** In canonical form; undefined: not named. */
  readonly allow: Patterns | undefined;
  readonly constraints: ChangedConstraints;
}

/** What a grant covers after a change. Throws `invalid-input` for an action that the service does not have. */
export function changedCover(
  before: Covered,
  { allow, constraints }: Asked,
  catalogueId: string | null,
): Covered {
  const sources = constraints.sources?.map(parseCidr);
  const changed = { ...before.constraints, ...constraints, ...(sources === undefined ? {} : { sources }) };
  const { actions } = constraints;
  if (actions !== undefined && actions !== null) {
    if (allow === null) {
      throw new Problem('invalid-input', {
        detail: 'actions: every method and path is named besides, which is more. Name one of the two.',
      });
    }
    const patterns = actions.flatMap((name) => patternsOfAction(name, catalogueId));
    return { allow: [...new Set([...(allow ?? []), ...patterns])], constraints: kept(changed) };
  }
  const after = allow === undefined ? before.allow : allow;
  return {
    allow: after,
    constraints: kept(keepsActions(before.allow, after) ? changed : { ...changed, actions: null }),
  };
}

/** Names of actions stay with a grant as long as all that they stood for does. */
function keepsActions(before: Patterns, after: Patterns): boolean {
  return (
    before === after ||
    (before !== null && after !== null && before.every((pattern) => after.includes(pattern)))
  );
}

/** Throws `invalid-input`. */
function patternsOfAction(name: string, catalogueId: string | null): readonly string[] {
  const known = catalogueId === null ? {} : (readEntry(catalogueId)?.actions ?? {});
  const action = Object.hasOwn(known, name) ? known[name] : undefined;
  if (action !== undefined) return action.allow.map((text) => parsePattern(text).text);
  const names = Object.keys(known).join(', ');
  throw new Problem('invalid-input', {
    detail:
      names === ''
        ? 'actions: the catalogue has no actions for this service. Name methods and paths: allow (--allow).'
        : `actions: the catalogue has none of the name ${name} for this service, but ${names}.`,
  });
}

function kept(changed: ChangedConstraints): Constraints {
  const entries = Object.entries(changed).filter(([, part]) => part !== null && part !== undefined);
  return Object.fromEntries(entries) as Constraints; // only parts of those two are in it
}

/** Methods of patterns that the constraints do not let through, whatever the patterns say; null stands for every pattern. */
export function methodsOutside({ methods }: Constraints, patterns: Patterns): readonly string[] {
  if (methods === undefined) return [];
  const asked = new Set((patterns ?? ['* /**']).map((text) => parsePattern(text).method));
  const covers = (method: string) =>
    methods.some((one) => one === method || (one === 'GET' && method === 'HEAD'));
  return [...asked]
    .flatMap((method) => (method === '*' ? METHODS : [method]))
    .filter((method) => !covers(method));
}

/** As an event tells it: one line for each part. */
export function constraintsInLog(constraints: Constraints): string[] {
  return Object.entries(constraints).map(([name, part]) => `${name} ${JSON.stringify(part)}`.slice(0, 5_000));
}
