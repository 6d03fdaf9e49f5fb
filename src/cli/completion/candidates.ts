// What may stand next on a command line: commands and verbs, flags, their choices, and the names there are just now. Read from
// the commands themselves, so that a command that is added is completed without a line here.
import { Command } from 'commander';
import type { Argument, Option } from 'commander';
import type { RegisteredCommand } from '../command.ts';
import { type Candidate, type NameSource, sourceOf } from './names.ts';

interface Line {
  /** The words before the one that is typed. */
  readonly before: readonly string[];
  readonly current: string;
}

/** `words` stand behind the program's name; the last one is being typed and may be empty. `ask` gets names of a kind. */
export async function findCandidates(
  words: readonly string[],
  commands: readonly RegisteredCommand[],
  ask: (source: NameSource, typed: readonly string[]) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> {
  const line = { before: withoutEquals(words.slice(0, -1)), current: words.at(-1) ?? '' };
  const found = await candidatesOf(line, commands, ask);
  // Whatever a server says is pasted into somebody's shell: nothing but plain words goes there.
  return found
    .filter(({ value }) => value.startsWith(line.current) && /^[A-Za-z0-9_.-]+$/.test(value))
    .map(({ value, description }) => ({ value, description: description.replaceAll(/[^\x20-\x7e]/g, ' ') }));
}

/** Bash tells `--format=json` as three words. */
function withoutEquals(words: readonly string[]): readonly string[] {
  return words.filter((word, at) => word !== '=' || !(words[at - 1] ?? '').startsWith('--'));
}

async function candidatesOf(
  { before, current }: Line,
  commands: readonly RegisteredCommand[],
  ask: Parameters<typeof findCandidates>[2],
): Promise<readonly Candidate[]> {
  const at = before.findIndex((word, index) => !word.startsWith('-') && !isGlobalValue(before[index - 1]));
  const command = commands.find(({ name }) => name === before[at]);
  if (at === -1) return commands.map(({ name, summary }) => ({ value: name, description: summary }));
  if (command === undefined) return [];
  const place = walk(await load(command, commands), before.slice(at + 1));
  if (place === undefined) return [];
  const { leaf, awaited, typed } = place;
  if (awaited === undefined && current.startsWith('-')) return flagsOf(leaf);
  if (awaited === undefined && leaf.commands.length > 0) {
    return leaf.commands.map((verb) => ({ value: verb.name(), description: verb.description() }));
  }
  const wanted = awaited ?? argumentAt(leaf, typed.length);
  if (wanted?.argChoices !== undefined) return wanted.argChoices.map((value) => ({ value, description: '' }));
  const source = wanted === undefined ? undefined : sourceOf(pathOf(leaf), nameOf(wanted));
  return source === undefined ? [] : await ask(source, typed);
}

const GLOBAL_WITH_VALUE = ['--url', '--data-dir'];

function isGlobalValue(earlier: string | undefined): boolean {
  return GLOBAL_WITH_VALUE.includes(earlier ?? '');
}

async function load(command: RegisteredCommand, all: readonly RegisteredCommand[]): Promise<Command> {
  const program = new Command('doorward');
  const open = () => {
    throw new Error('no command is run to complete one');
  };
  (await command.load()).register(program, open, all);
  return program.commands[0] ?? program;
}

interface Place {
  readonly leaf: Command;
  /** The flag whose value is typed. */
  readonly awaited: Option | undefined;
  readonly typed: readonly string[];
}

/** Undefined behind `--`: what stands there is another program's. */
function walk(command: Command, words: readonly string[]): Place | undefined {
  let leaf = command;
  let awaited: Option | undefined;
  const typed: string[] = [];
  for (const [at, word] of words.entries()) {
    const isValue: boolean = awaited !== undefined || isGlobalValue(words[at - 1]);
    awaited = isValue || !word.startsWith('-') ? undefined : valueOption(leaf, word);
    if (isValue || (word.startsWith('-') && word !== '--')) continue;
    if (word === '--') return undefined;
    const verb = leaf.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (verb === undefined) typed.push(word);
    else leaf = verb;
  }
  return { leaf, awaited, typed };
}

function valueOption(leaf: Command, word: string): Option | undefined {
  const option = leaf.options.find(({ long, short }) => long === word || short === word);
  return option?.required === true ? option : undefined;
}

function flagsOf(leaf: Command): readonly Candidate[] {
  return leaf.options.flatMap(({ long, hidden, description }) =>
    long === undefined || long === null || hidden ? [] : [{ value: long, description }],
  );
}

function argumentAt(leaf: Command, index: number): Argument | undefined {
  const { registeredArguments: known } = leaf;
  const last = known.at(-1);
  return known[index] ?? (last?.variadic === true ? last : undefined);
}

function pathOf(leaf: Command): string {
  const parent = leaf.parent?.parent === null ? '' : (leaf.parent?.name() ?? '');
  return `${parent} ${leaf.name()}`.trim();
}

/** `--agent <name>` → `agent`; `<service>` → `service`. */
function nameOf(wanted: Option | Argument): string {
  return 'long' in wanted ? (wanted.long ?? '').replace(/^--/, '') : wanted.name();
}
