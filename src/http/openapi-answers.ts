// What the answers of every route have in common in the OpenAPI document: problems by their codes, and headers.
import { PROBLEM_PATH, type ProblemCode, PROBLEMS } from '../core/problem.ts';
import type { JsonSchema } from './openapi-schemas.ts';

export type Responses = Readonly<Record<string, object>>;

/** Every request can be refused so, whatever its route. */
export const ANYWHERE: readonly ProblemCode[] = [
  'invalid-request',
  'host-not-allowed',
  'expectation-failed',
  'request-timeout',
  'headers-too-large',
  'internal',
];

const CODES = Object.keys(PROBLEMS) as ProblemCode[]; // its own keys
const text = { type: 'string' } as const;

export const HEADERS: Readonly<Record<string, object>> = {
  'X-Request-Id': {
    description: 'The id of this request, as the audit log and the server’s log have it.',
    required: true,
    schema: { ...text, pattern: '^req_' },
  },
  'Doorward-Request-Id': {
    description: 'The same id; on a call it stands beside the X-Request-Id of the upstream.',
    required: true,
    schema: { ...text, pattern: '^req_' },
  },
  'X-Client-Request-Id': {
    description: 'The X-Request-Id that came with the request, where it was one.',
    schema: text,
  },
  'Doorward-Source': {
    description: 'Who wrote the answer: `broker`, or `upstream` for what a call brought back.',
    required: true,
    schema: { ...text, enum: ['broker', 'upstream'] },
  },
  'Doorward-Error': {
    description: 'The `code` of the problem once more.',
    required: true,
    schema: { ...text, enum: CODES },
  },
  'X-Should-Retry': {
    description: '`false` where sending the same again does not help; many SDKs heed it.',
    schema: { ...text, const: 'false' },
  },
  'Retry-After': {
    description: 'Seconds to wait before sending the same again.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 9110 §11.6.1).',
    required: true,
    schema: text,
  },
  Allow: { description: 'The methods this address has.', schema: text },
  'Cache-Control': { description: 'Whether the answer may be stored.', schema: text },
  ETag: {
    description: 'The revision of the record, to be sent back as If-Match.',
    schema: { ...text, pattern: '^"[^"]*"$' },
    example: '"3"',
  },
  Location: { description: 'Where what was made can be seen.', schema: { ...text, format: 'uri' } },
  'Idempotent-Replayed': {
    description: 'The answer is that of an earlier request under the same Idempotency-Key.',
    schema: { ...text, const: 'true' },
  },
  'Doorward-Estimated-Bytes': {
    description: 'About how much is sent; a file is made while it is sent.',
    schema: { type: 'integer', minimum: 0 },
  },
  Link: {
    description: 'The next page, with `rel="next"` (RFC 8288); left out on the last.',
    schema: text,
    example: '</v1/agents?cursor=helper>; rel="next"',
  },
};

export const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. Some problems have more members; the page at `type` tells about each.',
  required: ['type', 'title', 'status', 'instance', 'code', 'fault', 'error'],
  properties: {
    type: { ...text, format: 'uri-reference', description: 'The page about this kind of problem.' },
    title: { ...text, description: 'The same for every problem of the kind.' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { ...text, description: 'What happened here and what to do next; never the value of a secret.' },
    instance: { ...text, pattern: '^req_', description: 'The id of the request.' },
    code: { ...text, enum: CODES, description: 'The kind of problem; what programs compare.' },
    fault: { ...text, enum: ['caller', 'policy', 'upstream', 'vault'], description: 'Who must act.' },
    rule: { ...text, description: 'What decided a call.' },
    revision: {
      type: 'integer',
      description: 'Of the grant that decided it; where `rule` is `guard`, of the service.',
    },
    needed_grant: { ...text, description: 'The smallest pattern of a grant that would allow the call.' },
    needed_change: {
      ...text,
      description: 'Options of `doorward grant set` that would allow the call, where a constraint decided.',
    },
    needed_scope: { ...text, description: 'The smallest scope that would allow the call.' },
    permission: { ...text, description: 'The permission that is missing.' },
    issues: {
      type: 'array',
      description: 'The fields that are not valid, never with their values.',
      items: {
        type: 'object',
        required: ['field', 'reason'],
        properties: { field: text, reason: text },
        additionalProperties: false,
      },
    },
    error: {
      type: 'object',
      description: 'The same where SDKs of vendors look for a message.',
      required: ['message', 'type', 'code'],
      properties: { message: text, type: text, code: { ...text, enum: CODES }, rule: text },
      additionalProperties: false,
    },
  },
};

/** Refers to headers of the components by name. */
export function headers(...names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

export function json(schema: JsonSchema, more: object = {}): object {
  return { 'application/json': { schema, ...more } };
}

/** Responses by status; each set of codes stands once in the components and is referred to. */
export class ProblemResponses {
  readonly #components = new Map<string, object>();

  of(codes: readonly ProblemCode[]): Responses {
    const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
    return Object.fromEntries(
      [...statuses].map((status) => {
        const group = CODES.filter((code) => codes.includes(code) && PROBLEMS[code].status === status);
        const name = [status, ...group].join('.');
        if (!this.#components.has(name)) this.#components.set(name, problemResponse(status, group));
        return [String(status), { $ref: `#/components/responses/${name}` }];
      }),
    );
  }

  get components(): Responses {
    return Object.fromEntries(this.#components);
  }
}

function problemResponse(status: number, codes: readonly ProblemCode[]): object {
  const more = [
    ...(status === 401 ? ['WWW-Authenticate'] : []),
    ...(status === 405 ? ['Allow'] : []),
    ...(status === 429 || status === 503 ? ['Retry-After'] : ['X-Should-Retry']),
  ];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
    headers: headers(
      'X-Request-Id',
      'Doorward-Request-Id',
      'X-Client-Request-Id',
      'Doorward-Source',
      'Doorward-Error',
      'Cache-Control',
      ...more,
    ),
    content: problemContent(status, codes),
  };
}

/** For answers that have a second form beside the problem. */
export function problemContent(
  status: number,
  codes: readonly ProblemCode[],
): Readonly<Record<string, object>> {
  return {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }],
        properties: { code: { enum: codes }, status: { const: status } },
      },
      examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
    },
  };
}

function example(code: ProblemCode): object {
  const { title, status, fault } = PROBLEMS[code];
  const instance = 'req_01jd8m4q6ve3rr1vh5x2ykt9c7';
  const error = { message: title, type: fault, code };
  return { type: `${PROBLEM_PATH}${code}`, title, status, instance, code, fault, error };
}
