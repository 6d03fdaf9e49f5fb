// A create under an `Idempotency-Key`: the same request again gets the first one's answer, whichever replica it reaches.
import type { JsonValue } from '../core/canonical-json.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import {
  findIdempotencyKey,
  IDEMPOTENCY_KEY_SECONDS,
  type IdempotencyKeyRow,
  putIdempotencyKey,
} from '../store/idempotency-keys.ts';
import type { Transaction } from '../store/transaction.ts';
import { keyedHash } from '../vault/keyed-hash.ts';
import type { Contract } from './contract.ts';
import type { Caller, OperationDeps } from './operation.ts';
import type { Conditions } from './precondition.ts';

/** One request under an idempotency key; of key and input only keyed hashes are stored, since an input may hold a value. */
interface Repeatable {
  /** What was answered to the same request before. Throws `idempotency-key-reused` for another one under its key. */
  answered(tx: Transaction): Promise<{ readonly output: unknown } | undefined>;
  remember(tx: Transaction, output: unknown): Promise<void>;
}

/**
 * Undefined where the request has no key, or the operation makes nothing. Both calls belong into the transaction of the
 * change, after the vault is locked: of two requests at once the second waits for the first.
 */
export function repeatable(
  deps: OperationDeps,
  contract: Contract,
  request: { readonly input: unknown; readonly caller: Caller; readonly conditions: Conditions },
): Repeatable | undefined {
  const { idempotencyKey: key } = request.conditions;
  if (key === undefined || contract.creates !== true) return undefined;
  const of = {
    vaultId: deps.vaultId,
    adminId: request.caller.principal.id,
    keyHash: keyedHash(deps.keyring, ['idempotency-key', key]),
  };
  const inputHash = keyedHash(deps.keyring, ['idempotency-input', contract.name, request.input as JsonValue]);
  const now = deps.ids.clock.now();
  return {
    answered: async (tx) => {
      const row = await findIdempotencyKey(tx, of);
      if (row === undefined || row.createdAt <= addSeconds(now, -IDEMPOTENCY_KEY_SECONDS)) return undefined;
      if (row.operation !== contract.name || !row.inputHash.equals(inputHash)) throw reused();
      return { output: row.output };
    },
    remember: async (tx, output) => {
      const row = { ...of, operation: contract.name, inputHash, output: told(contract, output) };
      await putIdempotencyKey(tx, { ...row, createdAt: now });
    },
  };
}

/** The answer without what is told once. */
function told(contract: Contract, output: unknown): IdempotencyKeyRow['output'] {
  const once = contract.shownOnce ?? [];
  return Object.fromEntries(Object.entries(output as object).filter(([name]) => !once.includes(name)));
}

function reused(): Problem {
  return new Problem('idempotency-key-reused', {
    detail:
      'This Idempotency-Key came with another request within the last 24 hours. Send a fresh key, or the same input again.',
  });
}
