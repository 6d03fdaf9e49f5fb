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
import { DEFAULT_AGENT } from '../add-key.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem, usageFailure } from '../failure.ts';
import { findBrokerUrl } from '../test-key.ts';
import type { OpenContext } from '../command.ts';

type StartedRun = z.output<(typeof runStart)['output']>;
type CommandLine = readonly [string, ...string[]];

interface RunOptions {
  readonly sandbox: 'auto' | 'require' | 'off';
  readonly learn?: true;
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'run [agent] [command...]',
    summary: 'Start an agent that can call, but never sees a key',
    examples: ['doorward run -- claude', 'doorward run worker --sandbox require -- node agent.js'],
    notes:
      `Without a name before -- it is the agent ${DEFAULT_AGENT}. ` +
      'The command gets the address and key variables of the services granted to the agent, set to this broker and to\n' +
      'a placeholder that is worthless once the command has ended. Its exit code is returned. Where bubblewrap works,\n' +
      'the command can not see the data directory, the root key, the owner credential, the admin socket and other\n' +
      'processes.',
  })
    .usage('[agent] [options] -- <command> [arguments...]')
    .addOption(
      new Option('--sandbox <when>', 'auto: where it works; require: or fail; off: never')
        .choices(['auto', 'require', 'off'])
        .default('auto'),
    )
    .option('--learn', 'At the end, show the smallest grants that cover what the command called')
    .action(
      async (
        _agent: string | undefined,
        _words: readonly string[],
        options: RunOptions,
        command: Command,
      ) => {
        const { agent, words } = split(command, rawArguments(program));
        const [first, ...rest] = words;
        if (first === undefined) {
          throw usageFailure(
            'No command: doorward run -- COMMAND [ARGUMENTS...], or doorward run AGENT -- COMMAND',
          );
        }
        const context = open(command);
        context.exitCode = await run(context, { ...options, agent, command: [first, ...rest] });
      },
    );
}

/** Commander tells all words as one list: how many of them stood behind `--` says whether the first is an agent. */
function split({ args }: Command, raw: readonly string[]): { agent: string; words: readonly string[] } {
  const at = raw.indexOf('--');
  const behind = at === -1 ? 0 : raw.length - at - 1;
  if (at !== -1 && behind >= args.length) return { agent: DEFAULT_AGENT, words: args };
  const [agent = DEFAULT_AGENT, ...words] = args;
  return { agent, words };
}

/** The arguments as they were typed: commander keeps them and does not say so in its types. */
function rawArguments(program: Command): readonly string[] {
  return 'rawArgs' in program && Array.isArray(program.rawArgs) ? program.rawArgs.map(String) : [];
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
  const started = await client.call(startContract, { agent: request.agent }).catch((error: unknown) => {
    throw explainMissing(error, request.agent);
  });
  introduce(context, started);
  const stopRenewing = keepRenewing(context, client, started);
  try {
    return await runCommand(context, request, { started, hidden, brokerUrl });
  } finally {
    stopRenewing();
    await endRun(context, client, started);
    if (request.learn === true) await learn(context, started);
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
  const { environment, replaced, removed, shadowed } = childEnvironment(context.terminal.environment, {
    ...started,
    brokerUrl,
    command: request.command[0],
  });
  for (const name of replaced) context.warn(`${name} was set; the command gets the placeholder instead.`);
  for (const name of removed) context.warn(`${name} was set; the command gets its other variable instead.`);
  for (const [service, other] of shadowed) {
    context.warn(
      `${service} has the variables of ${other}, which keeps them; it is called at /call/${service} only.`,
    );
  }
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

/** The agent that `doorward add` makes is not there before the first key. */
function explainMissing(error: unknown, agent: string): unknown {
  const isMissing = error instanceof ServerProblem && error.body.code === 'not-found';
  if (!isMissing || agent !== DEFAULT_AGENT) return error;
  return new CommandFailure(
    EXIT.failed,
    'There is no key to call with yet. Add one first, such as: doorward add openai',
  );
}

/** A line before the command has the terminal: what it may call, and where that can be watched. */
function introduce(context: Context, { agent, services }: StartedRun): void {
  if (services.length === 0) {
    context.warn(
      `The agent ${agent} may call nothing yet: doorward add SERVICE, or doorward grant add ${agent} SERVICE`,
    );
  } else if (context.terminal.stderr.isTTY === true) {
    context.say(
      `agent ${agent}: ${services.map(({ name }) => name).join(', ')}. To watch its calls: doorward log -f`,
    );
  }
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

/** The command has ended with an exit code of its own, which this must not take the place of. */
async function learn(context: Context, { agent, run: id }: StartedRun): Promise<void> {
  const { tellLearned } = await import('../policy/tighten.ts');
  try {
    await tellLearned(context, { agent, run: id });
  } catch (error) {
    const reason = error instanceof ServerProblem ? error.sentence : 'the server does not answer';
    context.warn(`What the run called could not be read (${reason}): doorward grant tighten ${agent}`);
  }
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
