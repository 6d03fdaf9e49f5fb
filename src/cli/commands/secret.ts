// `doorward secret`: what is stored under a name. No verb prints a value.
import { Option } from 'commander';
import type { Command } from 'commander';
import { isMintedKind, MATERIAL_KINDS, type MaterialKind } from '../../core/material.ts';
import type { SecretRecord } from '../../operations/contracts/secrets.ts';
import { confirmSevere } from '../confirm.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import { type FieldSources, readMaterialFields } from '../material-fields.ts';
import { momentCell, printJson, printList, printRecord, write } from '../output.ts';
import type { Column } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { readSecretValue, refuseValueInArguments } from '../secret-value.ts';
import { registerRotate } from '../secret/rotate.ts';
import { parseVersionNumber } from '../secret/version-number.ts';
import { registerVersions } from '../secret/versions.ts';

interface AddOptions extends FieldSources {
  readonly kind: MaterialKind;
  readonly fromFile?: string;
  readonly keepNewline?: boolean;
  readonly force?: boolean;
  readonly decoy?: true;
  readonly like?: string;
  readonly value?: string | true;
}

interface DestroyOptions {
  readonly version?: number;
  readonly confirm?: string;
}

export function register(program: Command, open: OpenContext): void {
  const secret = define(program, {
    usage: 'secret',
    summary: 'Add, rotate, list, disable and destroy secrets',
    examples: ['doorward secret add openai', 'doorward secret list'],
  });
  registerAdd(secret, open);
  define(secret, {
    usage: 'list',
    summary: 'List secrets, never their values',
    examples: ['doorward secret list', 'doorward secret list --json'],
  }).action(async (_options: object, command: Command) => list(open(command)));
  define(secret, {
    usage: 'show <name>',
    summary: 'Show one secret, never its value',
    examples: ['doorward secret show openai', 'doorward secret show openai --json'],
  }).action(async (name: string, _options: object, command: Command) => show(open(command), name));
  registerRotate(secret, open);
  registerVersions(secret, open);
  define(secret, {
    usage: 'destroy <name>',
    summary: 'Erase a secret and all its versions for ever, or one version',
    examples: [
      'doorward secret destroy openai',
      'doorward secret destroy openai --version 1 --confirm openai',
    ],
    notes: 'A version that is sent, or may be, is not erased alone: rotate or disable it first.',
  })
    .alias('rm')
    .option('--version <number>', 'Only this version', parseVersionNumber)
    .option('--confirm <name>', 'The name once more, where nobody can be asked')
    .action(async (name: string, options: DestroyOptions, command: Command) => {
      const { version, confirm: confirmed } = options;
      const context = open(command);
      if (version === undefined) await destroy(context, name, confirmed);
      else await destroyOne(context, { name, version }, confirmed);
    });
}

function registerAdd(secret: Command, open: OpenContext): void {
  define(secret, {
    usage: 'add <name>',
    summary: 'Store a value under a name',
    examples: ['doorward secret add openai', 'doorward secret add zoom --kind oauth2-client < zoom.json'],
    notes:
      'The value is asked for without showing it; where stdin is no terminal, it is read from there. One newline at\n' +
      'the end of piped or read text is dropped. Values of several lines: pipe them in or use --from-file.',
  })
    .allowExcessArguments() // to refuse them with the reason, and without repeating them
    .addOption(
      new Option('--kind <kind>', 'What the value is: sent as it is, or exchanged for access tokens')
        .choices(MATERIAL_KINDS)
        .default('static'),
    )
    .option('--field <name=value>', 'A field of such a kind that is not secret; may be repeated', collect)
    .option('--field-file <name=path>', 'A field from a file, such as private_key=app.pem', collect)
    .option('--from-file <path>', 'Read the value from a file')
    .option('--keep-newline', 'Keep the newline at the end of the text')
    .option('--force', 'Accept a value under 8 bytes')
    .option('--decoy', 'Make up a value to be planted: an agent that sends it anywhere is frozen')
    .option('--like <entry>', 'The catalogue entry whose keys a decoy looks like, such as openai')
    .addOption(new Option('--value [value]').hideHelp())
    .action(async (name: string, options: AddOptions, command: Command) => {
      if (command.args.length > 1 || options.value !== undefined) throw refuseValueInArguments();
      await add(open(command), name, options);
    });
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  if (options.decoy === true) {
    const { kind, field, fieldFile, fromFile } = options;
    if (kind !== 'static' || [field, fieldFile, fromFile].some((source) => source !== undefined)) {
      throw usageFailure(
        "A decoy's value is made up: leave out --kind, --field, --field-file and --from-file.",
      );
    }
    return await addDecoy(context, name, options.like);
  }
  if (options.like !== undefined) throw usageFailure('--like is for a decoy: add --decoy.');
  const { secretCreate } = await import('../../operations/contracts/secrets.ts');
  const { kind } = options;
  const value = await readValue(context, name, options);
  const client = await context.client();
  const record = await client.call(secretCreate, { name, kind, ...value, force: options.force === true });
  if (!printJson(context, record)) context.say(`Secret ${record.name} is stored as ${record.id}.`);
  context.suggest(`doorward service add ${name} --base-url https://… --auth bearer --secret ${name}`);
}

