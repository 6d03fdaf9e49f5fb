// What a service takes as an address and as headers, beyond what every service does. Whatever two readers could read in two
// ways is refused unless it is switched on here, where somebody knows how the upstream reads it.
import { z } from 'zod';

const HeaderName = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a header is named in lower case, such as x-request-id');

export const AddressProtection = z
  .strictObject({
    encodedSlash: z
      .boolean()
      .default(false)
      .describe('Takes %2F in a path, as data inside its segment: /projects/group%2Fname.'),
    pathParameters: z.boolean().default(false).describe('Takes ; in a path: /rooms;floor=2.'),
    ranges: z
      .enum(['whole', 'pass'])
      .default('whole')
      .describe('A Range header is dropped, so that answers come whole, or passes.'),
    headers: z
      .enum(['pass', 'listed'])
      .default('pass')
      .describe('Which of the headers of a caller pass: those that harm nothing, or only listed ones.'),
    allowHeaders: z
      .array(HeaderName)
      .max(64)
      .readonly()
      .default([])
      .describe('Passed where `headers` is `listed`, beside accept, content-type and content-encoding.'),
  })
  .meta({ id: 'AddressProtection' });
export type AddressProtection = z.output<typeof AddressProtection>;

export function addressWeaknesses({ encodedSlash, pathParameters, ranges }: AddressProtection): string[] {
  return [
    ...(encodedSlash
      ? ['Paths may hold encoded slashes: an upstream that decodes them before it routes reads another path.']
      : []),
    ...(pathParameters
      ? [
          'Paths may hold parameters after a semicolon: an upstream that strips them reads another path than was granted.',
        ]
      : []),
    ...(ranges === 'pass'
      ? ['Answers may come in ranges: pieces of a key that are too short to be told may slip through.']
      : []),
  ];
}
