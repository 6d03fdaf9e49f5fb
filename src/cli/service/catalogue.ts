// `doorward service catalogue` and `describe`: what Doorward knows of a service before anybody has stored a key for it.
// Read from the files that come with the program: no server is asked.
import type { Command } from 'commander';
import type { CatalogueEntry } from '../../catalogue/entry.ts';
import { printAuth } from '../../core/auth-text.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { type Column, printList, printRecord } from '../output.ts';

export function registerCatalogue(service: Command, open: OpenContext): void {
  define(service, {
    usage: 'catalogue [search...]',
    summary: 'List the services Doorward knows by itself',
    examples: ['doorward service catalogue', 'doorward service catalogue mail --json'],
    notes:
      'A service that is not in it is added by hand: doorward service add acme --base-url https://api.acme.dev --auth bearer\n' +
      '--secret acme',
  }).action(async (words: string[], _options: object, command: Command) => list(open(command), words));
  define(service, {
    usage: 'describe <id>',
    summary: 'Show what the catalogue says of one service',
    examples: ['doorward service describe github', 'doorward service describe stripe --json'],
  }).action(async (id: string, _options: object, command: Command) => describe(open(command), id));
}

async function list(context: Context, words: readonly string[]): Promise<void> {
  const { searchCatalogue } = await import('../../catalogue/catalogue.ts');
  const items = searchCatalogue(words.join(' '));
  if (items.length === 0) throw unknown(`Nothing in the catalogue goes by "${words.join(' ')}".`);
  await printList(context, { items }, COLUMNS);
}

async function describe(context: Context, id: string): Promise<void> {
  const { readEntry } = await import('../../catalogue/catalogue.ts');
  const entry = readEntry(id.toLowerCase());
  if (entry === undefined) throw unknown(`The catalogue has no service "${id}".`);
  await printRecord(context, entry, fieldsOf(entry));
}

function unknown(what: string): CommandFailure {
  return new CommandFailure(
    EXIT.failed,
    `${what} See what it has: doorward service catalogue. Any other service is added by hand: doorward service add --help`,
  );
}

const COLUMNS: readonly Column<CatalogueEntry>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'name', value: ({ name }) => name },
  { title: 'key variables', value: ({ env }) => listed(env) },
  { title: 'verified', value: (entry) => standingOf(entry) },
  { title: 'actions', value: ({ actions }) => listed(Object.keys(actions)) },
];

function standingOf({ verified, unsupported }: CatalogueEntry): string {
  if (unsupported !== undefined) return 'not supported yet';
  return verified ? 'yes' : 'no';
}

function listed(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.join(', ');
}

type Field = readonly [string, string | null];

function fieldsOf(entry: CatalogueEntry): Field[] {
  const { testCall, oauth } = entry;
  return [
    ['id', entry.id],
    ['name', entry.name],
    ['category', entry.category],
    ['verified', standingOf(entry)],
    ...optional('unsupported', entry.unsupported),
    ['base url', entry.baseUrl],
    ...Object.entries(entry.variables ?? {}).map(
      ([name, { description, example }]): Field => [`{${name}}`, `${description}, such as ${example}`],
    ),
    ['auth', printAuth(entry.auth)],
    ...(entry.credential === 'static' ? [] : [['credential', entry.credential] as const]),
    ...optional('value', entry.valueTemplate),
    ...Object.entries(entry.headers).map(([name, value]): Field => ['header', `${name}: ${value}`]),
    ['key variables', listed(entry.env)],
    ['url variables', listed(entry.baseUrlEnv.map(({ name, suffix }) => name + (suffix && `=${suffix}`)))],
    ['key pattern', entry.keyPattern ?? null],
    ['test call', testCall === undefined ? null : `${testCall.method} ${testCall.path}`],
    ...optional('oauth', oauth?.authorizationUrl ?? oauth?.tokenUrl),
    ['documentation', entry.docsUrl],
    ...optional('notes', entry.notes),
    ...Object.entries(entry.actions).map(
      ([name, { risk, summary, allow }]): Field => [name, `${risk}: ${summary} (${allow.join('; ')})`],
    ),
    ...entry.deny.map((pattern): Field => ['denied', pattern]),
  ];
}

function optional(name: string, value: string | undefined): Field[] {
  return value === undefined ? [] : [[name, value]];
}
