// What is wrong with a field, in words: limits, kinds and choices from the schema, never the value that came. A schema's
// own message stands above these.
import type { z } from 'zod';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** For `schema.safeParse(input, { error: issueWords })`. Undefined leaves the schema language's own words. */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'this field is needed' : neededType(issue.expected);
    case 'too_small':
      return `at least ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `at most ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `only ${String(issue.values[0])} is taken here`
        : `one of ${issue.values.map(String).join(', ')} is needed`;
    case 'unrecognized_keys':
      return 'a field that does not exist here';
    default:
      return undefined;
  }
}

const NEEDED: Readonly<Record<string, string>> = {
  string: 'a string is needed',
  number: 'a number is needed',
  int: 'a whole number is needed',
  boolean: 'true or false is needed',
  array: 'a list is needed',
  object: 'an object is needed',
  record: 'an object is needed',
};

function neededType(expected: string): string | undefined {
  return NEEDED[expected];
}

function amount(limit: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return String(limit);
  return `${String(limit)} ${unit}${Number(limit) === 1 ? '' : 's'}`;
}

const UNITS: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item' };
