// What `doorward grant add` and `set` take as constraints of a grant, and how they are shown.
import type { Command } from 'commander';
import type { QueryRule } from '../../core/constraints.ts';
import type { GrantRecord } from '../../operations/contracts/grants.ts';
import { collect } from '../define.ts';
import { usageFailure } from '../failure.ts';
import { bodyRuleFrom, bodyRuleText, type BodyOptions } from './body-rule.ts';

type Constraints = GrantRecord['constraints'];

export interface ConstraintOptions extends BodyOptions {
  readonly action?: readonly string[];
  readonly methods?: string;
  readonly query?: readonly string[];
  readonly maxBody?: string;
  readonly contentType?: readonly string[];
  readonly hours?: string;
  readonly days?: string;
  readonly timeZone?: string;
  readonly from?: readonly string[];
}

export const CONSTRAINT_NOTES =
  'Constraints narrow what the patterns allow. A parameter of --query is NAME, NAME=VALUE or NAME=BEGINNING* where it is\n' +
  'allowed (then those that are not named are refused), +NAME where it must be there, !NAME where it may not be. A rule of\n' +
  '--graphql is TYPE, TYPE:FIELD,FIELD or TYPE/NAME:FIELD, such as query:viewer; one of --mcp-tool is a tool and, if need be,\n' +
  "arguments that it must have: 'create_issue owner=acme'. See docs/policy.md.";

export function withConstraints(command: Command): Command {
  return command
    .option(
      '--action <name>',
      'An action of the service in the catalogue, such as chat; may be repeated',
      collect,
    )
    .option('--methods <list>', 'Only these methods, such as GET,POST')
    .option('--query <rule>', 'A rule for a parameter, such as state=open; may be repeated', collect)
    .option('--max-body <size>', 'The longest body of a request: 65536, 64K or 2M')
    .option(
      '--content-type <type>',
      'Only bodies of this type, such as application/json; may be repeated',
      collect,
    )
    .option('--hours <from-to>', 'Only at these hours, such as 09:00-18:00')
    .option('--days <list>', 'Only on these days, such as mon-fri or sat,sun')
    .option('--time-zone <name>', 'Of hours and days, such as Europe/Berlin; UTC unless told')
    .option('--from <range>', 'Only from this address or range, such as 10.0.0.0/8; may be repeated', collect)
    .option('--graphql <rule>', 'Only this GraphQL operation, such as query:viewer; may be repeated', collect)
    .option('--json-rpc <method>', 'Only this JSON-RPC method, such as eth_*; may be repeated', collect)
    .option('--mcp-tool <tool>', 'Only this tool of an MCP server; may be repeated', collect)
    .option('--body-at <path>', 'Where the rules for bodies hold, such as /graphql; may be repeated', collect)
    .option('--batches', 'Several requests may come in one body');
}

