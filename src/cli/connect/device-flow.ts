// The device flow (RFC 8628): a code to type on another device, for machines without a browser.
import {
  deviceAuthorizationRequest,
  deviceCodeGrantRequest,
  processDeviceAuthorizationResponse,
  processDeviceCodeResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { visible } from '../visible-text.ts';
import type { OAuthClient } from './client.ts';
import type { ConnectPlan } from './plan.ts';
import { flowFailure, plainTokenResponse, REQUEST_TIMEOUT_MS } from './tokens.ts';

const DEFAULT_INTERVAL_SECONDS = 5;
/** RFC 8628 §3.5: how much longer to wait after `slow_down`. */
const SLOW_DOWN_SECONDS = 5;

export async function authorizeByDevice(
  context: Context,
  plan: ConnectPlan,
  client: OAuthClient,
): Promise<TokenEndpointResponse> {
  try {
    return await run(context, plan, client);
  } catch (error) {
    throw flowFailure(error, plan.name);
  }
}

async function run(context: Context, plan: ConnectPlan, client: OAuthClient): Promise<TokenEndpointResponse> {
  const { endpoints, scopes, name } = plan;
  if (endpoints === undefined) throw usageFailure('The authorization server is not known.');
  const { server, http } = endpoints;
  const oauthClient = { client_id: client.id };
  const options = () => ({ ...http, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  const asked = await deviceAuthorizationRequest(
    server,
    oauthClient,
    client.authentication,
    scopes.length === 0 ? {} : { scope: scopes.join(' ') },
    options(),
  );
  const device = await processDeviceAuthorizationResponse(server, oauthClient, asked);
  context.warn(
    `On any device, open ${visible(device.verification_uri)} and type the code\n\n  ${visible(device.user_code)}\n`,
  );
  context.say('Waiting for it to be allowed … (Ctrl-C ends it)');
  let waitSeconds = device.interval ?? DEFAULT_INTERVAL_SECONDS;
  for (let leftSeconds = device.expires_in; leftSeconds > 0; leftSeconds -= waitSeconds) {
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
    const response = await deviceCodeGrantRequest(
      server,
      oauthClient,
      client.authentication,
      device.device_code,
      options(),
    );
    try {
      return await processDeviceCodeResponse(server, oauthClient, await plainTokenResponse(response, name));
    } catch (error) {
      const code = error instanceof ResponseBodyError ? error.error : '';
      if (code !== 'authorization_pending' && code !== 'slow_down') throw error;
      if (code === 'slow_down') waitSeconds += SLOW_DOWN_SECONDS;
    }
  }
  throw new CommandFailure(EXIT.failed, 'The code was not typed in time: nothing was stored. Start again.');
}
