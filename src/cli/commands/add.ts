// `doorward add`: a key becomes something agents can call with, in one step: stored, pointed at its API, granted to an
// agent, and tried.
import { type Command, Option } from 'commander';
import { DEFAULT_AGENT } from '../add-key.ts';
import type { AddOptions, AddPlan } from '../add/plan.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { refuseValueInArguments } from '../secret-value.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'add <service>',
    summary: 'Add a key: agents can call with it, and never see it',
    examples: ['doorward add openai', 'doorward add acme --base-url https://api.acme.dev --auth bearer'],
    notes:
      'The key is asked for without showing it; where stdin is no terminal, it is read from there. Services of the\n' +
      'catalogue are known by name (doorward service catalogue); for any other, --base-url and --auth say where the key\n' +
      `goes. The agent ${DEFAULT_AGENT} may then look and use, but not delete; --allow and --action narrow that.`,
  })
    .allowExcessArguments() // to refuse a key among them with the reason, and without repeating it
    .option('--base-url <url>', 'Address of the API; calls stay below it')
    .option('--auth <kind>', 'Where the key goes: bearer, basic, header:NAME, query:NAME, …')
    .option('--set <name=value>', 'A variable of the address, such as site=datadoghq.eu', collect)
    .option('--action <name>', 'Grant only this action of the catalogue; may be repeated', collect)
    .option('--allow <pattern>', "Grant only this, such as 'GET /v1/models'; may be repeated", collect)
    .option('--allow-all', 'Grant every method and path')
    .option('--agent <name>', 'Agent that may call it', DEFAULT_AGENT)
    .option('--as <name>', 'Another name than the service, such as for a second key')
    .option('--secret <name>', 'Use a key that is stored already')
    .option('--from-file <path>', 'Read the key from a file')
    .option('--key-env <variable>', 'Variable its clients read the key from')
    .option('--base-url-env <variable[=/suffix]>', 'Variable its clients read the address from')
    .option('--force', 'Accept a key under 8 bytes')
    .option('--no-test', 'Make no test call')
    .addOption(new Option('--value [value]').hideHelp())
    .action(async (service: string, options: AddOptions, command: Command) => {
      if (command.args.length > 1 || options.value !== undefined) throw refuseValueInArguments('add SERVICE');
      await add(open(command), service, options);
    });
}

async function add(context: Context, given: string, options: AddOptions): Promise<void> {
  const [{ findTarget, planService }, { settleBaseUrl }, { requireRoom }, { readKey }, { make }] =
    await Promise.all([
      import('../add/plan.ts'),
      import('../add/base-url.ts'),
      import('../add/room.ts'),
      import('../add/key.ts'),
      import('../add/make.ts'),
    ]);
  const target = findTarget(given, options);
  const client = await context.client();
  const room = await requireRoom(client, target, options);
  const { entry } = target;
  const baseUrl =
    options.baseUrl ?? (entry === undefined ? '' : await settleBaseUrl(context, entry, options.set ?? []));
  const plan = planService(target, baseUrl, options);
  const value = options.secret === undefined ? await readKey(context, plan, options) : undefined;
  const made = await make(context, client, { plan, options, room, value });
  if (value !== undefined && 'value' in value) {
    const { rememberKey } = await import('../import/remember-key.ts');
    await rememberKey(context, client, {
      name: plan.name,
      service: entry?.id ?? plan.name,
      baseUrl,
      value: value.value,
    });
  }
  const trial = options.test ? await tryKey(client, plan, options) : undefined;
  await tell(context, { plan, options, made, trial });
}

async function tryKey(client: Awaited<ReturnType<Context['client']>>, plan: AddPlan, { agent }: AddOptions) {
  const { tryOne } = await import('../add/trial.ts');
  return tryOne(client, plan, agent);
}

async function tell(
  context: Context,
  added: Parameters<typeof import('../add/tell.ts')['tellAdded']>[1],
): Promise<void> {
  const { tellAdded } = await import('../add/tell.ts');
  context.exitCode = tellAdded(context, added);
}
