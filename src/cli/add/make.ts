// The steps of `doorward add`: key, service, agent where it is missing, grant; each knows how it is taken back.
import { agentCreate, agentRemove } from '../../operations/contracts/agents.ts';
import { grantCreate, grantRemove } from '../../operations/contracts/grants.ts';
import { secretCreate, secretDestroy } from '../../operations/contracts/secrets.ts';
import { serviceCreate, serviceRemove } from '../../operations/contracts/services.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { ServerProblem } from '../failure.ts';
import type { ValueFields } from '../secret-value.ts';
import { makeAll, type Step } from './making.ts';
import type { AddOptions, AddPlan } from './plan.ts';
import type { Room } from './room.ts';

interface ToMake {
  readonly plan: AddPlan;
  readonly options: AddOptions;
  readonly room: Room;
  /** Undefined: a key that is stored is used. */
  readonly value: ValueFields | undefined;
}

export interface Made {
  readonly secret: string;
  readonly isAgentNew: boolean;
}

export async function make(context: Context, client: Client, toMake: ToMake): Promise<Made> {
  const { plan, options, room, value } = toMake;
  const { name } = plan;
  const { agent } = options;
  const secret = options.secret ?? name;
  const allow = plan.allow === undefined ? {} : { allow: [...plan.allow] };
  await makeAll(context, [
    ...(value === undefined ? [] : [keyStep(client, name, { ...value, force: options.force === true })]),
    {
      what: `the service ${name}`,
      make: () => client.call(serviceCreate, { ...plan.service, name, secret }),
      undo: () => client.call(serviceRemove, { name }),
      undoCommand: `doorward service remove ${name}`,
    },
    ...(room.isAgentThere ? [] : [agentStep(client, agent)]),
    {
      what: `the grant of ${agent} on ${name}`,
      make: () => client.call(grantCreate, { agent, service: name, ...allow }),
      undo: () => client.call(grantRemove, { agent, service: name }),
      undoCommand: `doorward grant remove ${agent} ${name}`,
    },
  ]);
  return { secret, isAgentNew: !room.isAgentThere };
}

function keyStep(client: Client, name: string, fields: ValueFields & { readonly force: boolean }): Step {
  return {
    what: `the key ${name}`,
    make: () => client.call(secretCreate, { name, ...fields }),
    undo: () => client.call(secretDestroy, { name }),
    undoCommand: `doorward secret destroy ${name}`,
  };
}

/** Its key is not kept: a run needs none. An agent that somebody else made meanwhile will do, and stays. */
function agentStep(client: Client, name: string): Step {
  let isOurs = true;
  return {
    what: `the agent ${name}`,
    make: async () => {
      try {
        await client.call(agentCreate, { name });
      } catch (error) {
        if (!(error instanceof ServerProblem) || error.body.code !== 'already-exists') throw error;
        isOurs = false;
      }
    },
    undo: async () => {
      if (isOurs) await client.call(agentRemove, { name });
    },
    undoCommand: `doorward agent remove ${name}`,
  };
}
