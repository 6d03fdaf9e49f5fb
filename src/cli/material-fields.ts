// The fields of a secret that is a JSON object: from flags, files, a JSON text or prompts. What is secret is never taken from
// the arguments.
import { readFileSync } from 'node:fs';
import { MATERIAL_FORMS, type MintedKind } from '../core/material.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';
import { readSecretValue } from './secret-value.ts';

export interface FieldSources {
  readonly field?: readonly string[];
  readonly fieldFile?: readonly string[];
  readonly fromFile?: string;
}

const MAX_FILE_BYTES = 65_536;

/** Every field the kind needs; `NAME.KEY=VALUE` sets one member of a field that is an object. */
export async function readMaterialFields(
  context: Context,
  kind: MintedKind,
  sources: FieldSources,
): Promise<Readonly<Record<string, unknown>>> {
  const given = givenFields(kind, sources);
  const missing = missingFields(kind, given);
  if (missing.length === 0) return given;
  if (sources.fromFile !== undefined || context.terminal.stdin.isTTY !== true) {
    return { ...(await readJson(context, kind, { sources, missing })), ...given };
  }
  if (!context.isInteractive) throw nobodyToAsk(kind, missing);
  for (const name of missing) given[name] = await ask(context, kind, name);
  return given;
}

/** A text file of a person's own. */
export function readTextFile(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= MAX_FILE_BYTES) return bytes.toString('utf8');
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `The file ${path} can not be read.`, { cause });
  }
  throw usageFailure(`The file ${path} is larger than a value may be.`);
}

function givenFields(
  kind: MintedKind,
  { field = [], fieldFile = [] }: FieldSources,
): Record<string, unknown> {
  const { schema, secret } = MATERIAL_FORMS[kind];
  const fields: Record<string, unknown> = {};
  const set = (text: string, flag: string, valueOf: (text: string) => string) => {
    const at = text.indexOf('=');
    const [name = '', member] = text.slice(0, Math.max(0, at)).split('.', 2);
    if (!Object.hasOwn(schema.shape, name)) {
      throw usageFailure(
        `${flag} wants NAME=… with one of the fields of ${kind}: ${Object.keys(schema.shape).join(', ')}.`,
      );
    }
    if (flag === '--field' && secret.includes(name)) {
      throw usageFailure(
        `${name} in the arguments can be read by every process of this machine and stays in the shell history, so it is ` +
          `refused; treat this one as seen. Leave it out and type it at the prompt, or use --field-file ${name}=PATH.`,
      );
    }
    const value = valueOf(text.slice(at + 1));
    if (member === undefined) fields[name] = value;
    else fields[name] = { ...(fields[name] as object | undefined), [member]: value };
  };
  for (const text of field) set(text, '--field', (value) => value);
  for (const text of fieldFile) set(text, '--field-file', (path) => withoutEnd(readTextFile(path)));
  return fields;
}

function missingFields(kind: MintedKind, given: Readonly<Record<string, unknown>>): readonly string[] {
  const { shape } = MATERIAL_FORMS[kind].schema;
  return Object.keys(shape).filter((name) => !(name in given) && !acceptsNothing(shape[name]));
}

function acceptsNothing(schema: unknown): boolean {
  const field = schema as { safeParse(value: unknown): { readonly success: boolean } }; // every zod schema has it
  return field.safeParse(undefined).success;
}

async function readJson(
  context: Context,
  kind: MintedKind,
  { sources, missing }: { readonly sources: FieldSources; readonly missing: readonly string[] },
): Promise<Readonly<Record<string, unknown>>> {
  const { fromFile } = sources;
  const read = await readSecretValue(context, kind, fromFile === undefined ? {} : { fromFile });
  const parsed = 'value' in read ? tryJson(read.value) : undefined;
  if (parsed !== undefined) return parsed;
  throw usageFailure(
    `A secret of the kind ${kind} is read as a JSON object with ${missing.join(', ')}. See docs/credentials.md.`,
  );
}

function tryJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

async function ask(context: Context, kind: MintedKind, name: string): Promise<string> {
  const { schema, secret } = MATERIAL_FORMS[kind];
  const { askHidden, askLine } = await import('./prompt.ts');
  const about = (schema.shape[name] as { readonly description?: string } | undefined)?.description ?? name;
  // A key of several lines is typed by nobody.
  if (name === 'private_key') {
    return withoutEnd(readTextFile((await askLine(context.terminal, `${about}: path of its file`)).trim()));
  }
  const isHidden = secret.includes(name);
  const answer = await (isHidden ? askHidden : askLine)(
    context.terminal,
    `${about}${isHidden ? ' (not shown)' : ''}`,
  );
  if (answer.trim() === '') throw usageFailure(`${name} is needed: nothing was stored.`);
  return answer.trim();
}

function nobodyToAsk(kind: MintedKind, missing: readonly string[]): CommandFailure {
  return usageFailure(
    `${kind} needs ${missing.join(', ')}, and nobody may be asked. Use --field NAME=VALUE, --field-file NAME=PATH, or pipe in a JSON object.`,
  );
}

function withoutEnd(text: string): string {
  return text.replace(/\s+$/, '');
}
