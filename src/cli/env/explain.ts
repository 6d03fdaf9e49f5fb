// What the variables of `doorward env` do, service by service, and which clients they do not reach.
import { readEntry } from '../../catalogue/catalogue.ts';
import { addressOf, clientVariables } from '../../runner/client-variables.ts';
import type { Context } from '../context.ts';
import { printJson, write } from '../output.ts';
import { visible } from '../visible-text.ts';
import { clientNotes } from './client-notes.ts';
import type { GrantedService } from './granted.ts';

interface ToExplain {
  readonly agent: string;
  readonly granted: readonly GrantedService[];
  readonly brokerUrl: string;
}

interface Explained {
  readonly service: string;
  readonly address: string;
  readonly variables: readonly string[];
  readonly notes: readonly string[];
}

export function explainVariables(context: Context, toExplain: ToExplain): void {
  const { agent, granted } = toExplain;
  const services = explain(context, toExplain);
  if (printJson(context, { agent, services })) return;
  if (granted.length === 0) context.say(`The agent ${agent} may call nothing yet: doorward add SERVICE`);
  for (const { service, address, variables, notes } of services) {
    const texts = [
      ...(variables.length === 0 ? [] : [`sets ${variables.join(', ')}`]),
      ...notes.map((note) => `note: ${note}`),
    ];
    write(context, `${service}  ${address}\n${texts.map((text) => `  ${visible(text)}\n`).join('')}`);
  }
}

function explain(context: Context, { granted, brokerUrl }: ToExplain): readonly Explained[] {
  const placeholders = granted.map((service) => ({ ...service, placeholder: '' }));
  const { set, unset, shadowed } = clientVariables(placeholders, { brokerUrl });
  return granted.map((service) => {
    const names = service.variables.map(({ name }) => name).filter((name) => name in set);
    const shadow = shadowed.get(service.name);
    const mine = shadow === undefined ? names : [];
    return {
      service: service.name,
      address: addressOf(service, brokerUrl),
      variables: mine,
      notes: [
        ...(shadow === undefined ? [] : [`its variables stand for ${shadow}, which keeps them`]),
        ...endNote(service),
        ...variableNotes(service),
        ...clientNotes(service, unset),
        ...hostNotes(service),
        ...mine.flatMap((name) => setNote(context, name)),
      ],
    };
  });
}

function endNote({ expiresAt }: GrantedService): string[] {
  if (expiresAt === null || Date.parse(expiresAt) > Date.now()) return [];
  return [`its grant ended at ${expiresAt}: nothing is set for it`];
}

/** Without a variable for the address a client goes to the vendor itself, where a placeholder is worthless. */
function variableNotes({ name, variables, url }: GrantedService): string[] {
  if (variables.length === 0) {
    return [`no variables are known: doorward service set ${name} --key-env … --base-url-env …`];
  }
  if (variables.some(({ holds }) => holds === 'base-url')) return [];
  const own =
    url === null
      ? ` (for clients that take only host and port: doorward service set ${name} --listen 127.0.0.1:0)`
      : '';
  return [`its clients read no address from a variable: give it to them in code or configuration${own}`];
}

/** Other hosts of the same vendor, which the entry does not reach. */
function hostNotes({ catalogue }: GrantedService): string[] {
  const hosts = catalogue === null ? [] : (readEntry(catalogue)?.extraHosts ?? []);
  return hosts.length === 0 ? [] : [`not reached through it: ${hosts.join(', ')}`];
}

function setNote({ terminal }: Context, name: string): string[] {
  return (terminal.environment[name] ?? '') === ''
    ? []
    : [`${name} is set here already, and would be replaced`];
}
