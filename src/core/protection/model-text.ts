// What a service does with text that a model reads or writes. Unless told it looks at none, which costs its calls nothing.
import { z } from 'zod';
import { compileSchema } from '../model-text/answer-schema.ts';
import { RULE_IDS } from '../model-text/rule-ids.ts';
import type { Side } from '../model-text/rule.ts';

const TEXT_ACTIONS = ['off', 'flag', 'ask', 'block'] as const;
type TextAction = (typeof TEXT_ACTIONS)[number];

const Action = z.enum(TEXT_ACTIONS);

/** Findings that are no phrases. */
const OTHER_FINDINGS = ['canary', 'answer-schema'] as const;
const KNOWN: ReadonlySet<string> = new Set([...RULE_IDS, ...OTHER_FINDINGS]);

const RuleActions = z.record(z.string(), Action).check((context) => {
  for (const id of Object.keys(context.value)) {
    if (KNOWN.has(id)) continue;
    const message = `there is no rule of text called ${id.slice(0, 64)}`;
    context.issues.push({ code: 'custom', message, input: id, path: [id] });
  }
});

const MAX_SCHEMA = 64 * 1024;

const AnswerSchema = z.record(z.string(), z.unknown()).check((context) => {
  const refuse = (message: string) =>
    context.issues.push({ code: 'custom', message, input: context.value, path: [] });
  if (JSON.stringify(context.value).length > MAX_SCHEMA) refuse('a schema of at most 64 KiB is needed');
  try {
    compileSchema(context.value);
  } catch (error) {
    refuse(`this JSON Schema can not be used: ${error instanceof Error ? error.message : 'it is none'}`);
  }
});

export const ModelTextProtection = z
  .strictObject({
    mode: Action.default('off').describe(
      'What is done about text that would take a model over, or that a model should not have written: told, refused until a person approves this very call, or refused.',
    ),
    reads: Action.optional().describe(
      'The same for text that a model will read alone: messages, tool results, documents, answers of other APIs.',
    ),
    writes: Action.optional().describe('The same for text that a model has written alone.'),
    rules: RuleActions.default({}).describe('Single rules that are handled otherwise, by their id.'),
    canary: z
      .boolean()
      .default(false)
      .describe('A marked sentence at the end of a model’s instructions, told when it comes back.'),
    hidden: z
      .enum(['off', 'flag', 'strip'])
      .default('off')
      .describe(
        'Text in answers that nobody sees: comments, styles out of sight, characters without a shape.',
      ),
    wrap: z
      .boolean()
      .default(false)
      .describe('Puts tool results and documents of a request between two lines that nobody can forge.'),
    answerSchema: AnswerSchema.nullable()
      .default(null)
      .describe(
        'A JSON Schema that successful answers, and messages of a WebSocket, must match; told, or refused in modes ask and block.',
      ),
  })
  .meta({ id: 'ModelTextProtection' });
export type ModelTextProtection = z.output<typeof ModelTextProtection>;

/** Nothing is done unless told, so that no setting does less. */
export function modelTextWeaknesses(_settings: ModelTextProtection): string[] {
  return [];
}

/** What is done about a finding of a rule, or of `canary` and `answer-schema`. */
export function textAction(
  settings: ModelTextProtection,
  rule: string,
  side: Exclude<Side, 'both'>,
): TextAction {
  const own = settings.rules[rule];
  if (own !== undefined) return own;
  const general = settings[side] ?? settings.mode;
  const isOnByItself = rule === 'canary' || rule === 'answer-schema';
  return isOnByItself && general === 'off' ? 'flag' : general;
}

/** The sides that anything is looked for on. */
export function watchedSides(settings: ModelTextProtection): ReadonlySet<Exclude<Side, 'both'>> {
  return inShort(settings).sides;
}

/** Whether anything may be refused, for good or until a person approves it. */
export function mayRefuse(settings: ModelTextProtection): boolean {
  return inShort(settings).mayRefuse;
}

/** Whether a person may be asked about a call. */
export function mayAsk(settings: ModelTextProtection): boolean {
  return inShort(settings).mayAsk;
}

interface InShort {
  readonly sides: ReadonlySet<Exclude<Side, 'both'>>;
  readonly mayRefuse: boolean;
  readonly mayAsk: boolean;
}

/** Every call asks several times; settings never change, others take their place. */
const known = new WeakMap<ModelTextProtection, InShort>();

function inShort(settings: ModelTextProtection): InShort {
  let short = known.get(settings);
  if (short === undefined) known.set(settings, (short = summedUp(settings)));
  return short;
}

function summedUp({ mode, reads = mode, writes = mode, rules }: ModelTextProtection): InShort {
  const hasRules = Object.entries(rules).some(([id, action]) => action !== 'off' && RULE_IDS.includes(id));
  const sides = new Set<Exclude<Side, 'both'>>();
  if (reads !== 'off' || hasRules) sides.add('reads');
  if (writes !== 'off' || hasRules) sides.add('writes');
  const actions = [reads, writes, ...Object.values(rules)];
  const asks = actions.includes('ask');
  return { sides, mayRefuse: asks || actions.includes('block'), mayAsk: asks };
}
