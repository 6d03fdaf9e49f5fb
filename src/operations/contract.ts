// The outside of an administrative operation: what HTTP, the CLI and the docs need to know, without its code.
import { z } from 'zod';
import type { Permission } from '../core/permission.ts';

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
}

export function contract<I extends z.ZodObject, O extends z.ZodType, const N extends string>(
  given: Contract<I, O, N>,
): Contract<I, O, N> {
  return given;
}

/** RFC 3339, UTC, milliseconds. */
export const Moment = z.iso.datetime();

/** Page fields of every list: at most 200 rows, continued from `cursor`. Query strings carry text, so `limit` is coerced. */
export const pageInput = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
};

export function page<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
