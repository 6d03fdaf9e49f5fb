// What is there already: adding again what exists says so, and how to change it, before anybody types a key.
import { agentShow } from '../../operations/contracts/agents.ts';
import { secretShow } from '../../operations/contracts/secrets.ts';
import { type ServiceRecord, serviceShow } from '../../operations/contracts/services.ts';
import type { Client } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';
import type { AddOptions, Target } from './plan.ts';

export interface Room {
  readonly isAgentThere: boolean;
}

/** Throws where a service or a key of the name is there. */
export async function requireRoom(client: Client, { name }: Target, options: AddOptions): Promise<Room> {
  const [service, secret, agent] = await Promise.all([
    unlessMissing(client.call(serviceShow, { name })),
    unlessMissing(client.call(secretShow, { name: options.secret ?? name })),
    unlessMissing(client.call(agentShow, { name: options.agent })),
  ]);
  if (service !== undefined) throw alreadyAdded(service, options.agent, agent?.services.includes(name));
  if (options.secret === undefined && secret !== undefined) {
    throw exists(
      `There is a key named ${name} already, and no service that uses it. To use it: ` +
        `doorward add ${name} --secret ${name}. To replace it: doorward secret rotate ${name}`,
    );
  }
  if (options.secret !== undefined && secret === undefined) {
    throw exists(`There is no key named ${options.secret}. See: doorward secret list`);
  }
  return { isAgentThere: agent !== undefined };
}

function alreadyAdded(service: ServiceRecord, agent: string, isGranted: boolean | undefined): CommandFailure {
  const { name, baseUrl, secret } = service;
  const mayCall =
    isGranted === true
      ? `and the agent ${agent} may call it`
      : `but the agent ${agent} may not call it yet (doorward grant add ${agent} ${name})`;
  return exists(
    `${name} is added already: its key goes to ${baseUrl}, ${mayCall}. To replace the key: ` +
      `doorward secret rotate ${secret}. To add a second one beside it: doorward add ${service.catalogueId ?? name} --as ${name}-2`,
  );
}

function exists(message: string): CommandFailure {
  return new CommandFailure(EXIT.failed, message);
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ServerProblem && error.body.status === 404) return undefined;
    throw error;
  }
}
