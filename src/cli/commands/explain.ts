// `doorward explain`: what was called, by whom, which rule decided, what came back, and what would change it.
import type { Command } from 'commander';
import type { CallExplanation } from '../../operations/contracts/calls.ts';
import type { Client } from '../client.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { momentCell, printRecord } from '../output.ts';
import { explainDecision } from '../policy/decision.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'explain [call...]',
    summary: 'Say why a call was refused, and what would change it',
    examples: ['doorward explain', 'doorward explain claude GET https://api.openai.com/v1/models'],
    notes:
      'The id stands in the answer: in its header doorward-request-id, and in a refusal as "instance". The id of an audit\n' +
      'event does as well. Without an id it is the newest call that was refused. With an agent, a method and a URL it is a call\n' +
      'that nobody has made: what would be decided, by which rule, and what would change it.',
  })
    .usage('[options] [ID | AGENT METHOD URL]')
    .action(async (words: readonly string[], _options: object, command: Command) => {
      const [first, method, url, ...more] = words;
      if (first === undefined || method === undefined) return explain(open(command), first);
      if (url === undefined || more.length > 0) {
        throw usageFailure('Give an id alone, or an agent, a method and a URL.');
      }
      return explainDecision(open(command), { agent: first, method, url });
    });
}

async function explain(context: Context, given: string | undefined): Promise<void> {
  const id = given?.trim();
  if (id !== undefined && !isCallId(id)) {
    throw usageFailure(
      'ID is what the answer carries as doorward-request-id (req_…), or an event id (evt_…). To ask about a call that nobody has made: doorward explain AGENT METHOD URL',
    );
  }
  const [{ callExplain }, client] = await Promise.all([
    import('../../operations/contracts/calls.ts'),
    context.client(),
  ]);
  const call = await client.call(callExplain, { id: id ?? (await findNewestRefusal(client)) });
  await printRecord(context, call, toFields(context, call));
  const { advice } = call;
  if (advice === null || context.flags.json === true) return;
  context.say(advice.sentence);
  if (advice.command !== null) context.say(`To change that: ${advice.command}`);
}

type CallId = `req_${string}` | `evt_${string}`;

function isCallId(text: string): text is CallId {
  return /^(req|evt)_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text);
}

async function findNewestRefusal(client: Client): Promise<CallId> {
  const { auditList } = await import('../../operations/contracts/audit.ts');
  const { items } = await client.call(auditList, { kind: 'call.refused', limit: 1 });
  const [newest] = items;
  if (newest === undefined) {
    throw new CommandFailure(EXIT.failed, 'No call was refused yet. The calls there were: doorward log');
  }
  return newest.id;
}

type Field = readonly [string, string | number | null];

function toFields(context: Context, call: CallExplanation): readonly Field[] {
  const { method, path, service, secret, decision, now } = call;
  const where = call.client === null ? '' : ` from ${call.client}`;
  const by = call.run ?? call.token;
  return [
    ['time', momentCell(context, call.at)],
    ['agent', `${call.agent ?? '-'}${by === null ? '' : ` (${by})`}${where}`],
    ['call', `${method ?? '-'} ${path ?? '(a path that has no canonical form)'}`],
    ['service', service ?? '(no service of that name)'],
    ['decision', decisionText(decision)],
    ...(now === null ? [] : [['now', `${now.effect}: ${ruleText(now.rule, now.grantRevision)}`] as const]),
    ...(secret === null
      ? []
      : [['key', `${secret.name ?? secret.id}, version ${String(secret.version)}`] as const]),
    ...call.sends.map((send): Field => ['answer', sendText(send)]),
    ...call.flags.map((flag): Field => [`in the ${flag.direction}`, flagText(flag)]),
    ...call.sends.flatMap(({ preview }) => previewFields(preview)),
    ['request', call.request],
    ['event', call.id],
  ];
}

function flagText({ rule, count, action, guard, approval }: CallExplanation['flags'][number]): string {
  const by = approval === undefined ? '' : `, approved as ${approval}`;
  return `${rule}${count === 1 ? '' : ` ×${String(count)}`}: ${action} (${guard})${by}`;
}

function previewFields(preview: CallExplanation['sends'][number]['preview']): readonly Field[] {
  if (preview === null) return [];
  return [
    ['sent', preview.request],
    ['answered', preview.answer],
  ];
}

function decisionText({ effect, rule, problem, grantRevision }: CallExplanation['decision']): string {
  if (effect === 'allow') return `allow: ${ruleText(rule ?? '-', grantRevision)}`;
  const by = rule === null || rule === problem ? '' : `, by ${ruleText(rule, grantRevision)}`;
  return `deny: ${problem ?? '-'}${by}`;
}

function ruleText(rule: string, revision: number | null): string {
  return revision === null ? rule : `${rule}, revision ${String(revision)} of the grant`;
}

function sendText(send: CallExplanation['sends'][number]): string {
  const { result, status, problem, totalMs, requestBytes, responseBytes, redacted, secretVersion } = send;
  const said = [status, problem, result === 'answered' ? null : result]
    .filter((part) => part !== null)
    .join(' ');
  const size = responseBytes === null ? '' : `, ${String(responseBytes)} bytes`;
  const took = totalMs === null ? '' : ` in ${String(Math.round(totalMs))} ms`;
  const cut =
    result === 'cut'
      ? `; it had begun: the upstream may have seen up to ${String(requestBytes ?? 0)} bytes of the body`
      : '';
  const masked = redacted === 0 ? '' : `, ${String(redacted)} echoes of the key masked`;
  return `${said}${took}${size}, with version ${String(secretVersion)}${masked}${cut}`;
}
