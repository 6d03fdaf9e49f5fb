// `doorward access`: what agents asked for that they lack, granted in one step or denied. What an agent wrote is shown as
// its words, with control characters made visible.
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Id } from '../../core/ids.ts';
import type { AccessRequestRecord, accessRequestShow } from '../../operations/contracts/access-requests.ts';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { parseMoment } from '../duration.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { Column } from '../output.ts';
import { momentCell, printJson, printList, printRecord } from '../output.ts';
import { visible } from '../visible-text.ts';

type Shown = z.output<(typeof accessRequestShow)['output']>;
type State = AccessRequestRecord['state'];

interface GrantOptions {
  readonly allow?: readonly string[];
  readonly expires?: string;
}

const STATES: readonly State[] = ['pending', 'granted', 'denied', 'lapsed'];

export function register(program: Command, open: OpenContext): void {
  const access = define(program, {
    usage: 'access',
    summary: 'Grant or deny what agents ask for',
    examples: ['doorward access list', 'doorward access grant arq_01jd8m4q6ve3rr1vh5x2ykt9c7'],
  });
  define(access, {
    usage: 'list',
    summary: 'List what agents asked for and nobody has decided',
    examples: ['doorward access list', 'doorward access list --state granted --agent claude'],
  })
    .option('--agent <name>', 'Only requests of this agent')
    .option('--state <state>', `${STATES.join(', ')} or all`, 'pending')
    .action(async (options: { agent?: string; state: string }, command: Command) =>
      list(open(command), options),
    );
  define(access, {
    usage: 'show <id>',
    summary: 'Show one request, and what granting it would allow',
    examples: [
      'doorward access show arq_01jd8m4q6ve3rr1vh5x2ykt9c7',
      'doorward access show arq_01jd8m4q6ve3rr1vh5x2ykt9c7 --json',
    ],
  }).action(async (id: string, _options: object, command: Command) => show(open(command), id));
  registerDecisions(access, open);
}

function registerDecisions(access: Command, open: OpenContext): void {
  define(access, {
    usage: 'grant <id>',
    summary: 'Grant what was asked for, or a part of it',
    examples: [
      'doorward access grant arq_01jd8m4q6ve3rr1vh5x2ykt9c7 --expires 8h',
      "doorward access grant arq_01jd8m4q6ve3rr1vh5x2ykt9c7 --allow 'GET /v1/models'",
    ],
    notes:
      'Shows what will be granted and asks. --allow grants only that, which must lie within what was asked for. What is\n' +
      'added to a grant that the agent has already ends with that grant.',
  })
    .option('--allow <pattern>', "A method and path, such as 'GET /v1/models'; may be repeated", collect)
    .option('--expires <when>', 'End of the grant: 8h, 30d or a time such as 2030-01-31T18:00:00Z')
    .action(async (id: string, options: GrantOptions, command: Command) => grant(open(command), id, options));
  define(access, {
    usage: 'deny <id>',
    summary: 'Deny what was asked for',
    examples: [
      'doorward access deny arq_01jd8m4q6ve3rr1vh5x2ykt9c7',
      'doorward access deny arq_01jd8m4q6ve3rr1vh5x2ykt9c7 --json',
    ],
  }).action(async (id: string, _options: object, command: Command) => deny(open(command), id));
}

