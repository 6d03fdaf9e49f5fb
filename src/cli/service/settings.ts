// The settings of a service's guards as their schema has them: names as people write them, values, and what they mean.
import { z } from 'zod';
import { Protection, type ProtectionSettings } from '../../core/protection/protection.ts';

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

/** Every setting with its present value. */
export function settingsOf(settings: ProtectionSettings): readonly Setting[] {
  return leavesOf(Protection).map(({ path, meaning }) => ({
    name: path.join('.'),
    value: textOf(path.reduce<unknown>((value, name) => memberOf(value, name), settings)),
    meaning,
  }));
}

/** Whether a setting goes by that name, or stands below one that takes names of its own. */
export function isSetting(name: string): boolean {
  return leavesOf(Protection).some(({ path, isOpen }) => {
    const own = path.join('.');
    return name === own || (isOpen && name.startsWith(`${own}.`));
  });
}

/** Whether the value of that setting is a text, also where it looks like a number. */
export function isText(name: string): boolean {
  return leavesOf(Protection).some(({ path, isText: text }) => text && path.join('.') === name);
}

interface Leaf {
  readonly path: readonly string[];
  readonly meaning: string;
  /** Its members go by any name. */
  readonly isOpen: boolean;
  readonly isText: boolean;
}

function leavesOf(schema: z.ZodType, path: readonly string[] = []): Leaf[] {
  const meaning = schema.description ?? '';
  const inner = withoutWrappers(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([name, member]) =>
      member instanceof z.ZodType ? leavesOf(member, [...path, name]) : [],
    );
  }
  const isOpen =
    inner instanceof z.ZodRecord ||
    (inner instanceof z.ZodUnion && inner.options.some((option) => option instanceof z.ZodObject));
  const isText = inner instanceof z.ZodString || inner instanceof z.ZodEnum;
  return [{ path, meaning: meaning || (inner.description ?? ''), isOpen, isText }];
}

function withoutWrappers(schema: z.ZodType): z.ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly;
  if (!isWrapper) return schema;
  const inner = schema.unwrap();
  return inner instanceof z.ZodType ? withoutWrappers(inner) : schema;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value !== 'string') return JSON.stringify(value);
  const [line = '', ...more] = value.split('\n'); // of a certificate and its like
  return more.length === 0 ? value : `${line} …`;
}
