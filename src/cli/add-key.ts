// The shared part of `doorward add` and `doorward import`: a key becomes a secret, a service and a grant, in this order,
// so that whatever stops in between can be done again and finds what is there already.
import type { z } from 'zod';
import type { CatalogueEntry } from '../catalogue/entry.ts';
import { agentCreate } from '../operations/contracts/agents.ts';
import { grantCreate } from '../operations/contracts/grants.ts';
import { secretCreate } from '../operations/contracts/secrets.ts';
import { serviceCreate, serviceShow } from '../operations/contracts/services.ts';
import type { Client } from './client.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, ServerProblem } from './failure.ts';
import type { ValueFields } from './secret-value.ts';

/** The agent of those who have only one. */
export const DEFAULT_AGENT = 'default';

/** What `service.create` takes, but its names. */
export type ServiceFields = Omit<z.input<typeof serviceCreate.input>, 'name' | 'secret'>;

export interface KeyToAdd {
  /** Of the secret and of the service. */
  readonly name: string;
  /** Undefined: the secret is there already, and is kept as it is. */
  readonly value: ValueFields | undefined;
  readonly service: ServiceFields;
  readonly agent: string;
  /** What the agent may call; undefined: every method and path. */
  readonly allow: readonly string[] | undefined;
  /** Accept a value under 8 bytes. */
  readonly force?: boolean;
}

export interface AddedKey {
  readonly name: string;
  readonly agent: string;
  readonly isServiceNew: boolean;
  readonly isAgentNew: boolean;
  readonly isGrantNew: boolean;
}

/** Throws ServerProblem `already-exists` where a value is given and a secret of that name is there. */
export async function addKey(client: Client, key: KeyToAdd): Promise<AddedKey> {
  const { name, agent, value } = key;
  if (value !== undefined) await client.call(secretCreate, { name, ...value, force: key.force === true });
  const isServiceNew = await addService(client, key);
  const isAgentNew = await unlessThere(client.call(agentCreate, { name: agent }));
  const allow = key.allow === undefined ? {} : { allow: [...key.allow] };
  const isGrantNew = await unlessThere(client.call(grantCreate, { agent, service: name, ...allow }));
  return { name, agent, isServiceNew, isAgentNew, isGrantNew };
}

/** The service that a catalogue entry describes. `baseUrl` has its variables filled in. */
export function serviceOfEntry(entry: CatalogueEntry, baseUrl: string): ServiceFields {
  const [keyEnv] = entry.env;
  const [baseUrlEnv] = entry.baseUrlEnv;
  return {
    baseUrl,
    auth: entry.auth,
    catalogueId: entry.id,
    headers: { ...entry.headers },
    deny: [...entry.deny],
    ...(keyEnv === undefined ? {} : { keyEnv }),
    ...(baseUrlEnv === undefined ? {} : { baseUrlEnv: baseUrlEnv.name, baseUrlSuffix: baseUrlEnv.suffix }),
    ...(entry.refusalShape === undefined ? {} : { refusalShape: entry.refusalShape }),
  };
}

type Action = CatalogueEntry['actions'][string];

/** What an agent may use at first: nothing that destroys, and no moving of money where that is what the service is for. */
export function usedActions({ actions, category }: CatalogueEntry): readonly (readonly [string, Action])[] {
  const isUse = ({ risk }: Action) => risk !== 'delete' && !(risk === 'spend' && category === 'payments');
  return Object.entries(actions).filter(([, action]) => isUse(action));
}

/**
 * A grant that reads and uses: every action but those that destroy or move money, and whatever only looks; where all that
 * reads takes POST as well, the method says nothing, and the actions are all there is. Undefined where the entry tells no
 * actions apart: then every method and path.
 */
export function readAndUse(entry: CatalogueEntry | undefined): readonly string[] | undefined {
  if (entry === undefined || Object.keys(entry.actions).length === 0) return undefined;
  const used = usedActions(entry).map(([, action]) => action);
  const reads = used.filter(({ risk }) => risk === 'read');
  const isGetSafe = !reads.every(({ allow }) =>
    allow.some((pattern) => isGet(pattern) && allow.includes(asPost(pattern))),
  );
  const tested =
    entry.testCall === undefined ? [] : [`${entry.testCall.method} ${pathOf(entry.testCall.path)}`];
  const patterns = [...used.flatMap(({ allow }) => allow), ...tested];
  return [...new Set(isGetSafe ? ['GET /**', ...patterns.filter((pattern) => !isGet(pattern))] : patterns)];
}

function isGet(pattern: string): boolean {
  return pattern.startsWith('GET ');
}

function asPost(pattern: string): string {
  return pattern.replace(/^GET /, 'POST ');
}

function pathOf(address: string): string {
  return address.replace(/\?.*$/s, '');
}

/** A service of the name that uses the secret of the name will do; one that uses another will not. */
async function addService(client: Client, { name, service }: KeyToAdd): Promise<boolean> {
  const isNew = await unlessThere(client.call(serviceCreate, { name, secret: name, ...service }));
  if (isNew) return true;
  const found = await client.call(serviceShow, { name });
  if (found.secret === name) return false;
  throw new CommandFailure(
    EXIT.failed,
    `The secret ${name} is stored, but a service ${name} is there already and uses the secret ${found.secret}. ` +
      `To point it at the new one: doorward service set ${name} --secret ${name}`,
  );
}

/** False where it was there already. */
async function unlessThere(creation: Promise<unknown>): Promise<boolean> {
  try {
    await creation;
    return true;
  } catch (error) {
    if (error instanceof ServerProblem && error.body.code === 'already-exists') return false;
    throw error;
  }
}
