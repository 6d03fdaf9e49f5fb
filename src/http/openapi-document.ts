// The OpenAPI 3.1 document of the whole HTTP API, made from the contracts; the `openapi-*` files beside this have its parts.
import { CONTRACTS } from '../operations/contracts.ts';
import { agentRoutes } from './openapi-agents.ts';
import { HEADERS, PROBLEM_SCHEMA, ProblemResponses } from './openapi-answers.ts';
import { callResponses, callRoutes } from './openapi-calls.ts';
import { operationRoutes, type Route } from './openapi-operations.ts';
import { otherRoutes, PROBLEM_KIND_SCHEMA } from './openapi-routes.ts';
import { schemasOf } from './openapi-schemas.ts';

export interface OpenApiFacts {
  readonly version: string;
  readonly publicUrl: string;
}

export function openApiDocument({ version, publicUrl }: OpenApiFacts): Readonly<Record<string, unknown>> {
  const schemas = schemasOf(CONTRACTS);
  const problems = new ProblemResponses();
  const routes = [
    ...operationRoutes(schemas, problems),
    ...agentRoutes(problems),
    ...otherRoutes(problems),
    ...callRoutes(),
  ];
  return {
    openapi: '3.1.0',
    info: {
      title: 'Doorward',
      version,
      summary: 'A secrets vault and credential broker for AI agents.',
      description: CONVENTIONS,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths: pathsOf(routes),
    components: {
      schemas: { ...schemas.components, Problem: PROBLEM_SCHEMA, ProblemKind: PROBLEM_KIND_SCHEMA },
      responses: { ...problems.components, ...callResponses() },
      headers: HEADERS,
      parameters: PARAMETERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const CONVENTIONS = `Bodies are JSON in UTF-8; unknown fields are refused. Moments are RFC 3339 in UTC, ids carry a prefix (\`sec_\`, \`agt_\`).

**Problems**: what can not be done is answered as \`application/problem+json\` (RFC 9457); \`type\` is a page that says what helps. An address that is not here is \`not-found\`, a method it lacks \`method-not-allowed\`.

**Lists** have at most \`limit\` items; \`nextCursor\`, and the Link header, lead to the rest.

**Repeating**: a create with an \`Idempotency-Key\` can be sent again without making a second one.

**Changing**: records have a revision, told as ETag; a change with \`If-Match\` is made only on the record that was seen.

**Request ids**: each answer has one of ours; an \`X-Request-Id\` of the client is told back beside it.

**HEAD** works wherever GET does.`;

const TAGS = [
  ['secret', 'What is stored under a name. No answer ever carries a value.'],
  ['service', 'Where a secret may be sent, and how.'],
  ['agent', 'The workloads that call.'],
  ['grant', 'Which agent may call which service, and what of it.'],
  ['access-request', 'What agents ask for that they lack, for an administrator to decide.'],
  ['approval', 'Calls that wait for a person, who lets exactly this call pass once, or not.'],
  ['run', 'One agent process, and the placeholder that works while it lives.'],
  ['audit', 'What happened, in a log that can not be changed unnoticed.'],
  ['status', 'The server itself.'],
  ['call', 'Brokered calls.'],
  ['oauth', 'Access tokens.'],
  ['health', 'For whoever watches the process.'],
  ['documentation', 'This document, and the pages of problems.'],
] as const;

/** RFC 9110 §13.1.1. */
const TAGS_PATTERN = '^(\\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$';

const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Chosen by the caller, fresh for each create. The same request under the same key within 24 hours is answered as the first was, without what is shown once.',
    schema: {
      type: 'string',
      pattern: '^("([ !#-\\[\\]-~]|\\\\["\\\\]){1,255}"|[A-Za-z0-9._~:+/=-]{1,255})$',
    },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag of the record as it was seen: any other revision of it is left alone.',
    schema: { type: 'string', pattern: TAGS_PATTERN },
    examples: { seen: { value: '"3"' }, any: { value: '*', summary: 'Whatever its revision is' } },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The ETag as it was seen: 304 while it is the same.',
    schema: { type: 'string', pattern: TAGS_PATTERN },
    examples: { seen: { value: '"3"' } },
  },
} as const;

const SECURITY_SCHEMES = {
  adminToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of the owner, good for fifteen minutes. The owner credential buys it at /oauth/token.',
  },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An access token of an agent, bought at /oauth/token with its agent key, or the placeholder of a run. It is found where SDKs put a key: Authorization, X-Api-Key and the like, or the query.',
  },
  client: {
    type: 'http',
    scheme: 'basic',
    description: '`owner` and the owner credential, or the name of an agent and its agent key.',
  },
} as const;

function pathsOf(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, operation } of routes) paths[path] = { ...paths[path], [method]: operation };
  return paths;
}
