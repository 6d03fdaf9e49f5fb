// The outside of an administrative operation: what HTTP, the CLI and the docs need to know, without its code.
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import type { Permission } from '../core/permission.ts';
import type { ProblemCode } from '../core/problem.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Contract<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
  N extends string = string,
> {
  /** `noun.verb`, unique; also the kind of its audit event. */
  readonly name: N;
  readonly method: Method;
  /** `/v1/…` with `{field}` for fields of the input that stand in the path. Other fields: query of a GET, else JSON body. */
  readonly path: `/v1/${string}`;
  readonly permission: Permission;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /** It makes something: answered 201, and an `Idempotency-Key` makes it safe to repeat. */
  readonly creates?: true;
  /** Members of the output that are told once: a repeated request is answered without them. */
  readonly shownOnce?: readonly string[];
  /** The member of the output that is the record, where the output is more than the record. */
  readonly recordMember?: string;
  /** The media type, where what is answered is a file and not JSON; then the output is a `FileAnswer`. */
  readonly file?: string;
  /** What it may refuse beyond what every operation of its shape can (http/openapi-operations.ts has those). */
  readonly problems?: readonly ProblemCode[];
}

export function contract<I extends z.ZodObject, O extends z.ZodType, const N extends string>(
  given: Contract<I, O, N>,
): Contract<I, O, N> {
  return given;
}

/** A file that is sent while it is made: an answer that is cut off is no file. */
export interface FileAnswer {
  readonly body: ReadableStream<Uint8Array>;
  /** For a progress bar. */
  readonly estimatedBytes: number;
}

export const FileAnswer = z.custom<FileAnswer>(
  (value) => typeof value === 'object' && value !== null && 'body' in value,
);

/** RFC 3339, UTC, milliseconds. */
export const Moment = z.iso
  .datetime()
  .meta({ id: 'Moment', description: 'RFC 3339 in UTC.', examples: ['2030-01-31T18:00:00.000Z'] });

/** RFC 3339 as people and programs send it: any offset, any precision. Given on in UTC with milliseconds. */
export const MomentInput = z.iso
  .datetime({ offset: true })
  .refine((text) => /^[0-9]{4}-/.test(isoOf(text)), { error: 'a moment of the years 0000 to 9999 is needed' })
  .overwrite(isoOf);

function isoOf(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString();
}

/** A whole number that comes as text where it stands in a query. */
export function queryNumber(min: number, max: number, fallback: number) {
  const toNumber = (value: unknown) =>
    typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
  return z.preprocess<number | undefined, z.ZodDefault<z.ZodNumber>, number | undefined>(
    (value) => toNumber(value) as number | undefined, // the schema behind it refuses everything else
    z.number().int().min(min).max(max).default(fallback),
  );
}

/** Where the page before ended; made by the list itself and good for the same filters only. */
export const Cursor = z.string().min(1).max(400);

/** Page fields of every list: at most 200 rows, continued from `cursor`. */
export const pageInput = {
  limit: queryNumber(1, 200, 50),
  cursor: Cursor.optional(),
};

export function page<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
