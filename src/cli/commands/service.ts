// `doorward service`: which API a secret is for, and where its credential goes.
import { type Command, Option } from 'commander';
import { AUTH_TEXTS, parseAuth, printAuth } from '../../core/auth-text.ts';
import { REFUSAL_SHAPES, type RefusalShape } from '../../core/service.ts';
import type { ServiceRecord } from '../../operations/contracts/services.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import { momentCell, printJson, printList, printRecord } from '../output.ts';
import type { Column } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { REPLAY, replayFirst } from '../policy/replay.ts';
import { registerCatalogue } from '../service/catalogue.ts';
import { registerProtect } from '../service/protect.ts';

/** What `set` changes; false where a flag takes something away. */
interface SetOptions {
  readonly baseUrl?: string;
  readonly auth?: string;
  readonly secret?: string;
  readonly keyEnv?: string | false;
  readonly baseUrlEnv?: string | false;
  readonly graceRetry?: 'any' | 'idempotent';
  readonly listen?: string | false;
  readonly deny?: readonly string[] | false;
  readonly refusalShape?: RefusalShape | false;
  readonly replay?: string;
}

interface AddOptions {
  readonly baseUrl: string;
  readonly auth: string;
  readonly secret: string;
  readonly keyEnv?: string;
  readonly baseUrlEnv?: string;
  readonly graceRetry?: 'any' | 'idempotent';
  readonly listen?: string;
  readonly deny?: readonly string[];
  readonly refusalShape?: RefusalShape;
}

export function register(program: Command, open: OpenContext): void {
  const service = define(program, {
    usage: 'service',
    summary: 'Say where a secret may be sent, and how',
    examples: [
      'doorward service add acme --base-url https://api.acme.dev --auth header:x-api-key --secret acme',
      'doorward service list',
    ],
  });
  registerAdd(service, open);
  registerSet(service, open);
  registerProtect(service, open);
  registerCatalogue(service, open);
  define(service, {
    usage: 'list',
    summary: 'List services',
    examples: ['doorward service list', 'doorward service list --json'],
  }).action(async (_options: object, command: Command) => list(open(command)));
  define(service, {
    usage: 'show <name>',
    summary: 'Show one service',
    examples: ['doorward service show openai', 'doorward service show openai --json'],
  }).action(async (name: string, _options: object, command: Command) => show(open(command), name));
  define(service, {
    usage: 'remove <name>',
    summary: 'Remove a service and every grant on it',
    examples: ['doorward service remove openai', 'doorward service remove openai --yes'],
  })
    .alias('rm')
    .action(async (name: string, _options: object, command: Command) => remove(open(command), name));
}

function registerAdd(service: Command, open: OpenContext): void {
  define(service, {
    usage: 'add <name>',
    summary: 'Say where a secret may be sent, and how',
    examples: [
      'doorward service add openai --base-url https://api.openai.com/v1 --auth bearer --secret openai ' +
        '--key-env OPENAI_API_KEY --base-url-env OPENAI_BASE_URL',
      'doorward service add acme --base-url https://api.acme.dev --auth header:x-api-key --secret acme',
    ],
    notes:
      'The variables tell `doorward run` what to set. Where a client expects more after the address, add it to the\n' +
      'name: --base-url-env OPENAI_BASE_URL=/v1 for a service whose base URL is https://api.openai.com.',
  })
    .requiredOption('--base-url <url>', 'Address of the API; calls stay below it')
    .requiredOption('--auth <kind>', AUTH_TEXTS)
    .requiredOption('--secret <name>', 'Secret whose credential is injected')
    .option('--key-env <variable>', 'Variable its clients read the key from')
    .option('--base-url-env <variable[=/suffix]>', 'Variable its clients read the address from')
    .addOption(graceRetryOption())
    .option(...LISTEN)
    .option(...DENY)
    .addOption(refusalShapeOption())
    .action(async (name: string, options: AddOptions, command: Command) => add(open(command), name, options));
}

