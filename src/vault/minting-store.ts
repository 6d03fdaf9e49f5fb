// Stores what a token endpoint answered, and does not give up easily: a new refresh token can not be had again.
import { Problem } from '../core/problem.ts';
import type { Minted } from '../providers/materials/material.ts';
import { isDatabaseUnavailable } from '../store/errors.ts';
import { type MintedTokenRow, readMintedToken } from '../store/minted-tokens.ts';
import {
  askingOf,
  failMint,
  type MintStepDeps,
  type StoredMint,
  storeMint,
  type TakenMint,
} from './minting-steps.ts';

interface Brought {
  readonly minted: Minted;
  readonly status: number;
}

const RETRY_MS = 250;
/** As long as a database may take to come back, or another replica's request to fail. */
const GIVE_UP_MS = 60_000;

/** `superseded`: somebody else's token is newer, or the secret has another value by now. */
export async function storePatiently(
  deps: MintStepDeps,
  taken: TakenMint,
  brought: Brought,
): Promise<Exclude<StoredMint, { readonly result: 'fenced' }>> {
  const { clock } = deps.ids;
  const fromMs = clock.monotonicMs();
  const isWorthWaiting = () =>
    brought.minted.fields !== undefined && clock.monotonicMs() - fromMs < GIVE_UP_MS;
  for (;;) {
    const stored = await storeMint(deps, taken, brought).catch((error: unknown) => {
      if (isPassing(error) && isWorthWaiting()) return undefined;
      throw error;
    });
    if (stored !== undefined && stored.result !== 'fenced') return stored;
    if (stored !== undefined && !(isWorthWaiting() && (await isUntouched(deps, taken.lease)))) {
      await failMint(deps, taken, { result: 'superseded', status: brought.status });
      return { result: 'superseded' };
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Whether nothing was stored since the lease was taken, whoever has one now. */
async function isUntouched(deps: MintStepDeps, lease: MintedTokenRow): Promise<boolean> {
  const row = await readMintedToken(deps.database.calls, lease, askingOf(deps));
  return row?.dekId === lease.dekId;
}

function isPassing(error: unknown): boolean {
  if (error instanceof Problem)
    return error.code === 'database-unavailable' || error.code === 'audit-unavailable';
  return isDatabaseUnavailable(error);
}