/** Those that are named. */
export function constraintsFrom(options: ConstraintOptions): Constraints {
  const { action, methods, query, maxBody, contentType, hours, days, timeZone, from } = options;
  const body = bodyRuleFrom(options);
  return {
    ...(action === undefined ? {} : { actions: action }),
    ...(methods === undefined ? {} : { methods: listOf(methods).map((one) => one.toUpperCase()) }),
    ...(query === undefined ? {} : { query: queryRules(query) }),
    ...(maxBody === undefined ? {} : { maxBodyBytes: bytesOf(maxBody) }),
    ...(contentType === undefined ? {} : { contentTypes: contentType.map((one) => one.toLowerCase()) }),
    ...(hours === undefined ? {} : { hours }),
    ...(days === undefined ? {} : { days: daysOf(days) }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(from === undefined ? {} : { sources: from }),
    ...(body === undefined ? {} : { body: [body] }),
  } as Constraints; // what the texts are is checked where the request is parsed
}

const LIFTED: Readonly<Record<string, readonly (keyof Constraints)[]>> = {
  action: ['actions'],
  methods: ['methods'],
  query: ['query'],
  'max-body': ['maxBodyBytes'],
  'content-type': ['contentTypes'],
  hours: ['hours'],
  days: ['days'],
  'time-zone': ['timeZone'],
  from: ['sources'],
  body: ['body'],
};

/** Null for each constraint that is taken away. */
export function liftedFrom(names: readonly string[]): Partial<Record<keyof Constraints, null>> {
  const lifted = names.flatMap((name) => {
    if (name === 'all') return Object.values(LIFTED).flat();
    const parts = Object.hasOwn(LIFTED, name) ? LIFTED[name] : undefined;
    if (parts !== undefined) return parts;
    throw usageFailure(`--lift takes one of ${Object.keys(LIFTED).join(', ')} or all.`);
  });
  return Object.fromEntries(lifted.map((part) => [part, null]));
}

/** One text for each. */
export function constraintTexts(constraints: Constraints): string[] {
  const { actions, methods, query, maxBodyBytes, contentTypes, sources, body = [] } = constraints;
  const { hours, days, timeZone } = constraints;
  const when = [days?.join(','), hours, timeZone ?? 'UTC'].filter((text) => text !== undefined).join(' ');
  return [
    ...(actions === undefined ? [] : [`actions ${actions.join(', ')}`]),
    ...(methods === undefined ? [] : [`methods ${methods.join(', ')}`]),
    ...(query === undefined ? [] : [`query ${query.map(queryText).join(' ')}`]),
    ...(maxBodyBytes === undefined ? [] : [`bodies of at most ${maxBodyBytes} bytes`]),
    ...(contentTypes === undefined ? [] : [`content types ${contentTypes.join(', ')}`]),
    ...(hours === undefined && days === undefined ? [] : [`at ${when}`]),
    ...(sources === undefined ? [] : [`from ${sources.join(', ')}`]),
    ...body.map(bodyRuleText),
  ];
}

function listOf(text: string): string[] {
  return text.split(',').map((one) => one.trim());
}

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function daysOf(text: string): string[] {
  return listOf(text.toLowerCase()).flatMap((one) => {
    const [from = '', to] = one.split('-');
    if (to === undefined) return [from];
    const [first, last] = [WEEK.indexOf(from), WEEK.indexOf(to)];
    if (first === -1 || last === -1) throw usageFailure('--days takes days such as mon-fri or sat,sun.');
    const week = [...WEEK, ...WEEK];
    return week.slice(first, last < first ? last + 8 : last + 1);
  });
}

function bytesOf(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})\s*([km]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined)
    throw usageFailure('--max-body takes a number of bytes, such as 65536, 64K or 2M.');
  return Number(digits) * { '': 1, k: 1024, m: 1024 * 1024 }[unit.toLowerCase() as '' | 'k' | 'm'];
}

function queryRules(texts: readonly string[]): QueryRule[] {
  const rules = new Map<string, QueryRule>();
  for (const text of texts) {
    const [, sign = '', name = '', value] = /^([+!]?)([^=]+)(?:=(.*))?$/.exec(text) ?? [];
    if (name === '') throw usageFailure('--query takes NAME, NAME=VALUE, +NAME or !NAME.');
    const use = sign === '+' ? 'required' : sign === '!' ? 'forbidden' : 'allowed';
    const before = rules.get(name);
    if (before !== undefined && before.use !== use) throw usageFailure(`--query names ${name} in two ways.`);
    const isPrefix = value?.endsWith('*') === true;
    rules.set(name, {
      ...before,
      name,
      use,
      ...(value === undefined || isPrefix ? {} : { values: [...(before?.values ?? []), value] }),
      ...(isPrefix ? { prefixes: [...(before?.prefixes ?? []), value.slice(0, -1)] } : {}),
    });
  }
  return [...rules.values()];
}

function queryText({ name, use, values = [], prefixes = [] }: QueryRule): string {
  const signed = `${use === 'required' ? '+' : use === 'forbidden' ? '!' : ''}${name}`;
  const texts = [...values, ...prefixes.map((prefix) => `${prefix}*`)].map((value) => `${signed}=${value}`);
  return texts.length === 0 ? signed : texts.join(' ');
}
