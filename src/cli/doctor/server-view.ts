// The server as it can be seen from here: whether one answers, whether it is ready, and what it says of itself to who
// holds the owner credential.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Clock } from '../../core/time.ts';
import type { ServiceRecord } from '../../operations/contracts/services.ts';
import type { statusShow } from '../../operations/contracts/status.ts';
import type { Context } from '../context.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';
import { type Address, readAll, send } from '../transport.ts';

export type ServerView =
  /** `isKilled`: the socket of an earlier one is still there. */
  | { readonly state: 'absent'; readonly isKilled: boolean }
  /** Somebody may be there, but can not be asked. */
  | { readonly state: 'unreachable'; readonly reason: string }
  | ({ readonly state: 'answers' } & Answering);

interface Answering {
  readonly isReady: boolean;
  /** What /readyz says of each part: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
  /** The server's clock less this machine's, to the second; undefined where it does not tell. */
  readonly clockDifferenceMs: number | undefined;
  /** Undefined where the owner credential could not be used. */
  readonly told: ServerTold | undefined;
  readonly whyNotTold: string | undefined;
}

export interface ServerTold {
  readonly status: z.output<typeof statusShow.output>;
  readonly services: readonly ServiceRecord[];
  /** Names of secrets that are ordinary words. */
  readonly guessable: readonly string[];
}

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;

export async function viewServer(context: Context, clock: Clock): Promise<ServerView> {
  const address = await context.address();
  if (address.kind === 'socket' && !existsSync(address.path)) return { state: 'absent', isKilled: false };
  try {
    const ready = await askReadiness(address, clock);
    const isStarting = ready.checks['start'] !== undefined; // it answers nothing else yet
    return { state: 'answers', ...ready, ...(isStarting ? NOT_YET : await askForMore(context)) };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { cause } = error;
    const isRefused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    if (isRefused && address.kind === 'socket') return { state: 'absent', isKilled: true };
    return { state: 'unreachable', reason: error.message };
  }
}

const NOT_YET = { told: undefined, whyNotTold: 'it is starting' };

async function askReadiness(address: Address, clock: Clock) {
  const before = clock.now().getTime();
  const answer = await send(address, { method: 'GET', path: '/readyz', timeoutMs: TIMEOUT_MS });
  const local = (before + clock.now().getTime()) / 2;
  const told = Date.parse(answer.headers.date ?? '');
  const body = toObject((await readAll(answer, MAX_ANSWER_BYTES)).toString());
  const checks = Object.entries(toObject(body['checks'])).map(([name, found]) => [name, String(found)]);
  return {
    isReady: answer.statusCode === 200,
    checks: Object.fromEntries(checks) as Readonly<Record<string, string>>, // pairs of texts, made above
    // Told in whole seconds, so half of one is added for the middle.
    clockDifferenceMs: Number.isNaN(told) ? undefined : told + 500 - local,
  };
}

async function askForMore(context: Context): Promise<Pick<Answering, 'told' | 'whyNotTold'>> {
  try {
    const [{ callAllPages }, { statusShow: show }, { serviceList }, { secretGuessable }] = await Promise.all([
      import('../client.ts'),
      import('../../operations/contracts/status.ts'),
      import('../../operations/contracts/services.ts'),
      import('../../operations/contracts/guessable-secrets.ts'),
    ]);
    const client = await context.client();
    const status = await client.call(show, {});
    const { items } = await callAllPages(client, serviceList, {});
    const { names } = await client.call(secretGuessable, {});
    return { told: { status, services: items, guessable: names }, whyNotTold: undefined };
  } catch (error) {
    if (error instanceof CommandFailure) return { told: undefined, whyNotTold: error.message };
    if (error instanceof ServerProblem) return { told: undefined, whyNotTold: error.sentence };
    throw error;
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return { ...value };
  if (typeof value !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/** The process that holds the data directory, if one does that can be seen from here. */
export function serverPid(dataDirectory: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDirectory, 'server.lock'), 'utf8').split(' ')[0]);
    return Number.isSafeInteger(pid) && pid > 0 && existsSync(`/proc/${pid}`) ? pid : undefined;
  } catch {
    return undefined;
  }
}
