// What a service does with personal data and other content, in each direction. Unless told it looks for none, which costs
// its calls nothing.
import { z } from 'zod';
import {
  CONTENT_ACTIONS,
  CONTENT_CLASSES,
  type ContentAction,
  type ContentClass,
  IDENTIFIERS,
} from '../content/classes.ts';
import type { ContentRules } from '../content/content-table.ts';
import { patternTrouble } from '../content/pattern-search.ts';
import type { Direction } from '../inspection/finding.ts';

/** Stands for every identifier of a country that is not named itself. */
const ALL_IDENTIFIERS = 'national-id';

const Action = z.enum(CONTENT_ACTIONS);
const ClassActions = z
  .strictObject(
    Object.fromEntries(
      [...CONTENT_CLASSES, ALL_IDENTIFIERS].map((name) => [name, Action.optional()]),
    ) as Record<ContentClass | typeof ALL_IDENTIFIERS, z.ZodOptional<typeof Action>>,
  )
  .meta({ id: 'ContentActions' });
const DirectionActions = z.union([Action, ClassActions]);
type DirectionActions = z.output<typeof DirectionActions>;

const Pattern = z.string().check((context) => {
  const trouble = patternTrouble(context.value);
  if (trouble === undefined) return;
  const message = `this pattern can not be searched for: ${trouble}`;
  context.issues.push({ code: 'custom', message, input: context.value });
});

const PatternRule = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)
    .refine((name) => !(CONTENT_CLASSES as readonly string[]).includes(name), {
      error: 'a class of content has this name',
    }),
  pattern: Pattern,
  direction: z.enum(['request', 'answer', 'both']).default('both'),
  action: Action.default('flag'),
});

export const ContentProtection = z
  .strictObject({
    request: DirectionActions.default('off').describe(
      'What is done about content that an agent sends: one action for every class, or one for each that is named.',
    ),
    answer: DirectionActions.default('off').describe('What is done about content that an upstream answers.'),
    patterns: z
      .array(PatternRule)
      .max(32)
      .refine((patterns) => new Set(patterns.map(({ name }) => name)).size === patterns.length, {
        error: 'two patterns have one name',
      })
      .default([])
      .describe('Regular expressions of your own.'),
    preview: z
      .boolean()
      .default(false)
      .describe('Keep the first 200 characters of both bodies in the audit log, with all content masked.'),
  })
  .meta({ id: 'ContentProtection' });
export type ContentProtection = z.output<typeof ContentProtection>;

/** None: what is off unless told can not be weakened. */
export function contentWeaknesses(_settings: ContentProtection): string[] {
  return [];
}

/** What is done in one direction about each class and each pattern. */
export function contentRules(settings: ContentProtection, direction: Direction): ContentRules {
  const actions = settings[direction];
  return {
    classes: new Map(CONTENT_CLASSES.map((name) => [name, actionOf(actions, name)])),
    patterns: settings.patterns.filter((rule) => rule.direction === 'both' || rule.direction === direction),
  };
}

function actionOf(actions: DirectionActions, name: ContentClass): ContentAction {
  if (typeof actions === 'string') return actions;
  const isIdentifier = (IDENTIFIERS as readonly string[]).includes(name);
  return actions[name] ?? (isIdentifier ? actions[ALL_IDENTIFIERS] : undefined) ?? 'off';
}