async function list(context: Context, options: { agent?: string; state: string }): Promise<void> {
  const { agent, state: wanted } = options;
  const state = STATES.find((one) => one === wanted);
  if (state === undefined && wanted !== 'all') {
    throw usageFailure(`--state is one of ${STATES.join(', ')} or all.`);
  }
  const [{ accessRequestList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/access-requests.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  const input = { ...(agent === undefined ? {} : { agent }), ...(state === undefined ? {} : { state }) };
  const found = await callAllPages(client, accessRequestList, input);
  await printList(context, found, columns(context));
  const [first] = found.items;
  if (first?.state === 'pending') context.suggest(`doorward access grant ${first.id}`);
}

async function show(context: Context, text: string): Promise<void> {
  const shown = await read(context, await requestId(text));
  const { request, service } = shown;
  await printRecord(context, shown, [
    ...columns(context).map(({ title, value }) => [title, value(request)] as const),
    ['lapses', momentCell(context, request.lapsesAt)],
    ['goes to', service === null ? 'there is no service of that name' : service.baseUrl],
    ['would allow', patternsText(shown.allow)],
    ['risk', shown.risks.join(', ') || null],
    ['unknown', shown.unknownActions.join(', ') || null],
    ['has already', shown.present === null ? null : patternsText(shown.present.allow)],
  ]);
}

async function grant(context: Context, text: string, { allow, expires }: GrantOptions): Promise<void> {
  const id = await requestId(text);
  const expiresAt = expires === undefined ? undefined : parseMoment('--expires', expires, 'ahead');
  const shown = await read(context, id);
  const { accessRequestGrant } = await import('../../operations/contracts/access-requests.ts');
  if (shown.request.state === 'pending') requireGrantable(shown, allow);
  const granted = allow ?? shown.allow;
  for (const line of preview(context, shown, { granted, expiresAt })) context.say(line);
  await confirmModerate(context, `Grant this to ${shown.request.agent}?`);
  // What was shown is what is sent: nothing that changes meanwhile widens it.
  const output = await (await context.client()).call(accessRequestGrant, {
    id,
    allow: granted === null ? null : [...granted],
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  if (printJson(context, output)) return;
  const { agent, service, allow: now, expiresAt: end } = output.grant;
  const until = end === null ? '' : ` until ${momentCell(context, end)}`;
  context.say(`Agent ${agent} may now call ${patternsText(now)} of ${service}${until}.`);
}

async function deny(context: Context, text: string): Promise<void> {
  const id = await requestId(text);
  const { accessRequestDeny } = await import('../../operations/contracts/access-requests.ts');
  const record = await (await context.client()).call(accessRequestDeny, { id });
  if (!printJson(context, record)) context.say(`The access request of ${record.agent} is denied.`);
}

async function read(context: Context, id: Id<'arq'>): Promise<Shown> {
  const { accessRequestShow } = await import('../../operations/contracts/access-requests.ts');
  return await (await context.client()).call(accessRequestShow, { id });
}

async function requestId(text: string): Promise<Id<'arq'>> {
  const { isId } = await import('../../core/ids.ts');
  if (isId('arq', text)) return text;
  throw usageFailure('The id of an access request begins with arq_; `doorward access list` shows them.');
}

function requireGrantable(
  { request, service, unknownActions }: Shown,
  allow: readonly string[] | undefined,
): void {
  if (service === null) {
    throw new CommandFailure(
      EXIT.failed,
      `There is no service named ${request.service}. Add it first: doorward add ${request.service}. Or deny the request: doorward access deny ${request.id}`,
    );
  }
  if (unknownActions.length > 0 && allow === undefined) {
    throw usageFailure(
      `The catalogue has no action ${unknownActions.join(', ')} for ${service.name}. Name what to grant with --allow.`,
    );
  }
}

/** Everything that the grant will say, before it says it. */
function preview(
  context: Context,
  { request, service, present, risks }: Shown,
  { granted, expiresAt }: { granted: readonly string[] | null; expiresAt: string | undefined },
): string[] {
  const end = expiresAt ?? (isOver(present) ? null : (present?.expiresAt ?? null));
  return [
    `Agent ${request.agent} asks for access to ${request.service} (${service?.baseUrl ?? ''}).`,
    `  its reason   "${visible(request.reason)}"`,
    `  to grant     ${patternsText(granted)}`,
    ...(risks.length === 0 ? [] : [`  risk         ${risks.join(', ')}`]),
    ...(present === null
      ? []
      : [`  has already  ${isOver(present) ? 'a grant that has ended' : patternsText(present.allow)}`]),
    `  until        ${end === null ? 'taken back' : momentCell(context, end)}`,
  ];
}

function isOver(present: Shown['present']): boolean {
  return (
    present?.expiresAt !== null &&
    present?.expiresAt !== undefined &&
    Date.parse(present.expiresAt) <= Date.now()
  );
}

function patternsText(allow: readonly string[] | null): string {
  return allow === null ? 'every method and path' : allow.map((rule) => `"${rule}"`).join(', ') || 'nothing';
}

function columns(context: Context): readonly Column<AccessRequestRecord>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'agent', value: ({ agent }) => agent },
    { title: 'service', value: ({ service }) => service },
    { title: 'asks for', value: ({ allow }) => allow?.join(', ') ?? 'every method and path' },
    { title: 'reason', value: ({ reason }) => reason },
    { title: 'state', value: ({ state }) => state },
    { title: 'asked', value: ({ createdAt }) => momentCell(context, createdAt) },
  ];
}
