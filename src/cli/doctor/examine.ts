// Every check in turn, as one report. A check that breaks is a finding of its own and does not hide the others'.
import { parseServerConfig } from '../../config.ts';
import { Problem } from '../../core/problem.ts';
import { adminSocketPath } from '../../core/socket-path.ts';
import type { Clock } from '../../core/time.ts';
import { createInspector } from '../../inspect.ts';
import { type Context, effectiveEnvironment } from '../context.ts';
import type { Check, Configured, Finding, Level, Scene } from './check.ts';
import { CHECKS } from './registry.ts';
import { type ServerView, viewServer } from './server-view.ts';

export interface Found extends Finding {
  readonly area: Check['area'];
  readonly check: string;
}

interface ExamineOptions {
  readonly clock: Clock;
  readonly isOnline: boolean;
}

export async function examine(
  context: Context,
  { clock, isOnline }: ExamineOptions,
): Promise<readonly Found[]> {
  const environment = effectiveEnvironment(context);
  const scene: Scene = { context, environment, clock, isOnline, configured: configure(context, clock) };
  const found: Found[] = [];
  for (const check of CHECKS) {
    const findings = await runCheck(check, scene);
    found.push(...findings.map((finding) => ({ area: check.area, check: check.name, ...finding })));
  }
  return found;
}

function configure(context: Context, clock: Clock): Configured | undefined {
  try {
    const config = parseServerConfig(effectiveEnvironment(context));
    let view: Promise<ServerView> | undefined;
    return {
      config,
      inspector: createInspector(config, clock),
      socketPath: adminSocketPath(config.dataDirectory, config.runtimeDirectory),
      server: () => (view ??= viewServer(context, clock)),
    };
  } catch (error) {
    if (error instanceof Problem) return undefined; // the check of the settings says all of it
    throw error;
  }
}

/** What broke is told by its code: its text may hold what was read. */
async function runCheck({ name, run }: Check, scene: Scene): Promise<readonly Finding[]> {
  try {
    return await run(scene);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    return [
      {
        level: 'warn',
        summary: `The check ${name} could not be made (${code})`,
        fix: 'Run doorward doctor as the user that runs the server',
      },
    ];
  }
}

export function worstOf(found: readonly Finding[]): Level {
  if (found.some(({ level }) => level === 'fail')) return 'fail';
  return found.some(({ level }) => level === 'warn') ? 'warn' : 'pass';
}
