// What a check is: it looks at one thing, changes nothing, and says how it is and what to do about it.
import type { ServerConfig } from '../../config.ts';
import type { Clock } from '../../core/time.ts';
import type { Inspector } from '../../inspect.ts';
import type { Context } from '../context.ts';
import type { ServerView } from './server-view.ts';

export type Level = 'pass' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  /** How it is, in one sentence that names what was looked at. Never holds a value. */
  readonly summary: string;
  /** What to do about it: a command where there is one. */
  readonly fix?: string;
}

/** What every check can look at. */
export interface Scene {
  readonly context: Context;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Whether upstreams may be connected to. */
  readonly isOnline: boolean;
  /** Undefined where the configuration is not valid; the check of the settings says why. */
  readonly configured: Configured | undefined;
}

export interface Configured {
  readonly config: ServerConfig;
  readonly inspector: Inspector;
  readonly socketPath: string;
  /** The server that may run on this configuration; asked once. */
  readonly server: () => Promise<ServerView>;
}

export const AREAS = [
  'configuration',
  'process',
  'files',
  'server',
  'root key',
  'database',
  'egress',
  'runs',
] as const;
type Area = (typeof AREAS)[number];

export interface Check {
  readonly name: string;
  readonly area: Area;
  readonly run: (scene: Scene) => Promise<readonly Finding[]> | readonly Finding[];
}

/** A check that makes no sense without a configuration: then it finds nothing. */
export function withConfiguration(
  run: (configured: Configured, scene: Scene) => Promise<readonly Finding[]> | readonly Finding[],
): Check['run'] {
  return (scene) => (scene.configured === undefined ? [] : run(scene.configured, scene));
}

export function pass(summary: string): Finding {
  return { level: 'pass', summary };
}

export function warn(summary: string, fix: string): Finding {
  return { level: 'warn', summary, fix };
}

export function fail(summary: string, fix: string): Finding {
  return { level: 'fail', summary, fix };
}
