// `doorward uninstall`: the installation of this data directory goes, and leaves nothing.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import { define } from '../define.ts';
import type { UninstallOptions } from '../import/uninstall.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'uninstall',
    summary: 'Put files back, and remove everything that is stored',
    examples: ['doorward uninstall --restore', 'doorward uninstall --restore --stop --confirm doorward'],
    notes:
      'Removes the data directory with every key in it, the root key and the owner credential wherever they lie, and the\n' +
      'completion lines of your shell. A Postgres database and the program itself stay. Files in which import put\n' +
      'placeholders get their keys back with --restore; without it they must be settled before.',
  })
    .option('--restore', 'Put back every file that an import changed, as it was')
    .option('--stop', 'Stop the server that runs here, and end its runs')
    .option('--confirm <name>', 'The word doorward, where nobody can be asked')
    .action(async (options: UninstallOptions, command: Command) => {
      const { uninstall } = await import('../import/uninstall.ts');
      await uninstall(open(command), options);
    });
}
