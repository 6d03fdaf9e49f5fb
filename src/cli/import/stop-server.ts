// Whether a server runs on the data directory, and stopping it in the way its own terminal would.
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { ClientConfig } from '../../config.ts';
import { adminSocketPath } from '../../core/socket-path.ts';
import { agentList, agentRevoke } from '../../operations/contracts/agents.ts';
import { callAllPages } from '../client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';

const LIMIT_MS = 60_000;
const ASK_EVERY_MS = 100;

/** Whether something listens on the admin socket. */
export async function isServerRunning({ dataDirectory, runtimeDirectory }: ClientConfig): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(adminSocketPath(dataDirectory, runtimeDirectory));
    const settle = (isAlive: boolean) => {
      socket.destroy();
      done(isAlive);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(!['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code ?? '')),
    );
  });
}

/** Runs end first, so that nothing is called on while the server finishes. The answer is how many there were. */
export async function endRuns(context: Context): Promise<number> {
  const client = await context.client();
  const agents = await callAllPages(client, agentList, {});
  let ended = 0;
  for (const { name } of agents.items) ended += (await client.call(agentRevoke, { name })).runsEnded;
  return ended;
}

/** SIGTERM to the process that holds the data directory, and waiting until it is gone. */
export async function stopServer(config: ClientConfig): Promise<void> {
  const pid = holderOf(config.dataDirectory);
  if (pid === undefined) throw unstoppable(config, 'which process it is can not be told for sure');
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    throw unstoppable(config, 'this user may not stop it', cause);
  }
  const fromMs = performance.now();
  while ((await isServerRunning(config)) || holderOf(config.dataDirectory) === pid) {
    if (performance.now() - fromMs > LIMIT_MS) throw unstoppable(config, 'it has not ended within a minute');
    await new Promise((resolve) => {
      setTimeout(resolve, ASK_EVERY_MS);
    });
  }
}

/** The process in the lock file, if it still is the one that wrote it: numbers are used again. */
function holderOf(dataDirectory: string): number | undefined {
  try {
    const [pid = '', start = ''] = readFileSync(join(dataDirectory, 'server.lock'), 'utf8').split(' ');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return /^[1-9]\d*$/.test(pid) && start.startsWith(`${ticks}@`) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

function unstoppable({ dataDirectory }: ClientConfig, why: string, cause?: unknown): CommandFailure {
  return new CommandFailure(
    EXIT.failed,
    `The server on ${dataDirectory} runs on: ${why}. Stop it where it was started (Ctrl-C, or systemctl stop doorward), ` +
      'then run this again. Nothing was removed.',
    { cause },
  );
}
