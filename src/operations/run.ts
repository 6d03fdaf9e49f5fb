// The one path of every administrative call: permission, input, transaction with its audit event (which survives a power
// cut when it returns), then the promise that every replica knows, then the answer.
import type { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { isDatabaseUnavailable, isUniqueViolation } from '../store/errors.ts';
import { raiseEpoch } from '../store/vaults.ts';
import type { Caller, ChangingOperation, Operation, OperationDeps } from './operation.ts';

/** Runs `operation` with input as it came from outside. Throws problems only. */
export async function runOperation(
  deps: OperationDeps,
  operation: Operation,
  request: { readonly input: unknown; readonly caller: Caller },
): Promise<unknown> {
  const { contract } = operation;
  const { caller } = request;
  if (!caller.permissions.has(contract.permission)) {
    throw new Problem('forbidden', {
      detail: `${contract.name} needs the permission ${contract.permission}.`,
      extensions: { permission: contract.permission },
    });
  }
  const input = parseInput(contract.input, request.input);
  try {
    const output =
      'read' in operation
        ? await operation.read(deps, input, caller)
        : await change(deps, operation, { input, caller });
    return contract.output.parse(output);
  } catch (error) {
    throw translated(error);
  }
}

async function change(
  deps: OperationDeps,
  operation: ChangingOperation,
  request: { readonly input: unknown; readonly caller: Caller },
): Promise<unknown> {
  const { caller } = request;
  let epoch: bigint | undefined;
  const output = await deps.audit.transaction(async (tx, append) => {
    epoch = undefined;
    const done = await operation.change(
      {
        deps,
        tx,
        caller,
        now: deps.ids.clock.now(),
        raiseEpoch: async () => (epoch ??= await raiseEpoch(tx, deps.vaultId)),
      },
      request.input,
    );
    await append({
      kind: operation.kind,
      vault: deps.vaultId,
      principal: caller.principal,
      request: caller.request,
      ...(caller.client === undefined ? {} : { client: caller.client }),
      target: done.target,
      ...(done.before === undefined ? {} : { before: done.before }),
      ...(done.after === undefined ? {} : { after: done.after }),
    });
    return done.output;
  });
  if (epoch !== undefined) await deps.lease.settle(epoch);
  return isDeferred(output) ? await output().catch(answerLost) : output;
}

function isDeferred(output: unknown): output is () => Promise<unknown> {
  return typeof output === 'function';
}

/** What the answer was to tell could not be read; the change itself is committed and known everywhere. */
function answerLost(cause: unknown): never {
  throw new Problem('database-unavailable', {
    detail: 'The change is made, but what it came to could not be read. Look at the record.',
    cause,
  });
}

function parseInput(schema: z.ZodObject, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  // Paths and reasons only: a value may stand in the wrong field, so input is never echoed.
  const issues = parsed.error.issues.slice(0, 10).map((issue) => ({
    field: issue.code === 'unrecognized_keys' ? '' : issue.path.map(String).join('.').slice(0, 100),
    reason: issue.code === 'unrecognized_keys' ? 'a field that does not exist here' : issue.message,
  }));
  const first = issues[0];
  const detail =
    first === undefined ? undefined : `${first.field === '' ? 'The input' : first.field}: ${first.reason}`;
  throw new Problem('invalid-input', { ...(detail === undefined ? {} : { detail }), extensions: { issues } });
}

function translated(error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (isUniqueViolation(error)) {
    return new Problem('already-exists', {
      detail: 'There is one of that name already. Choose another, or remove that one first.',
      cause: error,
    });
  }
  if (isDatabaseUnavailable(error)) {
    return new Problem('database-unavailable', {
      detail: 'Nothing was changed. Try again shortly.',
      cause: error,
    });
  }
  return error;
}
