// Authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252): the browser comes back to a listener on loopback that lives
// as long as the command.
import {
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomState,
  processAuthorizationCodeResponse,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { OAuthClient } from './client.ts';
import { type Loopback, openLoopback } from './loopback.ts';
import type { ConnectOptions } from './options.ts';
import type { ConnectPlan } from './plan.ts';
import { flowFailure, plainTokenResponse, REQUEST_TIMEOUT_MS } from './tokens.ts';

export async function authorizeInBrowser(
  context: Context,
  plan: ConnectPlan,
  { options, client }: { readonly options: ConnectOptions; readonly client: OAuthClient },
): Promise<TokenEndpointResponse> {
  const verifier = generateRandomCodeVerifier();
  const state = generateRandomState();
  const loopback = await openLoopback(options.redirectUri, state);
  try {
    const { redirectUri } = loopback;
    const challenge = await calculatePKCECodeChallenge(verifier);
    const url = addressOf(plan, { client, redirectUri, state, challenge });
    await show(context, url, options);
    context.say(`Waiting for the browser to come back to ${redirectUri} … (Ctrl-C ends it)`);
    return await redeem(plan, { client, loopback, state, verifier });
  } catch (error) {
    throw flowFailure(error, plan.name);
  } finally {
    await loopback.close();
  }
}

function addressOf(
  { endpoints, scopes, authorizationParameters }: ConnectPlan,
  of: { client: OAuthClient; redirectUri: string; state: string; challenge: string },
): URL {
  const url = new URL(endpoints?.server.authorization_endpoint ?? '');
  const parameters = {
    ...authorizationParameters,
    response_type: 'code',
    client_id: of.client.id,
    redirect_uri: of.redirectUri,
    state: of.state,
    code_challenge: of.challenge,
    code_challenge_method: 'S256',
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

async function show(context: Context, url: URL, { browser }: ConnectOptions): Promise<void> {
  const { openBrowser } = await import('../../runner/open-browser.ts');
  const isOpened =
    browser && context.isInteractive && (await openBrowser(url.href, context.terminal.environment));
  context.warn(
    `${isOpened ? 'Your browser was opened. If nothing shows, open' : 'Open in a browser on this machine'}:\n\n  ${url.href}\n`,
  );
}

async function redeem(
  { endpoints, name }: ConnectPlan,
  of: { client: OAuthClient; loopback: Loopback; state: string; verifier: string },
): Promise<TokenEndpointResponse> {
  if (endpoints === undefined) throw usageFailure('The authorization server is not known.');
  const { server, http, isIssuerKnown } = endpoints;
  const { client, loopback, state, verifier } = of;
  const returned = await loopback.returned;
  const told = returned.searchParams.get('iss');
  if (!isIssuerKnown && told !== null && told !== server.issuer) {
    throw new CommandFailure(
      EXIT.vendor,
      `The answer came from the issuer ${told}, which is not known to be that of ${name}. If it is right, say so: --issuer ${told}`,
    );
  }
  const oauthClient = { client_id: client.id };
  const parameters = validateAuthResponse(server, oauthClient, returned, state); // state and `iss` (RFC 9207)
  const response = await authorizationCodeGrantRequest(
    server,
    oauthClient,
    client.authentication,
    parameters,
    loopback.redirectUri,
    verifier,
    { ...http, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) },
  );
  return await processAuthorizationCodeResponse(
    server,
    oauthClient,
    await plainTokenResponse(response, name),
  );
}
