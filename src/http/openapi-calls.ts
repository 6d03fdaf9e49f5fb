// The call road in the OpenAPI document. OpenAPI has no name for "any path below": `{path}` stands for all the rest.
import { type ProblemCode, PROBLEMS } from '../core/problem.ts';
import { ANYWHERE, HEADERS, headers, problemContent, type Responses } from './openapi-answers.ts';
import type { Route } from './openapi-operations.ts';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

/** What the broker itself can answer to a call. */
const REFUSALS: readonly ProblemCode[] = [
  ...ANYWHERE,
  'ambiguous-credential',
  'invalid-address',
  'unauthenticated',
  'no-grant',
  'not-allowed',
  'frozen',
  'method-not-allowed',
  'too-many-attempts',
  'address-blocked',
  'upstream-unreachable',
  'upstream-invalid',
  'upstream-timeout',
  'secret-unavailable',
  'secret-in-request',
  'content-blocked',
  'audit-unavailable',
  'database-unavailable',
  'draining',
  'not-ready',
];

const DESCRIPTION =
  'The rest of the address, with its query, is sent to the service as it stands, and the request with it: headers, body, ' +
  'trailers. What authenticated the call is taken out and the credential of the service put in. `Doorward-Source` tells ' +
  'whose answer it is: what the upstream says comes back with any status and content, streamed, and the values of secrets ' +
  'masked; a problem of the broker is `application/problem+json` with `Doorward-Error`. Where the service or the client is ' +
  'known to be of a vendor with error bodies of its own, the problem comes in those words, as `application/json`; to ' +
  'clients of Slack with status 200.';

export function callRoutes(): Route[] {
  const responses = Object.fromEntries(
    Object.keys(callResponses()).map((name) => [
      name.slice(COMPONENT.length),
      { $ref: `#/components/responses/${name}` },
    ]),
  );
  return METHODS.map((method) => {
    const id = `call${method.charAt(0).toUpperCase()}${method.slice(1)}`;
    return {
      method,
      path: '/call/{service}/{path}',
      operation: {
        operationId: id,
        summary: `Call a service (${method.toUpperCase()})`,
        description: DESCRIPTION,
        tags: ['call'],
        security: [{ accessToken: [] }],
        parameters: [
          { name: 'service', in: 'path', required: true, schema: { $ref: '#/components/schemas/Name' } },
          {
            name: 'path',
            in: 'path',
            required: true,
            description: 'Everything after the name of the service. Slashes stay as they are.',
            schema: { type: 'string' },
            example: 'v1/models',
          },
        ],
        ...(method === 'get' || method === 'head' ? {} : { requestBody: { content: { '*/*': {} } } }),
        responses,
      },
    };
  });
}

const COMPONENT = 'call.';

/** The upstream may use any status, also those of problems: each has both forms, told apart by `Doorward-Source`. */
export function callResponses(): Responses {
  const statuses = [...new Set(REFUSALS.map((code) => PROBLEMS[code].status))];
  const refused = statuses.map((status) => {
    const codes = REFUSALS.filter((code) => PROBLEMS[code].status === status);
    const response = {
      description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      headers: { ...own(), ...(status === 405 ? headers('Allow') : {}) },
      content: { ...problemContent(status, codes), '*/*': {} },
    };
    return [`${COMPONENT}${status}`, response];
  });
  const upstream = {
    description: 'What the upstream answered.',
    headers: own(),
    content: { '*/*': {} },
  };
  return { ...Object.fromEntries(refused), [`${COMPONENT}default`]: upstream };
}

function own(): object {
  return {
    ...headers('Doorward-Source'),
    'Doorward-Request-Id': {
      description: 'The id of this call beside an upstream’s own X-Request-Id.',
      schema: { type: 'string' },
    },
    'Doorward-Error': { ...HEADERS['Doorward-Error'], required: false },
  };
}
