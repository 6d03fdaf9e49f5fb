// `doorward env`: the variables that point the clients of granted services at the broker, for a shell or a file; and what
// will not work by variables.
import { Option } from 'commander';
import type { Command } from 'commander';
import { clientVariables, type ClientService } from '../../runner/client-variables.ts';
import { DEFAULT_AGENT } from '../add-key.ts';
import type { Client } from '../client.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { parseSeconds } from '../duration.ts';
import type { GrantedService } from '../env/granted.ts';
import { formatVariables, FORMATS, type Format } from '../env/format.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { write } from '../output.ts';
import { findBrokerUrl } from '../test-key.ts';

interface EnvOptions {
  readonly format: Format;
  readonly ttl: string;
  readonly service?: readonly string[];
  readonly print?: string;
  readonly explain?: boolean;
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'env [agent]',
    summary: 'Print the variables that point SDKs at the broker',
    examples: ['eval "$(doorward env)"', 'doorward env worker --format dotenv --ttl 30d > .env.doorward'],
    notes:
      'Each service gets a placeholder of its own, which ends after --ttl and with `doorward revoke`. Variables of services that\n' +
      'are not granted are left alone. `doorward run` needs none of this: its placeholders end with the command.',
  })
    .addOption(new Option('--format <format>', 'How to print them').choices(FORMATS).default('shell'))
    .option(
      '--ttl <duration>',
      'How long the placeholders are good: 8h, 30d; 0: until they are revoked',
      '8h',
    )
    .option('--service <name>', 'Only this service; may be repeated', collect)
    .option('--print <variable>', 'Print the value of one variable alone, as helpers of agents want it')
    .option('--explain', 'Say what each variable does and what will not work; makes no placeholder')
    .action(async (agent: string | undefined, options: EnvOptions, command: Command) =>
      env(open(command), agent ?? DEFAULT_AGENT, options),
    );
}

async function env(context: Context, agent: string, options: EnvOptions): Promise<void> {
  const client = await context.client();
  const [granted, brokerUrl] = await Promise.all([
    findGranted(client, agent, options),
    findBrokerUrl(client),
  ]);
  if (options.explain === true) {
    const { explainVariables } = await import('../env/explain.ts');
    explainVariables(context, { agent, granted, brokerUrl });
    return;
  }
  const live = granted.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > Date.now());
  const wanted = options.print === undefined ? live : ownersOf(live, options.print);
  if (wanted.length === 0) throw nothingGranted(agent, options.print);
  const services = await withPlaceholders(client, wanted, { agent, ttl: options.ttl });
  if (services.length === 0) {
    throw new CommandFailure(
      EXIT.failed,
      `None of what ${agent} may call has variables; what to do instead: doorward env ${agent} --explain`,
    );
  }
  const { set, unset, shadowed } = clientVariables(services, { brokerUrl });
  if (options.print !== undefined) {
    const [service] = services;
    write(context, `${set[options.print] ?? service?.placeholder ?? ''}\n`);
    return;
  }
  write(context, formatVariables(context.flags.json === true ? 'json' : options.format, { set, unset }));
  for (const [name, other] of shadowed)
    context.warn(`${name} has the variables of ${other}, which keeps them.`);
  tellEnd(context, { agent, names: services.map(({ name }) => name), ttl: options.ttl });
}

async function findGranted(
  client: Client,
  agent: string,
  { service: only }: EnvOptions,
): Promise<readonly GrantedService[]> {
  const { agentServices } = await import('../../operations/contracts/placeholders.ts');
  const { services } = await client.call(agentServices, { name: agent });
  const strange = only?.find((name) => !services.some((service) => service.name === name));
  if (strange !== undefined) {
    throw new CommandFailure(
      EXIT.failed,
      `The agent ${agent} may not call ${strange}: doorward grant add ${agent} ${strange}`,
    );
  }
  return only === undefined ? services : services.filter(({ name }) => only.includes(name));
}

/** The service that a variable belongs to. */
function ownersOf(services: readonly GrantedService[], variable: string): readonly GrantedService[] {
  return services.filter(({ variables }) => variables.some(({ name }) => name === variable)).slice(0, 1);
}

function nothingGranted(agent: string, variable: string | undefined): CommandFailure {
  if (variable !== undefined)
    return usageFailure(`No service that ${agent} may call has the variable ${variable}.`);
  return new CommandFailure(
    EXIT.failed,
    `The agent ${agent} may call nothing yet: doorward add SERVICE, or doorward grant add ${agent} SERVICE`,
  );
}

interface Handing {
  readonly agent: string;
  readonly ttl: string;
}

async function withPlaceholders(
  client: Client,
  granted: readonly GrantedService[],
  { agent, ttl }: Handing,
): Promise<readonly ClientService[]> {
  const { placeholderCreate } = await import('../../operations/contracts/placeholders.ts');
  const seconds = parseSeconds('--ttl', ttl);
  const end = seconds === 0 ? {} : { expiresInSeconds: seconds };
  const services: ClientService[] = [];
  for (const { name, path, url, variables } of granted) {
    if (variables.length === 0) continue; // nothing would be handed over
    const { placeholder } = await client.call(placeholderCreate, { agent, service: name, ...end });
    services.push({ name, path, url, variables, placeholder });
  }
  return services;
}

function tellEnd(
  context: Context,
  { agent, names, ttl }: Handing & { readonly names: readonly string[] },
): void {
  const end = ttl === '0' ? 'are good until they are revoked' : `end in ${ttl}`;
  const revoke = agent === DEFAULT_AGENT ? 'doorward revoke' : `doorward revoke ${agent}`;
  context.say(`Placeholders of ${agent} for ${names.join(', ')}: they ${end}; at once with: ${revoke}`);
}
