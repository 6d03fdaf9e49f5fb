// The routes of the OpenAPI document that are no administrative operations: tokens, metadata, health, pages and calls.
import { PROBLEM_PATH, type ProblemCode, PROBLEMS } from '../core/problem.ts';
import { ANYWHERE, headers, json, problemContent, type ProblemResponses } from './openapi-answers.ts';
import { parameter, type Route } from './openapi-operations.ts';

const text = { type: 'string' } as const;
const uri = { type: 'string', format: 'uri' } as const;
const texts = { type: 'array', items: text } as const;
const OWN = ['X-Request-Id', 'Doorward-Source', 'Cache-Control'] as const;

export function otherRoutes(problems: ProblemResponses): Route[] {
  return [
    tokenRoute(problems),
    ...healthRoutes(problems),
    ...metadataRoutes(problems),
    ...pageRoutes(problems),
  ];
}

function tokenRoute(problems: ProblemResponses): Route {
  const oauthErrors = (...errors: string[]) => json(oauthError(errors));
  const operation = {
    operationId: 'tokenIssue',
    summary: 'Exchange a credential for a short-lived access token',
    description:
      'RFC 6749 §4.4. The client authenticates by HTTP Basic: `owner` and the owner credential for an admin token, or the ' +
      'name of an agent and its agent key. Errors are those of RFC 6749 §5.2.',
    tags: ['oauth'],
    security: [{ client: [] }],
    requestBody: {
      required: true,
      content: { 'application/x-www-form-urlencoded': { schema: TOKEN_REQUEST } },
    },
    responses: {
      ...problems.of(['not-ready', 'audit-unavailable', 'database-unavailable', 'draining', ...ANYWHERE]),
      '200': { description: 'The token.', headers: headers(...OWN), content: json(TOKEN) },
      '400': {
        description: 'The form is not as it must be.',
        headers: headers(...OWN),
        content: {
          ...oauthErrors('invalid_request', 'invalid_scope', 'unsupported_grant_type'),
          ...problemContent(400, ['invalid-request']),
        },
      },
      '401': {
        description: 'The client is not known or its credential is wrong.',
        headers: headers(...OWN, 'WWW-Authenticate'),
        content: oauthErrors('invalid_client'),
      },
      '429': {
        description: 'Too many wrong credentials came from this address.',
        headers: headers(...OWN, 'Retry-After'),
        content: oauthErrors('temporarily_unavailable'),
      },
    },
  };
  return { method: 'post', path: '/oauth/token', operation };
}

const TOKEN_REQUEST = {
  type: 'object',
  required: ['grant_type'],
  properties: {
    grant_type: { ...text, enum: ['client_credentials'] },
    scope: {
      ...text,
      description:
        'What an agent wants to be able to do at most, such as `openai:read`. Left out: all it was granted.',
      examples: ['openai:read'],
    },
  },
} as const;

const TOKEN = {
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in'],
  properties: {
    access_token: text,
    token_type: { const: 'Bearer' },
    expires_in: { type: 'integer', minimum: 1, description: 'Seconds.' },
    scope: text,
  },
  additionalProperties: false,
} as const;

function oauthError(errors: readonly string[]) {
  return {
    type: 'object',
    required: ['error'],
    properties: { error: { ...text, enum: errors }, error_description: text },
    additionalProperties: false,
  };
}

function healthRoutes(problems: ProblemResponses): Route[] {
  const readiness = (status: string) => ({
    description: `It is ${status}.`,
    headers: headers('Doorward-Source', 'Cache-Control'),
    content: json({
      type: 'object',
      required: ['status', 'checks'],
      properties: {
        status: { const: status },
        checks: { type: 'object', additionalProperties: text, description: '`ok`, or what is wrong.' },
      },
      additionalProperties: false,
    }),
  });
  const alive = {
    type: 'object',
    required: ['status'],
    properties: { status: { const: 'ok' } },
    additionalProperties: false,
  };
  return [
    get('/healthz', 'healthShow', {
      summary: 'Whether the process answers',
      tags: ['health'],
      responses: {
        ...problems.of(ANYWHERE),
        '200': { ...readiness('ok'), description: 'It answers.', content: json(alive) },
      },
    }),
    get('/readyz', 'readinessShow', {
      summary: 'Whether calls may be sent here',
      tags: ['health'],
      responses: { ...problems.of(ANYWHERE), '200': readiness('ready'), '503': readiness('not ready') },
    }),
  ];
}

