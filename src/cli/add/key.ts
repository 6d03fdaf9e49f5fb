// The key that is added: asked for without showing it, read from stdin or a file; put together where it has several parts;
// held against what the vendor's keys look like, which warns and never refuses.
import { findByKey } from '../../catalogue/catalogue.ts';
import type { Context } from '../context.ts';
import { usageFailure } from '../failure.ts';
import { readSecretValue, type ValueFields } from '../secret-value.ts';
import type { AddOptions, AddPlan } from './plan.ts';

export async function readKey(context: Context, plan: AddPlan, options: AddOptions): Promise<ValueFields> {
  const parts = partsOf(plan);
  const isAsked = options.fromFile === undefined && context.terminal.stdin.isTTY === true;
  const value = isAsked
    ? { value: await askParts(context, plan, parts) }
    : await readWhole(context, plan, options, parts);
  if ('value' in value) warnOfLooks(context, plan, value.value);
  return value;
}

/** What has to be asked for, and how the answers make the value. */
interface Parts {
  readonly template: string;
  readonly names: readonly string[];
}

const WHOLE: Parts = { template: '{key}', names: ['key'] };

function partsOf({ entry, service }: AddPlan): Parts {
  if (entry?.valueTemplate !== undefined && service.auth === entry.auth) return parts(entry.valueTemplate);
  if (service.auth.kind !== 'headers') return WHOLE;
  const fields = service.auth.headers.flatMap(({ template }) => namesIn(template));
  const names = [...new Set(fields)].filter((name) => name !== 'value');
  if (names.length === 0) return WHOLE;
  return { names, template: `{${names.map((name) => `"${name}":"{${name}}"`).join(',')}}` };
}

function parts(template: string): Parts {
  return { template, names: [...new Set(namesIn(template))] };
}

function namesIn(template: string): string[] {
  return [...template.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name = '']) => name);
}

/** A template that is a JSON object gets its parts as JSON strings. */
function fill({ template }: Parts, values: Readonly<Record<string, string>>): string {
  const isJson = template.startsWith('{"');
  return template.replaceAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return isJson ? JSON.stringify(value).slice(1, -1) : value;
  });
}

async function askParts(context: Context, { name }: AddPlan, wanted: Parts): Promise<string> {
  if (!context.isInteractive) {
    throw usageFailure(
      `No key: stdin is a terminal, but nobody may be asked. Pipe it in (doorward add ${name} < FILE) or use --from-file.`,
    );
  }
  const { askHidden } = await import('../prompt.ts');
  const values: Record<string, string> = {};
  for (const part of wanted.names) {
    const what = wanted === WHOLE ? `Key of ${name}` : `${part} of ${name}`;
    const typed = (await askHidden(context.terminal, `${what} (not shown)`)).trim();
    if (typed === '') throw usageFailure('Nothing was typed: nothing was added.');
    values[part] = typed;
  }
  return fill(wanted, values);
}

/** What is piped in is the whole value; where only one part of it is the vendor's, that part will do. */
async function readWhole(
  context: Context,
  plan: AddPlan,
  options: AddOptions,
  wanted: Parts,
): Promise<ValueFields> {
  const { fromFile } = options;
  const read = await readSecretValue(context, plan.name, fromFile === undefined ? {} : { fromFile });
  if (!('value' in read)) return read;
  const text = read.value.trim();
  if (text === '') throw usageFailure('The key is empty: nothing was added.');
  const [only, ...more] = wanted.names;
  if (only === undefined || more.length > 0) {
    requireParts(plan, wanted, text);
    return { value: text };
  }
  const [before = '', after = ''] = wanted.template.split(`{${only}}`);
  const isWhole = text.startsWith(before) && text.endsWith(after);
  return { value: isWhole ? text : fill(wanted, { [only]: text }) };
}

/** A value of several parts that comes as one can be looked at for its form only. */
function requireParts({ name }: AddPlan, { template, names }: Parts, text: string): void {
  const separators = template.split(/\{[A-Za-z_][A-Za-z0-9_]*\}/).slice(1, -1);
  const isJson = template.startsWith('{"');
  const hasForm = isJson ? isObjectWith(text, template) : separators.every((part) => text.includes(part));
  if (hasForm) return;
  throw usageFailure(
    `The key of ${name} has ${String(names.length)} parts. Pipe it in as ${template.replaceAll(/\{([A-Za-z_]\w*)\}/g, '$1')}, or run ` +
      `doorward add ${name} in a terminal, which asks for each.`,
  );
}

function isObjectWith(text: string, template: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    const wanted = [...template.matchAll(/"([^"]+)":/g)].map(([, name = '']) => name);
    return typeof value === 'object' && value !== null && wanted.every((name) => name in value);
  } catch {
    return false;
  }
}

/** A placeholder is refused: stored as a key it could only lead back here. */
function warnOfLooks(context: Context, { name, entry }: AddPlan, value: string): void {
  if (/^dw_[a-z]+_/.test(value)) {
    throw usageFailure(
      "That is a placeholder of a broker, not a key. The key is on the vendor's own page for API keys.",
    );
  }
  if (entry?.keyPattern === undefined || fits(entry.keyPattern, value)) return;
  const [other] = findByKey(value).filter(({ id }) => id !== entry.id);
  const like = other === undefined ? '' : `; it looks like one of ${other.name}`;
  context.warn(`This does not look like a key of ${entry.name}${like}. It is taken as it is for ${name}.`);
}

/** Whether the value or one of its parts looks like the vendor's keys. */
function fits(keyPattern: string, value: string): boolean {
  const pattern = new RegExp(keyPattern);
  return [value, ...value.split(/[:"]/)].some((part) => pattern.test(part));
}
