// Where an authorization server is reached: told by flags, by the catalogue, or by its own metadata (RFC 8414).
import {
  allowInsecureRequests,
  type AuthorizationServer,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi';
import type { OauthEndpoints } from '../../catalogue/entry.ts';
import { isLoopbackHost } from '../../core/loopback-host.ts';
import type { MintedKind } from '../../core/material.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { ConnectOptions } from './options.ts';

export interface Endpoints {
  readonly server: AuthorizationServer;
  /** Whether `server.issuer` is known, and not only guessed from an address. */
  readonly isIssuerKnown: boolean;
  /** Plain HTTP is spoken to a server of this machine, and to no other. */
  readonly http: { readonly [allowInsecureRequests]?: boolean };
}

interface Given {
  readonly options: ConnectOptions;
  readonly oauth: OauthEndpoints | undefined;
  readonly baseUrl: string;
  readonly kind: MintedKind;
  readonly filled: (text: string) => string;
}

const TIMEOUT_MS = 15_000;

export async function lookUp(context: Context, given: Given): Promise<Endpoints> {
  const { options, oauth, baseUrl, filled, kind } = given;
  const told = {
    authorization_endpoint: options.authorizationUrl ?? optional(oauth?.authorizationUrl, filled),
    token_endpoint: options.tokenUrl ?? optional(oauth?.tokenUrl, filled),
    device_authorization_endpoint: options.deviceUrl ?? optional(oauth?.deviceAuthorizationUrl, filled),
  };
  for (const [name, url] of Object.entries(told)) if (url !== undefined) requireUrl(name, url);
  const first = told.authorization_endpoint ?? told.device_authorization_endpoint;
  const isWhole = told.token_endpoint !== undefined && (first !== undefined || kind === 'oauth2-client');
  if (options.issuer === undefined && isWhole) {
    const server = { issuer: new URL(first ?? told.token_endpoint ?? '').origin, ...withoutGaps(told) };
    return { server, isIssuerKnown: false, http: httpFor(server) };
  }
  const issuer = requireUrl('--issuer', options.issuer ?? new URL(baseUrl).origin);
  context.say(`Looking up the authorization server at ${issuer.href} …`);
  const found = await discover(issuer);
  if (found === undefined) {
    throw new CommandFailure(
      EXIT.failed,
      `${issuer.href} tells nothing of an authorization server (RFC 8414). Give its addresses: --authorization-url (or --device-url) and --token-url.`,
    );
  }
  const server = { ...found, ...withoutGaps(told) };
  return { server, isIssuerKnown: true, http: httpFor(server) };
}

/** Both well-known places: OAuth's own, and OpenID Connect's. */
async function discover(issuer: URL): Promise<AuthorizationServer | undefined> {
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    try {
      const response = await discoveryRequest(issuer, {
        algorithm,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...insecure(issuer),
      });
      return await processDiscoveryResponse(issuer, response);
    } catch {
      // the other place may have it; what both lack is told to the person
    }
  }
  return undefined;
}

function httpFor({ token_endpoint: url }: AuthorizationServer): Endpoints['http'] {
  return url === undefined ? {} : insecure(new URL(url));
}

function insecure({ protocol, hostname }: URL): Endpoints['http'] {
  return protocol === 'http:' && isLoopbackHost(hostname) ? { [allowInsecureRequests]: true } : {};
}

function requireUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === 'https:' || (url !== undefined && insecure(url)[allowInsecureRequests] === true);
  if (url !== undefined && isSafe && url.username === '' && url.hash === '') return url;
  throw usageFailure(`${name} must be an https:// address.`);
}

function optional(text: string | undefined, filled: (text: string) => string): string | undefined {
  return text === undefined ? undefined : filled(text);
}

function withoutGaps(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
