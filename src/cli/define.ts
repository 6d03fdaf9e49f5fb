// How commands are made: usage, one line of help, and two examples that open it.
import type { Command } from 'commander';

interface Definition {
  /** Name and arguments as commander reads them: `add <name>`. */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly [string, string];
  /** What else the help says, after the options. */
  readonly notes?: string;
}

export function define(parent: Command, definition: Definition): Command {
  const command = parent
    .command(definition.usage)
    .description(definition.summary)
    .helpCommand(false)
    .configureHelp({ subcommandTerm })
    .addHelpText('before', exampleText(definition.examples));
  return definition.notes === undefined ? command : command.addHelpText('after', `\n${definition.notes}`);
}

/** A verb as a group's help lists it: name, alias and arguments. */
export function subcommandTerm(command: Command): string {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [[command.name(), ...command.aliases()].join('|'), ...words].join(' ');
}

export function exampleText(examples: readonly [string, string]): string {
  return `Examples:\n${examples.map((line) => `  $ ${line}\n`).join('')}`;
}

/** Collects a flag that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
