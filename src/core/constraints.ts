// What a grant asks of a call beyond its method and path: each asked for only where it is set, and all of those that are.
import { z } from 'zod';
import { METHODS } from './address.ts';
import { BodyRules } from './body-rules/body-rule.ts';
import { parseCidr } from './ip-range.ts';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

const HOURS = /^([01]\d|2[0-3]):[0-5]\d-(?:([01]\d|2[0-3]):[0-5]\d|24:00)$/;
export const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,64}\/(?:\*|[a-z0-9!#$&^_.+-]{1,64})$/;

/** Text that a parameter's value may be, as an upstream reads it. */
const Values = z.array(z.string().max(1024)).min(1).max(64).readonly();

export const QueryRule = z
  .strictObject({
    name: z.string().min(1).max(256),
    use: z
      .enum(['required', 'allowed', 'forbidden'])
      .describe('Once one parameter is `allowed`, those that no rule names are refused.'),
    values: Values.optional().describe('Only these values; none: any.'),
    prefixes: Values.optional().describe('Only values that begin with one of these.'),
  })
  .meta({ id: 'QueryRule' });
export type QueryRule = z.output<typeof QueryRule>;

export const Constraints = z
  .strictObject({
    actions: z
      .array(z.string().regex(/^[a-z0-9-]{1,64}$/, 'the name of an action is 1 to 64 of a-z, 0-9 and -'))
      .min(1)
      .max(32)
      .readonly()
      .optional()
      .describe(
        'Actions of the service that the patterns were made from; what they are is settled when they are named.',
      ),
    methods: z.array(z.enum(METHODS)).min(1).max(METHODS.length).readonly().optional(),
    query: z
      .array(QueryRule)
      .min(1)
      .max(64)
      .readonly()
      .refine((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, 'each parameter once')
      .optional(),
    maxBodyBytes: z
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Of the body of a request; one that turns out longer is cut.'),
    contentTypes: z
      .array(z.string().regex(MEDIA_TYPE, 'a media type, such as application/json or image/*'))
      .min(1)
      .max(32)
      .readonly()
      .optional()
      .describe('Of the body of a request.'),
    hours: z
      .string()
      .regex(HOURS, 'hours of a day, such as 09:00-18:00')
      .refine((text) => text.slice(0, 5) !== text.slice(6), 'hours that end when they begin are none')
      .optional()
      .describe('From the first moment until before the second; 22:00-06:00 runs past midnight.'),
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .max(7)
      .readonly()
      .optional()
      .describe('Hours that run past midnight belong to the day on which they began.'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'a time zone of the IANA database, such as Europe/Berlin')
      .optional()
      .describe('Of hours and days; UTC unless told.'),
    sources: z
      .array(z.string().refine(isCidr, 'an address or a range, such as 10.0.0.0/8'))
      .min(1)
      .max(64)
      .readonly()
      .optional()
      .describe('Where the connection of a caller may come from.'),
    body: BodyRules.optional(),
  })
  .meta({ id: 'Constraints' });
export type Constraints = z.output<typeof Constraints>;

const { shape } = Constraints;

/** What is changed of them: each part given replaces that part; null takes it away. */
export const ConstraintsChange = z
  .strictObject({
    actions: shape.actions.nullable(),
    methods: shape.methods.nullable(),
    query: shape.query.nullable(),
    maxBodyBytes: shape.maxBodyBytes.nullable(),
    contentTypes: shape.contentTypes.nullable(),
    hours: shape.hours.nullable(),
    days: shape.days.nullable(),
    timeZone: shape.timeZone.nullable(),
    sources: shape.sources.nullable(),
    body: shape.body.nullable(),
  })
  .meta({ id: 'ConstraintsChange' });

/** The parts of a grant's constraints by name. */
export type ConstraintName = keyof Constraints;

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function isCidr(text: string): boolean {
  try {
    return parseCidr(text) !== '';
  } catch {
    return false;
  }
}