function registerSet(service: Command, open: OpenContext): void {
  define(service, {
    usage: 'set <name>',
    summary: 'Change where a secret may be sent, or how',
    examples: [
      'doorward service set openai --base-url https://eu.api.openai.com/v1',
      'doorward service set openai --grace-retry idempotent --no-key-env',
    ],
    notes:
      'Only what is named changes. Grants stay as they are. Calls under way by the old settings end, so that none of them\n' +
      'goes on to where the secret is no longer meant to go.',
  })
    .option('--base-url <url>', 'Address of the API; calls stay below it')
    .option('--auth <kind>', AUTH_TEXTS)
    .option('--secret <name>', 'Secret whose credential is injected')
    .option('--key-env <variable>', 'Variable its clients read the key from')
    .option('--no-key-env', 'Its clients read the key from no variable')
    .option('--base-url-env <variable[=/suffix]>', 'Variable its clients read the address from')
    .option('--no-base-url-env', 'Its clients read the address from no variable')
    .addOption(graceRetryOption())
    .option(...LISTEN)
    .option('--no-listen', 'No listener of its own')
    .option(...DENY)
    .option('--no-deny', 'No guards: whatever is granted is allowed')
    .option(...REPLAY)
    .addOption(refusalShapeOption())
    .option('--no-refusal-shape', "Refusals in Doorward's own words")
    .action(async (name: string, options: SetOptions, command: Command) => set(open(command), name, options));
}

const LISTEN = [
  '--listen <address>',
  'A listener of its own: 127.0.0.1:0 (any free port), HOST:PORT or unix:/PATH',
] as const;

/** Replaces the guards there were; also where `--no-deny` stood before it. */
const DENY = [
  '--deny <pattern>',
  "A method and path that no grant allows, such as 'POST /v1/keys/**'; may be repeated",
  (value: string, earlier: readonly string[] | false | undefined) => collect(value, earlier || undefined),
] as const;

function refusalShapeOption(): Option {
  return new Option(
    '--refusal-shape <vendor>',
    'Whose error bodies refusals take, so that its clients understand them',
  ).choices(REFUSAL_SHAPES);
}

function graceRetryOption(): Option {
  return new Option(
    '--grace-retry <methods>',
    'Methods sent again with the previous version after a 401 in a grace period',
  ).choices(['any', 'idempotent']);
}

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const { serviceUpdate } = await import('../../operations/contracts/services.ts');
  const { baseUrl, auth, secret, keyEnv, baseUrlEnv, graceRetry, listen, deny, refusalShape } = options;
  const fields = {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(auth === undefined ? {} : { auth: parseAuth(auth) }),
    ...(secret === undefined ? {} : { secret }),
    ...(keyEnv === undefined ? {} : { keyEnv: keyEnv === false ? null : keyEnv }),
    ...(baseUrlEnv === undefined ? {} : NO_BASE_URL_ENV),
    ...(typeof baseUrlEnv === 'string' ? parseBaseUrlEnv(baseUrlEnv) : {}),
    ...(graceRetry === undefined ? {} : { graceRetry }),
    ...(listen === undefined ? {} : { listen: listen === false ? null : listen }),
    ...(deny === undefined ? {} : { deny: deny === false ? [] : [...deny] }),
    ...(refusalShape === undefined ? {} : { refusalShape: refusalShape === false ? null : refusalShape }),
  };
  if (Object.keys(fields).length === 0) {
    throw usageFailure('Name what to change, such as --base-url. See: doorward service set --help');
  }
  if (options.replay !== undefined) {
    if (fields.deny === undefined) throw usageFailure('--replay goes with --deny or --no-deny.');
    await replayFirst(context, { service: name, deny: fields.deny }, options.replay);
  }
  const record = await (await context.client()).call(serviceUpdate, { name, ...fields });
  if (printJson(context, record)) return;
  context.say(
    `Service ${record.name} now sends the secret ${record.secret} to ${record.baseUrl} and nowhere else.`,
  );
  if (deny !== undefined) context.say(`Whatever is granted, ${guardsText(record)}.`);
  if (typeof listen === 'string') sayWhere(context, record);
}

