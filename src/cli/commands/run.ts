// `doorward run`: starts an agent's process with a placeholder instead of keys, out of reach of ours, and ends the run
// with it.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { runStart } from '../../operations/contracts/runs.ts';
import { runChild } from '../../runner/child.ts';
import { childEnvironment } from '../../runner/environment.ts';
import { findExecutable } from '../../runner/executable.ts';
import { findHiddenPlaces, findHider } from '../../runner/hidden-places.ts';
import { chooseSandbox } from '../../runner/registry.ts';
import type { HiddenPlaces } from '../../runner/sandbox.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem, usageFailure } from '../failure.ts';
import type { OpenContext } from '../command.ts';

type StartedRun = z.output<(typeof runStart)['output']>;
type CommandLine = readonly [string, ...string[]];

interface RunOptions {
  readonly sandbox: 'auto' | 'require' | 'off';
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'run <agent> [command...]',
    summary: 'Start an agent that can call, but never sees a key',
    examples: ['doorward run claude -- claude', 'doorward run worker --sandbox require -- node agent.js'],
    notes:
      'The command gets the address and key variables of the services granted to the agent, set to this broker and to\n' +
      'a placeholder that is worthless once the command has ended. Its exit code is returned. Where bubblewrap works,\n' +
      'the command can not see the data directory, the root key, the owner credential, the admin socket and other\n' +
      'processes.',
  })
    .usage('<agent> [options] -- <command> [arguments...]')
    .addOption(
      new Option('--sandbox <when>', 'auto: where it works; require: or fail; off: never')
        .choices(['auto', 'require', 'off'])
        .default('auto'),
    )
    .action(async (agent: string, words: readonly string[], options: RunOptions, command: Command) => {
      const [first, ...rest] = words;
      if (first === undefined) throw usageFailure('No command: doorward run AGENT -- COMMAND [ARGUMENTS...]');
      const context = open(command);
      context.exitCode = await run(context, { agent, command: [first, ...rest], sandbox: options.sandbox });
    });
}

interface RunRequest extends RunOptions {
  readonly agent: string;
  readonly command: CommandLine;
}

async function run(context: Context, request: RunRequest): Promise<number> {
  const program = findExecutable(request.command[0], context.terminal.environment);
  if (program === undefined) {
    context.warn(`The command ${request.command[0]} is not found or not executable.`);
    return 127;
  }
  const hidden = await findPrivatePlaces(context, program);
  const [{ runStart: startContract }, client] = await Promise.all([
    import('../../operations/contracts/runs.ts'),
    context.client(),
  ]);
  const brokerUrl = await findBrokerUrl(client);
  const started = await client.call(startContract, { agent: request.agent });
  const stopRenewing = keepRenewing(context, client, started);
  try {
    return await runCommand(context, request, { started, hidden, brokerUrl });
  } finally {
    stopRenewing();
    await endRun(context, client, started);
  }
}

interface Prepared {
  readonly started: StartedRun;
  readonly hidden: HiddenPlaces;
  readonly brokerUrl: string;
}

async function runCommand(context: Context, request: RunRequest, prepared: Prepared): Promise<number> {
  const { started, hidden, brokerUrl } = prepared;
  const { stdin, stdout, stderr } = context.terminal;
  const { environment, replaced } = childEnvironment(context.terminal.environment, { ...started, brokerUrl });
  for (const name of replaced) context.warn(`${name} was set; the command gets the placeholder instead.`);
  const sandboxRequest = { command: request.command, hidden, workingDirectory: process.cwd(), environment };
  const { launch, hides, reason } = chooseSandbox(sandboxRequest, request.sandbox === 'off' ? 'off' : 'auto');
  if (!hides) {
    const why = `Nothing is hidden from the command: ${reason ?? 'no sandbox'}.`;
    if (request.sandbox === 'require') throw new CommandFailure(EXIT.failed, why);
    const places = [...hidden.directories, ...hidden.files, 'the memory of your processes'].join(', ');
    context.warn(`${why} It can read what you can: ${places}.`);
  }
  const sharesTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true);
  return runChild({ launch, environment, sharesTerminal });
}

/** Every place the command must not see. Refuses a command or working directory that lies in one. */
async function findPrivatePlaces(context: Context, program: string): Promise<HiddenPlaces> {
  const [{ adminSocketPath }, { secretFileVariables }, config] = await Promise.all([
    import('../../core/socket-path.ts'),
    import('../../config.ts'),
    context.config(),
  ]);
  const { dataDirectory, rootKeyFile, ownerCredentialFile, runtimeDirectory } = config;
  const hidden = findHiddenPlaces({
    dataDirectory,
    files: [
      rootKeyFile,
      ownerCredentialFile,
      adminSocketPath(dataDirectory, runtimeDirectory),
      ...secretFileVariables()
        .map((name) => context.terminal.environment[name] ?? '')
        .filter((file) => file !== ''),
    ],
  });
  for (const [what, path] of [
    ['working directory', process.cwd()],
    ['command', program],
  ] as const) {
    const hider = findHider(hidden, path);
    if (hider !== undefined) {
      throw usageFailure(
        `The ${what} ${path} lies in ${hider}, which is hidden from the command. Start it elsewhere.`,
      );
    }
  }
  return hidden;
}

async function findBrokerUrl(client: Client): Promise<string> {
  if (client.address.kind === 'url') return client.address.url;
  const { statusShow } = await import('../../operations/contracts/status.ts');
  return (await client.call(statusShow, {})).url.replace(/\/+$/, '');
}

/** Renews the run until told to stop; says once when the server has given the run up. */
function keepRenewing(
  context: Context,
  client: Client,
  { run: id, renewEverySeconds }: StartedRun,
): () => void {
  let isTold = false;
  const renew = async () => {
    const { runRenew } = await import('../../operations/contracts/runs.ts');
    try {
      await client.call(runRenew, { run: id });
      isTold = false;
    } catch (error) {
      // A server in trouble may recover; any other refusal is final.
      const isOver = error instanceof ServerProblem && error.body.status < 500;
      if (isOver) clearInterval(timer);
      if (!isTold)
        context.warn(
          isOver ? `The run was ended: ${error.sentence}` : 'The run could not be renewed; trying on.',
        );
      isTold = true;
    }
  };
  const timer = setInterval(() => void renew(), renewEverySeconds * 1000);
  return () => clearInterval(timer);
}

async function endRun(context: Context, client: Client, { run: id }: StartedRun): Promise<void> {
  const { runEnd } = await import('../../operations/contracts/runs.ts');
  try {
    const { calls, refused, failed } = await client.call(runEnd, { run: id });
    context.say(`run ${id}: ${count(calls, 'call')}, ${String(refused)} refused, ${String(failed)} failed`);
  } catch (error) {
    const reason = error instanceof ServerProblem ? error.sentence : 'the server does not answer';
    context.warn(`The run ${id} could not be ended (${reason}); it ends by itself when it is not renewed.`);
  }
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
