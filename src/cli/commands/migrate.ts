// `doorward migrate`: the schema of a Postgres database, or the move of an embedded installation to one.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import { define } from '../define.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'migrate',
    summary: 'Bring the schema up to date, or move to Postgres',
    examples: [
      'DATABASE_URL=postgres://… doorward migrate',
      'doorward migrate --to postgres://doorward@db.internal/doorward',
    ],
    notes:
      'Without --to or --to-file the schema of the Postgres database in DATABASE_URL is brought up to date, by the role of\n' +
      'DOORWARD_MIGRATION_DATABASE_URL where that is set. With it the server must be stopped; the embedded database is left\n' +
      'as it is, and no server starts on it any more.',
  })
    .option('--to <url>', 'Empty Postgres database to move the embedded installation to')
    .option('--to-file <path>', 'File that holds that address, where it has a password')
    .action(async (options: { to?: string; toFile?: string }, command: Command) => {
      const { migrate } = await import('../offline.ts');
      await migrate(open(command), options);
    });
}
