// Work that comes round: each job one run at a time, failures logged and tried again at the next turn.
import type { Log } from '../telemetry/log.ts';

export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<unknown>;
}

export interface Scheduler {
  /** Starts no further run and waits for those under way. */
  stop(): Promise<void>;
}

/** The first run of each is at once: a server that died may have left something to do. */
export function startJobs(jobs: readonly Job[], log: Log): Scheduler {
  const running = new Map<string, Promise<unknown>>();
  const turn = (job: Job) => {
    if (running.has(job.name)) return;
    const run = job
      .run()
      .catch((error: unknown) => log.warn({ error, job: job.name }, 'a job failed'))
      .finally(() => running.delete(job.name));
    running.set(job.name, run);
  };
  const timers = jobs.map((job) => {
    turn(job);
    return setInterval(() => turn(job), job.everyMs).unref();
  });
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running.values());
    },
  };
}