function metadataRoutes(problems: ProblemResponses): Route[] {
  const keys = {
    type: 'object',
    required: ['keys'],
    properties: { keys: { type: 'array', items: { type: 'object', required: ['kty', 'kid'] } } },
  };
  const metadata = {
    type: 'object',
    required: ['issuer', 'token_endpoint', 'jwks_uri', 'grant_types_supported'],
    properties: {
      issuer: uri,
      token_endpoint: uri,
      jwks_uri: uri,
      grant_types_supported: texts,
      token_endpoint_auth_methods_supported: texts,
      response_types_supported: texts,
    },
  };
  const document = { type: 'object', required: ['openapi', 'info', 'paths', 'components'] };
  const found = found200(problems);
  return [
    get('/.well-known/jwks.json', 'jwksShow', {
      summary: 'The public keys of access tokens (RFC 7517)',
      tags: ['oauth'],
      responses: found(keys),
    }),
    get('/.well-known/oauth-authorization-server', 'authorizationServerShow', {
      summary: 'Metadata of the authorization server (RFC 8414)',
      tags: ['oauth'],
      responses: found(metadata),
    }),
    get('/.well-known/oauth-protected-resource', 'protectedResourceShow', {
      summary: 'What access tokens are for (RFC 9728)',
      tags: ['oauth'],
      responses: found(PROTECTED_RESOURCE),
    }),
    get('/.well-known/oauth-protected-resource/mcp', 'mcpResourceShow', {
      summary: 'What access tokens are for: the MCP endpoint (RFC 9728)',
      tags: ['oauth'],
      responses: found(PROTECTED_RESOURCE),
    }),
    get('/openapi.json', 'openapiShow', {
      summary: 'This document',
      tags: ['documentation'],
      parameters: [parameter('IfNoneMatch')],
      responses: {
        ...found(document, 'ETag'),
        '304': { description: 'It is as it was.', headers: headers(...OWN, 'ETag') },
      },
    }),
  ];
}

const PROTECTED_RESOURCE = {
  type: 'object',
  required: ['resource', 'authorization_servers'],
  properties: { resource: uri, authorization_servers: texts },
} as const;

/** A page of the catalogue, for programs. */
export const PROBLEM_KIND_SCHEMA = {
  type: 'object',
  required: ['type', 'code', 'title', 'status', 'fault', 'help', 'retry'],
  properties: {
    type: uri,
    code: { ...text, enum: Object.keys(PROBLEMS) },
    title: text,
    status: { type: 'integer' },
    fault: text,
    help: text,
    retry: { type: 'boolean', description: 'Whether sending the same again may be answered otherwise.' },
  },
  additionalProperties: false,
} as const;

function pageRoutes(problems: ProblemResponses): Route[] {
  const kind = { $ref: '#/components/schemas/ProblemKind' };
  const list = { type: 'object', required: ['items'], properties: { items: { type: 'array', items: kind } } };
  const page = (schema: object, more: readonly ProblemCode[] = []) => ({
    ...problems.of([...ANYWHERE, 'not-ready', ...more]),
    '200': {
      description: 'The page: text, HTML or JSON, by the Accept header.',
      headers: headers(...OWN),
      content: { 'text/plain': { schema: text }, 'text/html': { schema: text }, ...json({ ...schema }) },
    },
  });
  const code = { name: 'code', in: 'path', required: true, schema: PROBLEM_KIND_SCHEMA.properties.code };
  const tags = ['documentation'];
  return [
    get(PROBLEM_PATH, 'problemList', { summary: 'Every kind of problem', tags, responses: page(list) }),
    get(`${PROBLEM_PATH}{code}`, 'problemShow', {
      summary: 'What a kind of problem means and what helps: where `type` leads',
      tags,
      parameters: [code],
      responses: page(kind, ['not-found']),
    }),
  ];
}

function found200(problems: ProblemResponses) {
  return (schema: object, ...more: string[]) => ({
    ...problems.of([...ANYWHERE, 'not-ready']),
    '200': { description: 'It is there.', headers: headers(...OWN, ...more), content: json({ ...schema }) },
  });
}

function get(path: string, operationId: string, more: object): Route {
  return { method: 'get', path, operation: { operationId, security: [], ...more } };
}
