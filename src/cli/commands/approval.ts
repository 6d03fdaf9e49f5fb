// `doorward approval`: calls that wait for a person. What is shown was made of the bytes that will pass; what an agent or an upstream
// wrote is shown as words, never obeyed.
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Id } from '../../core/ids.ts';
import type { ApprovalRecord, approvalShow } from '../../operations/contracts/approvals.ts';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import type { Column } from '../output.ts';
import { momentCell, printJson, printList, printRecord } from '../output.ts';
import { visible } from '../visible-text.ts';

type Shown = z.output<(typeof approvalShow)['output']>;
type State = ApprovalRecord['state'];

const STATES: readonly State[] = ['pending', 'approved', 'denied', 'used', 'lapsed'];
const EXAMPLE = 'apr_01jd8m4q6ve3rr1vh5x2ykt9c7';

export function register(program: Command, open: OpenContext): void {
  const approval = define(program, {
    usage: 'approval',
    summary: 'Look at calls that wait for a person, approve or deny them',
    examples: ['doorward approval list', `doorward approval approve ${EXAMPLE}`],
  });
  define(approval, {
    usage: 'list',
    summary: 'List calls that wait for a person',
    examples: ['doorward approval list', 'doorward approval list --state used --agent claude'],
  })
    .option('--agent <name>', 'Only calls of this agent')
    .option('--state <state>', `${STATES.join(', ')} or all`, 'pending')
    .action(async (options: { agent?: string; state: string }, command: Command) =>
      list(open(command), options),
    );
  define(approval, {
    usage: 'show <id>',
    summary: 'Show one call, and what was found in it',
    examples: [`doorward approval show ${EXAMPLE}`, `doorward approval show ${EXAMPLE} --json`],
  }).action(async (id: string, _options: object, command: Command) => show(open(command), id));
  defineApprove(approval, open, 'doorward approval approve');
  define(approval, {
    usage: 'deny <id>',
    summary: 'Deny this call',
    examples: [`doorward approval deny ${EXAMPLE}`, `doorward approval deny ${EXAMPLE} --json`],
  }).action(async (id: string, _options: object, command: Command) => deny(open(command), id));
}

/** Also a command of its own: it is what people type most, with somebody waiting. */
export function defineApprove(parent: Command, open: OpenContext, words: string): void {
  define(parent, {
    usage: 'approve <id>',
    summary: 'Let exactly this call pass, once',
    examples: [`${words} ${EXAMPLE}`, `${words} ${EXAMPLE} --yes`],
    notes:
      'Shows the call and what was found in it, and asks. The agent then repeats its call within ten minutes; a call that\n' +
      'differs in one bit is another question. Of an answer, what is approved is that the next answer to this call may\n' +
      'hold such text: it need not be the same answer.',
  }).action(async (id: string, _options: object, command: Command) => approve(open(command), id));
}

async function list(context: Context, options: { agent?: string; state: string }): Promise<void> {
  const { agent, state: wanted } = options;
  const state = STATES.find((one) => one === wanted);
  if (state === undefined && wanted !== 'all') {
    throw usageFailure(`--state is one of ${STATES.join(', ')} or all.`);
  }
  const [{ approvalList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/approvals.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  const input = { ...(agent === undefined ? {} : { agent }), ...(state === undefined ? {} : { state }) };
  const found = await callAllPages(client, approvalList, input);
  await printList(context, found, columns(context));
  const [first] = found.items;
  if (first?.state === 'pending') context.suggest(`doorward approval show ${first.id}`);
}

async function show(context: Context, text: string): Promise<void> {
  const shown = await read(context, await approvalId(text));
  const { approval, excerpts } = shown;
  await printRecord(context, shown, [
    ...columns(context).map(({ title, value }) => [title, value(approval)] as const),
    ['url', urlText(approval)],
    ['body', `${approval.body.bytes} bytes, keyed hash ${approval.body.hash}`],
    [approval.state === 'approved' ? 'good until' : 'lapses', momentCell(context, approval.endsAt)],
    ...excerpts.map((excerpt) => [`found by ${excerpt.rule}`, excerptText(excerpt)] as const),
  ]);
}

async function approve(context: Context, text: string): Promise<void> {
  const id = await approvalId(text);
  const shown = await read(context, id);
  const { agent, state } = shown.approval;
  if (state === 'pending') {
    for (const line of preview(shown)) context.say(line);
    await confirmModerate(context, `Let this call of ${agent} pass once?`);
  }
  const { approvalApprove } = await import('../../operations/contracts/approvals.ts');
  const record = await (await context.client()).call(approvalApprove, { id });
  if (printJson(context, record)) return;
  context.say(
    `Approved: the agent ${agent} may make exactly this call once, until ${momentCell(context, record.endsAt)}. Let it repeat the call.`,
  );
}

async function deny(context: Context, text: string): Promise<void> {
  const id = await approvalId(text);
  const { approvalDeny } = await import('../../operations/contracts/approvals.ts');
  const record = await (await context.client()).call(approvalDeny, { id });
  if (!printJson(context, record)) context.say(`The call of ${record.agent} is denied.`);
}

async function read(context: Context, id: Id<'apr'>): Promise<Shown> {
  const { approvalShow } = await import('../../operations/contracts/approvals.ts');
  return await (await context.client()).call(approvalShow, { id });
}

async function approvalId(text: string): Promise<Id<'apr'>> {
  const { isId } = await import('../../core/ids.ts');
  if (isId('apr', text)) return text;
  throw usageFailure('The id of an approval begins with apr_; `doorward approval list` shows them.');
}

/** What the call is, before it is let through. */
function preview({ approval, excerpts }: Shown): string[] {
  const { agent, service, direction, body } = approval;
  const what =
    direction === 'request' ? 'a call that holds text of these rules' : 'to be handed an answer that does';
  return [
    `Agent ${agent} asks for ${what}: ${approval.rules.join(', ')}.`,
    `  service  ${service}`,
    `  call     ${approval.method} ${urlText(approval)}`,
    `  body     ${body.bytes} bytes, keyed hash ${body.hash}`,
    ...excerpts.map((excerpt) => `  found by ${excerpt.rule}: ${excerptText(excerpt)}`),
  ];
}

function urlText({ url, isUrlCut }: ApprovalRecord): string {
  return `${visible(url)}${isUrlCut ? ' [cut]' : ''}`;
}

function excerptText({ text, isCut }: Shown['excerpts'][number]): string {
  return `"${visible(text)}"${isCut ? ' [cut]' : ''}`;
}

function columns(context: Context): readonly Column<ApprovalRecord>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'agent', value: ({ agent }) => agent },
    { title: 'service', value: ({ service }) => service },
    { title: 'text of', value: ({ direction }) => direction },
    { title: 'rules', value: ({ rules }) => rules.join(', ') },
    { title: 'method', value: ({ method }) => method },
    { title: 'state', value: ({ state }) => state },
    { title: 'asked', value: ({ createdAt }) => momentCell(context, createdAt) },
  ];
}
