// Replicas as processes: started one after the other, stopped, killed, started again, and never left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes } from '../target.ts';

interface Given {
  readonly launcher: string;
  readonly folder: string;
  /** Loaded before its own code. */
  readonly preload: string;
  readonly environment: Readonly<Record<string, string>>;
}

interface Replica {
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  child: ChildProcess;
}

const START_LIMIT_MS = 60_000;

export class ReplicaProcesses {
  readonly #given: Given;
  readonly #replicas: Replica[] = [];
  #output = '';

  constructor(given: Given) {
    this.#given = given;
  }

  get addresses(): readonly string[] {
    return this.#replicas.map(({ address }) => address);
  }

  environmentOf(replica: number): Readonly<Record<string, string>> {
    return this.#get(replica).environment;
  }

  /** One more. The first one makes the keys, so the others must wait for it. */
  async add(port: number): Promise<void> {
    const directory = join(this.#given.folder, `replica-${this.#replicas.length}`);
    mkdirSync(directory, { mode: 0o700 });
    const environment = {
      ...this.#given.environment,
      DOORWARD_DATA_DIR: directory,
      DOORWARD_LISTEN: `127.0.0.1:${port}`,
    };
    const child = await this.#start(environment);
    this.#replicas.push({ address: `http://127.0.0.1:${port}`, environment, child });
  }

  processes(furtherPlaces: readonly string[]): Processes {
    return {
      pause: (replica) => void this.#get(replica).child.kill('SIGSTOP'),
      resume: (replica) => void this.#get(replica).child.kill('SIGCONT'),
      kill: async (replica) => end(this.#get(replica).child),
      start: async (replica) => {
        const stopped = this.#get(replica);
        stopped.child = await this.#start(stopped.environment);
      },
      output: () => this.#output,
      pids: () => this.#replicas.flatMap(({ child }) => child.pid ?? []),
      privatePlaces: [...this.#directories().slice(0, 1), ...furtherPlaces],
      directories: [...this.#directories(), ...furtherPlaces],
    };
  }

  /** Without waiting for their ends. */
  killNow(): void {
    for (const { child } of this.#replicas) child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    await Promise.all(this.#replicas.map(({ child }) => end(child)));
  }

  async #start(environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--import', this.#given.preload, this.#given.launcher, 'serve'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (piece: Buffer) => (this.#output += piece.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const isOpen = once(child.stdout, 'data').then(() => true); // the banner is printed when everything is open
    const isOver = once(child, 'exit').then(() => false);
    const timer = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    const isStarted = await Promise.race([isOpen, isOver]);
    clearTimeout(timer);
    if (!isStarted) throw new Error(`a replica did not start:\n${this.#output.slice(-2000)}`);
    return child;
  }

  #directories(): readonly string[] {
    return this.#replicas.map(({ environment }) => environment['DOORWARD_DATA_DIR'] ?? '');
  }

  #get(replica: number): Replica {
    const found = this.#replicas[replica];
    if (found === undefined) throw new Error(`there is no replica ${replica}`);
    return found;
  }
}

/** SIGKILL reaches a process that is stopped, too. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const isOver = once(child, 'exit');
  child.kill('SIGKILL');
  await isOver;
}
