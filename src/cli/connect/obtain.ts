// From a plan to what is stored: the flow that fits the service, ending in the fields of a secret.
import type { TokenEndpointResponse } from 'oauth4webapi';
import type { MintedKind } from '../../core/material.ts';
import { EXIT } from '../exit-codes.ts';
import type { Context } from '../context.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { type OAuthClient, readClient } from './client.ts';
import type { ConnectOptions } from './options.ts';
import type { ConnectPlan } from './plan.ts';

/** Of a secret: its kind with its fields, or a value that is sent as it is. */
export type Obtained =
  | { readonly kind: MintedKind; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'static'; readonly value: string };

export async function obtain(
  context: Context,
  plan: ConnectPlan,
  options: ConnectOptions,
): Promise<Obtained> {
  const { kind, endpoints } = plan;
  if (endpoints === undefined) {
    const { readMaterialFields } = await import('../material-fields.ts');
    return { kind, fields: await readMaterialFields(context, kind, options) };
  }
  const client = await readClient(context, plan, options);
  const base = fieldsOf(plan, client);
  if (kind === 'oauth2-client') return { kind, fields: base };
  const tokens = await authorize(context, plan, { options, client });
  const { refresh_token, access_token, expires_in } = tokens;
  if (refresh_token !== undefined) return { kind: 'oauth2-refresh', fields: { ...base, refresh_token } };
  if (expires_in === undefined) return { kind: 'static', value: access_token };
  throw new CommandFailure(
    EXIT.failed,
    `${plan.name} gave an access token that ends in ${String(expires_in)} seconds and no refresh token, so nothing was stored. ` +
      'Ask for one: with many vendors by --scope offline_access, with some by --param access_type=offline or --param prompt=consent.',
  );
}

function fieldsOf(plan: ConnectPlan, { id, secret }: OAuthClient): Readonly<Record<string, unknown>> {
  const { endpoints, scopes, clientAuth, tokenParameters, kind } = plan;
  const tokenUrl = endpoints?.server.token_endpoint;
  if (tokenUrl === undefined) throw usageFailure('The token endpoint is not known: give --token-url.');
  return {
    token_url: tokenUrl,
    client_id: id,
    ...(secret === undefined ? {} : { client_secret: secret }),
    client_auth: clientAuth,
    // A refresh keeps the scopes that were allowed; client credentials say them each time.
    ...(kind === 'oauth2-client' && scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    params: kind === 'oauth2-client' ? tokenParameters : {},
  };
}

async function authorize(
  context: Context,
  plan: ConnectPlan,
  { options, client }: { readonly options: ConnectOptions; readonly client: OAuthClient },
): Promise<TokenEndpointResponse> {
  const server = plan.endpoints?.server;
  const hasDevice = server?.device_authorization_endpoint !== undefined;
  const hasBrowser = server?.authorization_endpoint !== undefined;
  const isHopeless = !hasBrowser || (options.browser && isHeadless(context)); // --no-browser asks for the address
  const wantsDevice = options.device === true || (hasDevice && isHopeless);
  if (wantsDevice && !hasDevice) {
    throw usageFailure(
      `No device authorization endpoint of ${plan.name} is known: give --device-url, or leave out --device and open the address on this machine.`,
    );
  }
  if (!wantsDevice && !hasBrowser)
    throw usageFailure('The authorization endpoint is not known: give --authorization-url.');
  if (wantsDevice) {
    const { authorizeByDevice } = await import('./device-flow.ts');
    return await authorizeByDevice(context, plan, client);
  }
  const { authorizeInBrowser } = await import('./browser-flow.ts');
  return await authorizeInBrowser(context, plan, { options, client });
}

/** Over SSH, and where there is no screen, a browser of this machine is nobody's. */
function isHeadless({ terminal }: Context): boolean {
  const { SSH_CONNECTION, DISPLAY, WAYLAND_DISPLAY } = terminal.environment;
  const hasScreen = (DISPLAY ?? '') !== '' || (WAYLAND_DISPLAY ?? '') !== '';
  return (SSH_CONNECTION ?? '') !== '' || (process.platform === 'linux' && !hasScreen);
}
