// `doorward service protect`: what guards the calls of one service, shown and changed a setting at a time. Which settings there
// are is read from their schema.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ServiceRecord } from '../../operations/contracts/services.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import { type Column, printJson, printList } from '../output.ts';

interface ProtectOptions {
  readonly acceptWeaker?: boolean;
}

export function registerProtect(service: Command, open: OpenContext): void {
  define(service, {
    usage: 'protect <name> [settings...]',
    summary: 'Show or change what guards the calls of a service',
    examples: [
      'doorward service protect acme',
      'doorward service protect acme leaks.action=block transport.ca=@acme-ca.pem',
    ],
    notes:
      'Without settings it shows all there are. A value is text, or JSON for lists and the like; @FILE reads it from a file;\n' +
      'nothing after the equals sign gives the setting back what it is unless told. What guards less than that needs\n' +
      '--accept-weaker, is told in the audit log and by doorward doctor.',
  })
    .option('--accept-weaker', 'Take settings that guard less than a service is guarded unless told')
    .action(async (name: string, settings: readonly string[], options: ProtectOptions, command: Command) =>
      settings.length === 0 ? show(open(command), name) : change(open(command), name, { settings, options }),
    );
}

async function show(context: Context, name: string): Promise<void> {
  const [{ serviceShow }, { protectionSettings }, { settingsOf }] = await Promise.all([
    import('../../operations/contracts/services.ts'),
    import('../../core/protection/protection.ts'),
    import('./settings.ts'),
  ]);
  const record = await (await context.client()).call(serviceShow, { name });
  const items = settingsOf(protectionSettings(record.protection));
  if (printJson(context, { protection: record.protection, weaknesses: record.weaknesses })) return;
  await printList(context, { items }, COLUMNS);
  tellWeaknesses(context, record);
}

type Setting = Readonly<Record<'name' | 'value' | 'meaning', string>>;

const COLUMNS: readonly Column<Setting>[] = [
  { title: 'setting', value: ({ name }) => name },
  { title: 'value', value: ({ value }) => value },
  { title: 'meaning', value: ({ meaning }) => meaning },
];

async function change(
  context: Context,
  name: string,
  { settings, options }: { readonly settings: readonly string[]; readonly options: ProtectOptions },
): Promise<void> {
  const [{ serviceShow, serviceUpdate }, { isSetting, isText }] = await Promise.all([
    import('../../operations/contracts/services.ts'),
    import('./settings.ts'),
  ]);
  const client = await context.client();
  const before = await client.call(serviceShow, { name });
  const parts: Record<string, unknown> = structuredClone(before.protection);
  const changed = new Set<string>();
  for (const text of settings) {
    const at = text.indexOf('=');
    const path = at < 0 ? '' : text.slice(0, at);
    if (!isSetting(path)) {
      throw usageFailure(
        `There is no setting "${at < 0 ? text : path}"; write part.field=value. See what there is: doorward service protect ${name}`,
      );
    }
    put(parts, path.split('.'), await valueOf(text.slice(at + 1), isText(path)));
    changed.add(path.split('.', 1)[0] ?? '');
  }
  const protection = Object.fromEntries([...changed].map((part) => [part, parts[part] ?? null]));
  const record = await client.call(serviceUpdate, {
    name,
    protection, // the server looks at what people wrote
    acceptWeaker: options.acceptWeaker === true,
  });
  if (printJson(context, record)) return;
  context.say(`Service ${name} is guarded as you said; calls under way by the old settings end.`);
  tellWeaknesses(context, record);
}

function tellWeaknesses(context: Context, { weaknesses }: ServiceRecord): void {
  for (const sentence of weaknesses) context.warn(sentence);
}

/** Puts a value where the path leads; `undefined` takes away what is there. */
function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    if (value === undefined) delete into[name];
    else into[name] = value;
    return;
  }
  const inner = into[name];
  const object: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {};
  put(object, rest, value);
  into[name] = object;
}

async function valueOf(text: string, isText: boolean): Promise<unknown> {
  if (text === '') return undefined;
  if (text.startsWith('@')) return await fileText(text.slice(1));
  if (isText) return text === 'null' ? null : text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw usageFailure(`${path} can not be read (${code}).`);
  }
}
