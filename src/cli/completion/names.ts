// The names that can stand at a place of a command line: of agents, services, secrets, catalogue entries and their actions,
// and kinds of audit events.
import type { Client } from '../client.ts';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export type NameSource = 'agents' | 'services' | 'secrets' | 'catalogue' | 'actions' | 'kinds';

const OF_GROUP: Readonly<Record<string, NameSource>> = {
  agent: 'agents',
  service: 'services',
  secret: 'secrets',
};

/** Commands whose service is one that may not be there yet. */
const FROM_CATALOGUE = ['add', 'connect', 'service catalogue'];
/** Verbs that name something new. */
const MAKES = /^(agent|secret|service) add$/;

/** `command` is its path, such as `grant add`; `wanted` the name of an argument or a flag. */
export function sourceOf(command: string, wanted: string): NameSource | undefined {
  if (FROM_CATALOGUE.includes(command) && ['service', 'search', 'name'].includes(wanted)) return 'catalogue';
  if (command === 'audit list' && wanted === 'kind') return 'kinds';
  if (wanted === 'action') return 'actions';
  const [group = ''] = command.split(' ');
  if (wanted === 'name') return MAKES.test(command) ? undefined : OF_GROUP[group];
  return OF_GROUP[wanted];
}

/** Throws where the server can not be asked. `typed` are the arguments before this one. */
export async function namesFor(
  source: NameSource,
  typed: readonly string[],
  openClient: () => Promise<Client>,
): Promise<readonly Candidate[]> {
  switch (source) {
    case 'catalogue':
      return (await catalogue())
        .readCatalogue()
        .map(({ id, name }) => ({ value: id, description: name }))
        .toSorted((one, other) => (one.value < other.value ? -1 : 1));
    case 'kinds': {
      const { AUDIT_KINDS } = await import('../../core/audit-event.ts');
      const families = new Set(AUDIT_KINDS.map((kind) => kind.slice(0, kind.indexOf('.'))));
      return [...families, ...AUDIT_KINDS].map((value) => ({ value, description: '' }));
    }
    case 'actions': {
      const actions = (await catalogue()).readEntry(typed[0] ?? '')?.actions ?? {};
      return Object.entries(actions).map(([value, { summary }]) => ({ value, description: summary }));
    }
    default:
      return await liveNames(source, await openClient());
  }
}

const catalogue = async () => import('../../catalogue/catalogue.ts');
const FIRST_PAGE = { limit: 200 };

async function liveNames(
  source: 'agents' | 'services' | 'secrets',
  client: Client,
): Promise<readonly Candidate[]> {
  switch (source) {
    case 'agents': {
      const { agentList } = await import('../../operations/contracts/agents.ts');
      const { items } = await client.call(agentList, FIRST_PAGE);
      return items.map(({ name, state }) => ({ value: name, description: `${state} agent` }));
    }
    case 'services': {
      const { serviceList } = await import('../../operations/contracts/services.ts');
      const { items } = await client.call(serviceList, FIRST_PAGE);
      return items.map(({ name, baseUrl }) => ({ value: name, description: baseUrl }));
    }
    case 'secrets': {
      const { secretList } = await import('../../operations/contracts/secrets.ts');
      const { items } = await client.call(secretList, FIRST_PAGE);
      return items.map(({ name, credentialKind }) => ({
        value: name,
        description: `${credentialKind} secret`,
      }));
    }
  }
}
