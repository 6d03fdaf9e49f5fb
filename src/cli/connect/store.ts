// What a connection leaves behind: a secret, or a new version of the one there is, a service that sends it, and a grant.
import { secretCreate, secretShow } from '../../operations/contracts/secrets.ts';
import { secretRotate } from '../../operations/contracts/rotations.ts';
import { addKey, type AddedKey } from '../add-key.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';
import type { Obtained } from './obtain.ts';
import type { ConnectPlan } from './plan.ts';

interface Before {
  readonly credentialKind: string;
}

export interface Connected extends AddedKey {
  readonly isReconnected: boolean;
  readonly kind: string;
}

/** Before anybody is sent to a browser: whether there is room for the outcome. */
export async function requireConnectable(
  client: Client,
  { name, kind }: ConnectPlan,
): Promise<Before | undefined> {
  try {
    const { credentialKind } = await client.call(secretShow, { name });
    if (credentialKind === kind) return { credentialKind };
    throw new CommandFailure(
      EXIT.failed,
      `There is a secret ${name} already, of the kind ${credentialKind}; this connection is of the kind ${kind}. ` +
        `Connect it under another name: --as ${name}-2`,
    );
  } catch (error) {
    if (error instanceof ServerProblem && error.body.status === 404) return undefined;
    throw error;
  }
}

/** The secret first: what a vendor gave once is not lost, whatever comes after. */
export async function storeConnection(
  client: Client,
  of: {
    readonly plan: ConnectPlan;
    readonly before: Before | undefined;
    readonly material: Obtained;
    readonly agent: string;
  },
): Promise<Connected> {
  const { plan, before, material, agent } = of;
  const { name, service, allow } = plan;
  const { kind, ...value } = material;
  if (before === undefined) {
    await client.call(secretCreate, { name, kind, ...value, force: true });
  } else if (before.credentialKind === kind) {
    await client.call(secretRotate, { name, ...value, force: true });
  } else {
    throw new CommandFailure(
      EXIT.failed,
      `${name} gave a token that stays, and the secret ${name} is of the kind ${before.credentialKind}. Connect it under another name: --as ${name}-2`,
    );
  }
  const added = await addKey(client, { name, service, agent, allow, value: undefined });
  return { ...added, isReconnected: before !== undefined, kind };
}

export function tellConnected(context: Context, plan: ConnectPlan, connected: Connected): void {
  const { name, agent, isReconnected, kind, isServiceNew } = connected;
  const { baseUrl } = plan.service;
  context.say(
    isReconnected
      ? `${name} is connected again: its secret has a new version.`
      : `${name} is connected: its secret (${kind}) is stored${isServiceNew ? `, sent to ${baseUrl} and nowhere else` : ''}.`,
  );
  context.say(`The agent ${agent} may call it.`);
  context.suggest(`doorward run -- COMMAND`, `doorward log -f`);
}