function sayWhere(context: Context, { name, address, addressTrouble }: ServiceRecord): void {
  if (addressTrouble !== null) context.warn(`It does not listen: ${addressTrouble}`);
  else if (address !== null) context.say(`Everything at ${address} is a call to ${name}.`);
}

function guardsText({ deny }: ServiceRecord): string {
  return deny.length === 0
    ? 'no guard denies anything'
    : `its guards deny ${deny.map((text) => `"${text}"`).join(', ')}`;
}

const NO_BASE_URL_ENV = { baseUrlEnv: null, baseUrlSuffix: '' };

/** `OPENAI_BASE_URL=/v1`: the variable, and what clients expect after the address. */
function parseBaseUrlEnv(text: string): { baseUrlEnv: string; baseUrlSuffix: string } {
  const [baseUrlEnv = '', ...suffix] = text.split('=');
  return { baseUrlEnv, baseUrlSuffix: suffix.join('=') };
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { serviceCreate } = await import('../../operations/contracts/services.ts');
  const { baseUrl, secret, keyEnv, graceRetry, listen, deny, refusalShape } = options;
  const record = await (await context.client()).call(serviceCreate, {
    name,
    baseUrl,
    auth: parseAuth(options.auth),
    secret,
    ...(keyEnv === undefined ? {} : { keyEnv }),
    ...(options.baseUrlEnv === undefined ? {} : parseBaseUrlEnv(options.baseUrlEnv)),
    ...(graceRetry === undefined ? {} : { graceRetry }),
    ...(listen === undefined ? {} : { listen }),
    ...(deny === undefined ? {} : { deny: [...deny] }),
    ...(refusalShape === undefined ? {} : { refusalShape }),
  });
  if (!printJson(context, record)) {
    context.say(
      `Service ${record.name} sends the secret ${record.secret} to ${record.baseUrl} and nowhere else.`,
    );
    if (listen !== undefined) sayWhere(context, record);
  }
  context.suggest(`doorward agent add claude`, `doorward grant add claude ${name}`);
}

async function list(context: Context): Promise<void> {
  const [{ serviceList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/services.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  await printList(context, await callAllPages(client, serviceList, {}), columns(context));
}

async function show(context: Context, name: string): Promise<void> {
  const { serviceShow } = await import('../../operations/contracts/services.ts');
  const record = await (await context.client()).call(serviceShow, { name });
  await printRecord(context, record, [
    ...columns(context).map(({ title, value }) => [title, value(record)] as const),
    ['listens on', record.listen],
    ['guards', record.deny.join(', ') || null],
    ['refusals', record.refusalShape],
  ]);
}

async function remove(context: Context, name: string): Promise<void> {
  const { serviceRemove } = await import('../../operations/contracts/services.ts');
  await confirmModerate(context, `Remove the service ${name} and every grant on it?`);
  const output = await (await context.client()).call(serviceRemove, { name });
  if (printJson(context, output)) return;
  context.say(`Service ${output.name} is removed, with ${String(output.grantsRemoved)} grants.`);
}

function columns(context: Context): readonly Column<ServiceRecord>[] {
  return [
    { title: 'name', value: (row) => row.name },
    { title: 'base url', value: (row) => row.baseUrl },
    { title: 'auth', value: ({ auth }) => printAuth(auth) },
    { title: 'secret', value: (row) => row.secret },
    { title: 'key env', value: (row) => row.keyEnv },
    { title: 'url env', value: (row) => (row.baseUrlEnv === null ? null : row.baseUrlEnv + suffixOf(row)) },
    {
      title: 'address',
      value: (row) => row.address ?? (row.addressTrouble === null ? null : 'not listening'),
    },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    { title: 'id', value: (row) => row.id },
  ];
}

function suffixOf({ baseUrlSuffix }: ServiceRecord): string {
  return baseUrlSuffix === '' ? '' : `=${baseUrlSuffix}`;
}
