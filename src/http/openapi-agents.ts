// What agents ask for themselves, in the OpenAPI document: access requests, and the page about one. MCP has a description
// of its own, which its clients read from it.
import { accessRequestAsk } from '../operations/contracts/access-requests.ts';
import { ownDecisionAsk } from '../operations/contracts/calls.ts';
import { ANYWHERE, headers, json, type ProblemResponses } from './openapi-answers.ts';
import type { Route } from './openapi-operations.ts';
import { inputSchemaOf } from './openapi-schemas.ts';

const OWN = ['X-Request-Id', 'X-Client-Request-Id', 'Doorward-Source', 'Cache-Control'] as const;

export function agentRoutes(problems: ProblemResponses): Route[] {
  return [askRoute(problems), ownDecisionRoute(problems), pageRoute(problems)];
}

/** Of requests that an agent makes with its own token and a body. */
const OF_AN_AGENT = [
  ...ANYWHERE,
  'unauthenticated',
  'ambiguous-credential',
  'too-many-attempts',
  'invalid-input',
  'body-too-large',
  'unsupported-media-type',
  'draining',
  'not-ready',
] as const;

function askRoute(problems: ProblemResponses): Route {
  const content = json({ $ref: '#/components/schemas/AccessRequest' });
  return {
    method: 'post',
    path: accessRequestAsk.path,
    operation: {
      operationId: 'accessRequestAsk',
      summary: 'Ask for what this agent lacks',
      description:
        'With the agent’s own token. The answer is the same whether there is a service of that name or not; the same ' +
        'request again is answered with the one that waits. An agent has at most 20 that wait, each for seven days.',
      tags: ['access-request'],
      security: [{ accessToken: [] }],
      requestBody: { required: true, content: json(inputSchemaOf(accessRequestAsk.input)) },
      responses: {
        ...problems.of([
          ...OF_AN_AGENT,
          'frozen',
          'too-many-pending',
          'already-exists',
          'audit-unavailable',
          'database-unavailable',
        ]),
        '200': { description: 'The request that waits already.', headers: headers(...OWN), content },
        '201': { description: 'The request.', headers: headers(...OWN), content },
      },
    },
  };
}

function ownDecisionRoute(problems: ProblemResponses): Route {
  return {
    method: 'post',
    path: ownDecisionAsk.path,
    operation: {
      operationId: 'callDecideOwn',
      summary: 'What would be decided on a call of this agent, and what would change it',
      description:
        'With the agent’s own token. Of a service that the agent has no grant on, the answer is the same whether there is one ' +
        'or not. Nothing is sent.',
      tags: ['call'],
      security: [{ accessToken: [] }],
      requestBody: { required: true, content: json(inputSchemaOf(ownDecisionAsk.input)) },
      responses: {
        ...problems.of([...OF_AN_AGENT, 'method-not-allowed']),
        '200': {
          description: 'The decision.',
          headers: headers(...OWN),
          content: json({ $ref: '#/components/schemas/CallDecision' }),
        },
      },
    },
  };
}

function pageRoute(problems: ProblemResponses): Route {
  return {
    method: 'get',
    path: '/access-requests/{id}',
    operation: {
      operationId: 'accessRequestPage',
      summary: 'What a person can do about an access request',
      tags: ['access-request'],
      security: [],
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          schema: { type: 'string', pattern: '^arq_[0-7][0-9a-hjkmnp-tv-z]{25}$' },
          example: 'arq_01jd8m4q6ve3rr1vh5x2ykt9c7',
        },
      ],
      responses: {
        ...problems.of([...ANYWHERE, 'not-ready', 'not-found']),
        '200': {
          description: 'The commands that decide it. Nothing about the request itself.',
          headers: headers(...OWN),
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
  };
}
