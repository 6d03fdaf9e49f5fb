// The entry: arguments in, exit code out. Everything else is behind the CLI.
import { main } from './cli/main.ts';
import { processTerminal } from './cli/terminal.ts';

process.exitCode = await main(process.argv.slice(2), processTerminal());
