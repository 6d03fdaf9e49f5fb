// What is wrong with a field is said in words, from the schema alone.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { issueWords } from '../../src/core/issue-words.ts';

const MARKER = 'Marker-8Xw3Kp5RtYq1Lz7';
const Schema = z.strictObject({
  name: z.string().min(2).max(8).optional(),
  limit: z.int().min(1).max(200).optional(),
  kind: z.enum(['static', 'oauth']).optional(),
  exact: z.literal('bearer').optional(),
  list: z.array(z.string()).min(1).optional(),
  own: z.string().regex(/^a/, 'begins with a').optional(),
  flag: z.boolean().optional(),
  nested: z.strictObject({ a: z.string() }).optional(),
});

test.each([
  [{ name: 'a' }, 'at least 2 characters'],
  [{ name: MARKER }, 'at most 8 characters'],
  [{ name: 7 }, 'a string is needed'],
  [{ limit: 0 }, 'at least 1'],
  [{ limit: 201 }, 'at most 200'],
  [{ limit: 1.5 }, 'a whole number is needed'],
  [{ limit: MARKER }, 'a number is needed'],
  [{ kind: MARKER }, 'one of static, oauth is needed'],
  [{ exact: MARKER }, 'only bearer is taken here'],
  [{ list: [] }, 'at least 1 item'],
  [{ list: MARKER }, 'a list is needed'],
  [{ own: MARKER }, 'begins with a'],
  [{ flag: MARKER }, 'true or false is needed'],
  [{ nested: {} }, 'this field is needed'],
  [{ nested: MARKER }, 'an object is needed'],
  [{ [MARKER]: 1 }, 'a field that does not exist here'],
])('%j: %s', (input, words) => {
  const { error } = Schema.safeParse(input, { error: issueWords });
  expect(error?.issues.map(({ message }) => message)).toEqual([words]);
});
