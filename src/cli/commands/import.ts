// `doorward import`: keys that lie in files become keys of the vault, and placeholders can take their places.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import type { ImportOptions } from '../import/import-options.ts';

interface Options extends ImportOptions {
  readonly restore?: true;
  readonly forget?: true;
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'import [path...]',
    summary: 'Take keys in from .env files and the like; put placeholders in their places',
    examples: ['doorward import .env', 'doorward import . --replace'],
    notes:
      'Reads .env files, ~/.aws/credentials, ~/.netrc, hosts.yml of gh, and the env of MCP servers (Claude, Cursor, VS Code);\n' +
      'of a directory, the files of those names in it. Without a path: those of the working directory. What is found is\n' +
      'shown first, masked, and nothing happens before it is agreed to.\n' +
      'With --replace, files are kept before they are changed, in the data directory and encrypted to the owner credential.',
  })
    .option('--environment', "Also this process's environment")
    .option('--home', 'Also the places in the home directory where programs keep keys')
    .option('--dry-run', 'Show what would be done, and do nothing')
    .option('--replace', 'Put placeholders in place of the keys in the files')
    .option('--agent <name>', 'Agent that may call with the keys', 'default')
    .option('--no-test', 'Make no test calls')
    .option('--restore', 'Put back every file that was changed, as it was')
    .option('--forget', 'Remove what was kept of changed files, for good')
    .action(async (paths: readonly string[], options: Options, command: Command) => {
      const context = open(command);
      if (options.restore === true || options.forget === true) {
        if (options.restore === options.forget || paths.length > 0 || options.replace === true) {
          throw usageFailure('--restore and --forget stand alone: give one of them, and no path.');
        }
        await undo(context, options);
        return;
      }
      const { importKeys } = await import('../import/import-keys.ts');
      await importKeys(context, paths, options);
    });
}

async function undo(context: Context, { restore }: Options): Promise<void> {
  const { forgetBackups, restoreFiles } = await import('../import/undo.ts');
  await (restore === true ? restoreFiles(context) : forgetBackups(context));
}
