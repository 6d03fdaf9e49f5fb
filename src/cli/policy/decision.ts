// `doorward explain AGENT METHOD URL`: what would be decided on a call that nobody has made.
import type { CallDecision } from '../../operations/contracts/calls.ts';
import type { Context } from '../context.ts';
import { usageFailure } from '../failure.ts';
import { printRecord } from '../output.ts';

export async function explainDecision(
  context: Context,
  { agent, method, url }: { readonly agent: string; readonly method: string; readonly url: string },
): Promise<void> {
  if (!/^(?:\/|[a-z]+:\/\/)/i.test(url)) {
    throw usageFailure(
      'URL is the address that would be called: https://api.openai.com/v1/models, or /call/openai/v1/models.',
    );
  }
  const { callDecide } = await import('../../operations/contracts/calls.ts');
  const decision = await (await context.client()).call(callDecide, { agent, method, url });
  await printRecord(context, decision, toFields(decision));
  if (context.flags.json === true) return;
  const { advice, others, undecided } = decision;
  if (advice !== null) context.say(advice.sentence);
  if (advice?.command != null) context.say(`To change that: ${advice.command}`);
  if (others.length > 0) context.say(`To the same address send: ${others.join(', ')}.`);
  for (const sentence of undecided) context.say(sentence);
}

type Field = readonly [string, string | number | null];

function toFields(decision: CallDecision): readonly Field[] {
  const { agent, service, method, path, effect, rule, problem, guard } = decision;
  const { grantRevision, serviceRevision, neededScope, advice } = decision;
  const by = problem === null || problem === rule ? rule : `${problem}, by ${rule}`;
  return [
    ['agent', agent],
    ['call', `${method} ${path ?? '(an address that has no canonical form)'}`],
    ['service', service ?? '(no service at that address)'],
    ['decision', `${effect}: ${by}`],
    ...(guard === null ? [] : [['guard', guard] as const]),
    ['grant', grantRevision === null ? null : `revision ${String(grantRevision)}`],
    ['settings', serviceRevision === null ? null : `revision ${String(serviceRevision)} of the service`],
    ...(neededScope === null ? [] : [['needs scope', neededScope] as const]),
    ...(advice === null || advice.neededGrant === null ? [] : [['needs', advice.neededGrant] as const]),
  ];
}
