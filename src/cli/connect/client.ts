// The client that a person has registered with the vendor: id and secret from flags, the environment or a prompt. A secret is
// never taken from the arguments.
import { ClientSecretBasic, ClientSecretPost, type ClientAuth, None } from 'oauth4webapi';
import { effectiveEnvironment, type Context } from '../context.ts';
import { usageFailure } from '../failure.ts';
import type { ConnectOptions } from './options.ts';
import type { ConnectPlan } from './plan.ts';

export interface OAuthClient {
  readonly id: string;
  readonly secret: string | undefined;
  readonly authentication: ClientAuth;
}

export async function readClient(
  context: Context,
  plan: ConnectPlan,
  options: ConnectOptions,
): Promise<OAuthClient> {
  const { parseConnectClient } = await import('../../config.ts');
  const given = parseConnectClient(effectiveEnvironment(context));
  const id = options.clientId ?? given.id ?? (await ask(context, `Client id at ${plan.name}`, '--client-id'));
  if (options.publicClient === true) return { id, secret: undefined, authentication: None() };
  const fromFile =
    options.clientSecretFile === undefined ? undefined : await readFile(options.clientSecretFile);
  const secret =
    fromFile ??
    given.secret ??
    (await ask(
      context,
      `Client secret (not shown; empty where there is none)`,
      '--client-secret-file or --public-client',
      true,
    ));
  if (secret === '' && plan.kind === 'oauth2-client')
    throw usageFailure('Client credentials need a client secret.');
  if (secret === '') return { id, secret: undefined, authentication: None() };
  const authentication = plan.clientAuth === 'basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
  return { id, secret, authentication };
}

async function ask(context: Context, message: string, flag: string, isHidden = false): Promise<string> {
  if (!context.isInteractive)
    throw usageFailure(`Nobody can be asked: give ${flag}. See: doorward connect --help`);
  const { askHidden, askLine } = await import('../prompt.ts');
  const answer = await (isHidden ? askHidden : askLine)(context.terminal, message);
  if (answer.trim() === '' && !isHidden) throw usageFailure('Nothing was typed: nothing was connected.');
  return answer.trim();
}

async function readFile(path: string): Promise<string> {
  const { readTextFile } = await import('../material-fields.ts');
  return readTextFile(path).trim();
}
