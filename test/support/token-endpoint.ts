// A token endpoint on loopback: checks what it is sent as an authorization server would, spends refresh tokens, and counts.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECHOING } from './upstream.ts';
import type { World } from './world.ts';

interface TokenRequest {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
  readonly body: string;
}

type AnswerToken = (request: TokenRequest, response: ServerResponse) => void;

export interface TokenEndpoint {
  readonly url: string;
  readonly tokenUrl: string;
  readonly requests: TokenRequest[];
  /** Access tokens that an upstream of this server takes. */
  readonly valid: Set<string>;
  readonly issued: string[];
  /** The one refresh token that it takes; `rotates`: once. */
  refreshToken: string;
  rotates: boolean;
  expiresIn: number;
  /** What answers from now on. */
  answer: AnswerToken;
  /** The answer of an authorization server that works. */
  readonly grant: AnswerToken;
  close(): Promise<void>;
}

export const CLIENT = { client_id: 'client-1', client_secret: 'cs-3Jw8sYq2Lr6TnVx9Kd4Pz7Mb' };

export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => undefined);
    raw.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = { url: raw.url ?? '', headers: raw.headers, form: new URLSearchParams(body), body };
      endpoint.requests.push(request);
      endpoint.answer(request, response);
    });
  });
  server.keepAliveTimeout = 0; // a connection that it closed of itself might just be in use again
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const grant: AnswerToken = ({ form, headers }, response) => {
    if (!isClient(form, headers.authorization)) {
      sendJson(response, 401, { error: 'invalid_client' });
    } else if (
      form.get('grant_type') === 'refresh_token' &&
      form.get('refresh_token') !== endpoint.refreshToken
    ) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'spent' });
    } else {
      const token = `at-${randomBytes(24).toString('base64url')}`;
      endpoint.valid.add(token);
      endpoint.issued.push(token);
      const isRefresh = form.get('grant_type') === 'refresh_token';
      if (isRefresh && endpoint.rotates) endpoint.refreshToken = newRefreshToken();
      sendJson(response, 200, {
        access_token: token,
        token_type: 'Bearer',
        expires_in: endpoint.expiresIn,
        ...(isRefresh && endpoint.rotates ? { refresh_token: endpoint.refreshToken } : {}),
      });
    }
  };
  const endpoint: TokenEndpoint = {
    url,
    tokenUrl: `${url}/token`,
    requests: [],
    valid: new Set(),
    issued: [],
    refreshToken: newRefreshToken(),
    rotates: true,
    expiresIn: 3600,
    answer: grant,
    grant,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function newRefreshToken(): string {
  return `rt-${randomBytes(24).toString('base64url')}`;
}

function isClient(form: URLSearchParams, authorization: string | undefined): boolean {
  const basic = `Basic ${Buffer.from(`${CLIENT.client_id}:${CLIENT.client_secret}`).toString('base64')}`;
  const inBody =
    form.get('client_id') === CLIENT.client_id && form.get('client_secret') === CLIENT.client_secret;
  return authorization === basic || inBody;
}

/** A secret of a kind that is exchanged, with a service, an agent and a grant of its own; gives the agent key. */
export async function addExchanged(
  world: World,
  of: { readonly name: string; readonly kind: string; readonly fields: object; readonly auth?: object },
): Promise<string> {
  const { name, kind, fields, auth = { kind: 'bearer' } } = of;
  const steps: [string, object][] = [
    ['/v1/secrets', { name, kind, fields }],
    ['/v1/services', { name, baseUrl: world.upstream.url, auth, secret: name, protection: ECHOING }],
    ['/v1/agents', { name }],
    ['/v1/grants', { agent: name, service: name }],
  ];
  let key = '';
  for (const [path, body] of steps) {
    const answer = await world.admin('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    if (typeof answer.body['key'] === 'string') key = answer.body['key'];
  }
  return key;
}
