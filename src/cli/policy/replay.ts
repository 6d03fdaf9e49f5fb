// `--replay 7d` of commands that change a policy: what the change would have meant for recorded calls, told before it is made.
import type { z } from 'zod';
import type { policyReplay, Replay } from '../../operations/contracts/replays.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { parseMoment } from '../duration.ts';
import { momentCell, printList } from '../output.ts';

export const REPLAY = [
  '--replay <since>',
  'First say which recorded calls it would have decided otherwise: 7d, or a time',
] as const;

type Change = Omit<z.input<(typeof policyReplay)['input']>, 'since'>;

/** Throws unless nothing that was allowed would be refused, or that is confirmed. */
export async function replayFirst(context: Context, change: Change, replay: string): Promise<void> {
  const since = parseMoment('--replay', replay, 'back');
  const { policyReplay: contract } = await import('../../operations/contracts/replays.ts');
  const replayed = await (await context.client()).call(contract, { ...change, since });
  if (context.flags.json !== true && replayed.examples.length > 0) await printExamples(context, replayed);
  for (const line of replayLines(context, replayed)) context.say(line);
  const { calls, wouldRefuse, refusedAlready } = replayed;
  const broken = wouldRefuse - refusedAlready;
  if (broken === 0) return;
  await confirmModerate(
    context,
    `${String(broken)} of ${count(calls)} would be refused that are allowed now. Apply the change all the same?`,
  );
}

async function printExamples(context: Context, { examples }: Replay): Promise<void> {
  await printList(context, { items: examples }, [
    { title: 'would be', value: ({ effect }) => (effect === 'deny' ? 'refused' : 'allowed') },
    { title: 'agent', value: ({ agent }) => agent },
    { title: 'method', value: ({ method }) => method },
    { title: 'path', value: ({ path }) => path },
    { title: 'calls', value: ({ calls }) => calls },
    { title: 'by', value: ({ rule }) => rule },
    { title: 'last', value: ({ lastAt }) => momentCell(context, lastAt) },
  ]);
}

function replayLines(context: Context, replayed: Replay): readonly string[] {
  const { calls, wouldRefuse, wouldAllow, refusedAlready, notRecorded } = replayed;
  const already = refusedAlready === 0 ? '' : ` (${String(refusedAlready)} of them are refused now too)`;
  return [
    ...cutLines(context, replayed),
    `would have refused ${String(wouldRefuse)} of ${count(calls)}${already}, and allowed ${String(wouldAllow)} that were refused`,
    notRecorded.join(' '),
  ];
}

/** Where not everything was looked at. */
export function cutLines(context: Context, { cutAt }: { readonly cutAt: string | null }): readonly string[] {
  if (cutAt === null) return [];
  return [
    `There are too many recorded calls: only those since ${momentCell(context, cutAt)} were looked at.`,
  ];
}

export function count(calls: number): string {
  return `${String(calls)} recorded call${calls === 1 ? '' : 's'}`;
}
