// `doorward secret versions`, `disable`, `enable` and `due`: what there is of a secret, what is sent of it, and how old it is.
import type { Command } from 'commander';
import type { DueRecord, VersionRecord } from '../../operations/contracts/rotations.ts';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { parseSeconds } from '../duration.ts';
import { momentCell, printJson, printList } from '../output.ts';
import type { Column } from '../output.ts';
import { parseVersionNumber } from './version-number.ts';

interface SwitchOptions {
  readonly version?: number;
}

export function registerVersions(secret: Command, open: OpenContext): void {
  define(secret, {
    usage: 'versions <name>',
    summary: 'List the versions of a secret, newest first',
    examples: ['doorward secret versions openai', 'doorward secret versions openai --json'],
    notes:
      'current is sent; previous too, where current is answered 401, until its grace period is over; staged waits for its\n' +
      'probe; disabled can be enabled or rotated to; revoked is never sent again, but still looked for in answers.',
  }).action(async (name: string, _options: object, command: Command) => versions(open(command), name));
  define(secret, {
    usage: 'disable <name>',
    summary: 'Stop sending a secret, or one version of it; its value is kept',
    examples: ['doorward secret disable openai', 'doorward secret disable openai --version 2 --yes'],
  })
    .option('--version <number>', 'Only this version', parseVersionNumber)
    .action(async (name: string, options: SwitchOptions, command: Command) =>
      disable(open(command), name, options),
    );
  define(secret, {
    usage: 'enable <name>',
    summary: 'Make a disabled version current, where the secret has no current one',
    examples: ['doorward secret enable openai', 'doorward secret enable openai --version 2'],
  })
    .option('--version <number>', 'Which version, where several are disabled', parseVersionNumber)
    .action(async (name: string, options: SwitchOptions, command: Command) =>
      enable(open(command), name, options),
    );
  define(secret, {
    usage: 'due',
    summary: 'List secrets whose current version is old, and those with a rotation under way',
    examples: ['doorward secret due', 'doorward secret due --older-than 30d --json'],
  })
    .option('--older-than <duration>', 'How old the current version is', '90d')
    .action(async (options: { olderThan: string }, command: Command) =>
      due(open(command), options.olderThan),
    );
}

async function versions(context: Context, name: string): Promise<void> {
  const [{ secretVersions }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/rotations.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  await printList(context, await callAllPages(client, secretVersions, { name }), versionColumns(context));
}

async function disable(context: Context, name: string, { version }: SwitchOptions): Promise<void> {
  const { secretDisable } = await import('../../operations/contracts/rotations.ts');
  const what = version === undefined ? name : `version ${String(version)} of ${name}`;
  await confirmModerate(context, `Stop sending ${what}?`);
  const client = await context.client();
  const output = await client.call(secretDisable, { name, ...(version === undefined ? {} : { version }) });
  if (!printJson(context, output)) {
    const { currentVersion } = output;
    context.say(
      currentVersion === null
        ? `The secret ${name} is disabled: calls that need it are refused. Its value is kept.`
        : `Version ${String(output.version)} of ${name} is disabled; version ${String(currentVersion)} is current.`,
    );
  }
  if (output.currentVersion === null) context.suggest(`doorward secret enable ${name}`);
}

async function enable(context: Context, name: string, { version }: SwitchOptions): Promise<void> {
  const { secretEnable } = await import('../../operations/contracts/rotations.ts');
  const client = await context.client();
  const output = await client.call(secretEnable, { name, ...(version === undefined ? {} : { version }) });
  if (!printJson(context, output)) context.say(`Version ${String(output.version)} of ${name} is current.`);
}

async function due(context: Context, olderThan: string): Promise<void> {
  const olderThanSeconds = parseSeconds('--older-than', olderThan);
  const [{ rotationDue }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/rotations.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  const output = await callAllPages(client, rotationDue, { olderThanSeconds });
  if (output.items.length === 0 && context.flags.json !== true) {
    context.say(`No secret is older than ${olderThan}, and no rotation is under way.`);
    return;
  }
  await printList(context, output, dueColumns(context));
}

function versionColumns(context: Context): readonly Column<VersionRecord>[] {
  return [
    { title: 'version', value: (row) => row.number },
    { title: 'state', value: (row) => row.state },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    {
      title: 'grace until',
      value: ({ graceUntil }) => (graceUntil === null ? null : momentCell(context, graceUntil)),
    },
    {
      title: 'rotation',
      value: ({ rotation }) => (rotation === null ? null : `${rotation.id} ${rotation.step}`),
    },
  ];
}

const DAY_MS = 86_400_000;

function dueColumns(context: Context): readonly Column<DueRecord>[] {
  return [
    { title: 'name', value: (row) => row.name },
    { title: 'version', value: (row) => row.currentVersion },
    {
      title: 'days',
      value: ({ since }) =>
        since === null ? null : Math.max(0, Math.floor((Date.now() - Date.parse(since)) / DAY_MS)),
    },
    { title: 'since', value: ({ since }) => (since === null ? null : momentCell(context, since)) },
    {
      title: 'rotation',
      value: ({ rotation }) =>
        rotation === null ? null : `${rotation.step}, to version ${String(rotation.toVersion)}`,
    },
  ];
}