async function addDecoy(context: Context, name: string, like: string | undefined): Promise<void> {
  const { decoyCreate } = await import('../../operations/contracts/secrets.ts');
  const client = await context.client();
  const output = await client.call(decoyCreate, { name, ...(like === undefined ? {} : { like }) });
  if (printJson(context, output)) return;
  context.say(
    `Decoy ${name} is stored. Plant it where no work needs it: an agent that sends it is frozen. Shown only now:`,
  );
  write(context, `${output.value}\n`);
}

async function readValue(context: Context, name: string, options: AddOptions) {
  const { kind } = options;
  if (isMintedKind(kind)) return { fields: await readMaterialFields(context, kind, options) };
  if (options.field !== undefined || options.fieldFile !== undefined) {
    throw usageFailure('--field and --field-file are for kinds with fields: name one with --kind.');
  }
  return readSecretValue(context, name, options);
}

async function list(context: Context): Promise<void> {
  const [{ secretList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/secrets.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  await printList(context, await callAllPages(client, secretList, {}), columns(context));
}

async function show(context: Context, name: string): Promise<void> {
  const { secretShow } = await import('../../operations/contracts/secrets.ts');
  const record = await (await context.client()).call(secretShow, { name });
  await printRecord(
    context,
    record,
    columns(context).map(({ title, value }) => [title, value(record)]),
  );
}

async function destroy(context: Context, name: string, confirmed: string | undefined): Promise<void> {
  const { secretDestroy } = await import('../../operations/contracts/secrets.ts');
  const warning = `This erases the secret ${name} and all its versions for ever.`;
  await confirmSevere(context, { warning, name, confirmed });
  const output = await (await context.client()).call(secretDestroy, { name });
  if (printJson(context, output)) return;
  const { name: destroyed, versionsDestroyed: count } = output;
  const versions = count === 1 ? 'its version' : `its ${String(count)} versions`;
  context.say(`Secret ${destroyed} is destroyed, with ${versions}.`);
}

async function destroyOne(
  context: Context,
  one: { readonly name: string; readonly version: number },
  confirmed: string | undefined,
): Promise<void> {
  const { versionDestroy } = await import('../../operations/contracts/rotations.ts');
  const { name, version } = one;
  const warning = `This erases version ${String(version)} of ${name} for ever: it is not looked for in answers any more.`;
  await confirmSevere(context, { warning, name, confirmed });
  const output = await (await context.client()).call(versionDestroy, one);
  if (!printJson(context, output)) context.say(`Version ${String(version)} of ${name} is destroyed.`);
}

function columns(context: Context): readonly Column<SecretRecord>[] {
  return [
    { title: 'name', value: (row) => row.name },
    {
      title: 'kind',
      value: (row) => (row.isDecoy ? `${row.credentialKind}, decoy` : row.credentialKind),
    },
    { title: 'version', value: (row) => row.currentVersion },
    { title: 'services', value: (row) => row.services.join(' ') || null },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    { title: 'id', value: (row) => row.id },
  ];
}
