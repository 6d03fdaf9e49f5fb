// The one path of every administrative call: permission, input, transaction with its conditions and its audit event (which
// survives a power cut when it returns), then the promise that every replica knows, then the answer.
import type { z } from 'zod';
import type { AuditInput } from '../core/audit-event.ts';
import { issueWords } from '../core/issue-words.ts';
import { Problem } from '../core/problem.ts';
import { hasNoRoom, isDatabaseUnavailable, isUniqueViolation } from '../store/errors.ts';
import { lockVault, raiseEpoch } from '../store/vaults.ts';
import { RecordAltered } from '../vault/genuine-rows.ts';
import type { Contract } from './contract.ts';
import type {
  ActingOperation,
  Caller,
  ChangingOperation,
  Operation,
  OperationDeps,
  ReadingOperation,
} from './operation.ts';
import { type Conditions, Precondition } from './precondition.ts';
import { repeatable } from './repeatable.ts';

interface OperationRequest {
  /** As it came from outside. */
  readonly input: unknown;
  readonly caller: Caller;
  readonly conditions?: Conditions;
}

interface Answered {
  readonly output: unknown;
  /** The answer to an earlier request under the same idempotency key, without what is told once. */
  readonly isReplay: boolean;
}

type Parsed = Required<OperationRequest>;

/** Runs `operation`. Throws problems only, but for mistakes of ours. */
export async function runOperation(
  deps: OperationDeps,
  operation: Operation,
  request: OperationRequest,
): Promise<Answered> {
  const { contract } = operation;
  const { caller, conditions = {} } = request;
  if (!caller.permissions.has(contract.permission)) {
    throw new Problem('forbidden', {
      detail: `${contract.name} needs the permission ${contract.permission}.`,
      extensions: { permission: contract.permission },
    });
  }
  const parsed = { input: parseInput(contract.input, request.input), caller, conditions };
  try {
    if ('act' in operation) return await act(deps, operation, parsed);
    return 'read' in operation ? await read(deps, operation, parsed) : await change(deps, operation, parsed);
  } catch (error) {
    if (error instanceof RecordAltered) await tellAltered(deps, error);
    throw translated(error);
  }
}

/** A refusal rolls back what would have had replicas look at the row, and so raise the alarm. */
async function tellAltered(
  { audit, vaultId, onBackgroundFailure }: OperationDeps,
  { table, row }: RecordAltered,
): Promise<void> {
  const found = { table, row, reason: 'read for an administrative command, with a MAC that is wrong' };
  await audit
    .append({ kind: 'integrity.alarm', vault: vaultId, principal: { type: 'system' }, ...found })
    .catch(onBackgroundFailure);
}

async function read(
  deps: OperationDeps,
  operation: ReadingOperation,
  { input, caller, conditions }: Parsed,
): Promise<Answered> {
  const { contract } = operation;
  const precondition = new Precondition(conditions);
  if (contract.method !== 'GET') precondition.requireAsked(contract); // it reads no record, whatever else it does
  const output = contract.output.parse(await operation.read(deps, input, caller));
  const revision = revisionOf(contract, output);
  if (revision !== undefined) precondition.require({ revision });
  precondition.requireAsked(contract);
  return { output, isReplay: false };
}

async function act(
  deps: OperationDeps,
  operation: ActingOperation,
  { input, caller, conditions }: Parsed,
): Promise<Answered> {
  const precondition = new Precondition(conditions);
  const output = await operation.act(deps, input, { caller, precondition });
  return { output: operation.contract.output.parse(output), isReplay: false };
}

async function change(deps: OperationDeps, operation: ChangingOperation, request: Parsed): Promise<Answered> {
  const { contract } = operation;
  const once = repeatable(deps, contract, request);
  let epoch: bigint | undefined;
  const done = await deps.audit.transaction(async (tx, append) => {
    epoch = undefined;
    if (once !== undefined) {
      const present = await lockVault(tx, deps.vaultId);
      const earlier = await once.answered(tx);
      if (earlier !== undefined) {
        epoch = present; // the first request may have ended before every replica knew of its change
        return { output: earlier.output, isReplay: true };
      }
    }
    // Raised before anything is read: it takes the vault's turn, so that what is read stays so until the commit.
    const changedEpoch = await raiseEpoch(tx, deps.vaultId);
    epoch = changedEpoch;
    const precondition = new Precondition(request.conditions);
    const changed = await operation.change(
      {
        deps,
        tx,
        caller: request.caller,
        now: deps.ids.clock.now(),
        precondition,
        changedEpoch,
      },
      request.input,
    );
    precondition.requireAsked(contract);
    await append(eventOf(deps, operation, request.caller, changed));
    const { output, told = output } = changed;
    if (once !== undefined) await once.remember(tx, contract.output.parse(output));
    return { output: told, isReplay: false };
  });
  if (epoch !== undefined) await deps.lease.settle(epoch);
  if (done.isReplay) return done;
  const output = isDeferred(done.output) ? await done.output().catch(answerLost) : done.output;
  return { output: contract.output.parse(output), isReplay: false };
}

function eventOf(
  { vaultId }: OperationDeps,
  { kind }: ChangingOperation,
  { principal, request, client }: Caller,
  { target, before, after }: Omit<Awaited<ReturnType<ChangingOperation['change']>>, 'output'>,
): AuditInput {
  return {
    kind,
    vault: vaultId,
    principal,
    request,
    ...(client === undefined ? {} : { client }),
    target,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** The revision of the record that an output is or holds. */
export function revisionOf(contract: Contract, output: unknown): number | undefined {
  const { recordMember } = contract;
  const record = recordMember === undefined ? output : (output as Record<string, unknown>)[recordMember];
  const isRecord = typeof record === 'object' && record !== null && 'revision' in record;
  return isRecord && typeof record.revision === 'number' ? record.revision : undefined;
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

/** Of several mistakes, how many stand in the sentence; `issues` has more. */
const MAX_TOLD = 3;

/** What a schema makes of what came from outside. Throws `invalid-input`. */
export function parseInput<S extends z.ZodObject>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input, { error: issueWords });
  if (parsed.success) return parsed.data;
  // Paths and reasons only: a value may stand in the wrong field, so input is never echoed.
  const issues = parsed.error.issues.slice(0, 10).map((issue) => ({
    field: issue.path.map(String).join('.').slice(0, 100),
    reason: issue.code === 'unrecognized_keys' ? unknownField(schema, issue.path) : issue.message,
  }));
  const detail = issues
    .slice(0, MAX_TOLD)
    .map(({ field, reason }) => `${field === '' ? 'The input' : field}: ${reason}`)
    .join('; ');
  throw new Problem('invalid-input', { ...(detail === '' ? {} : { detail }), extensions: { issues } });
}

/** Not which one: what is no field may be a value. The fields there are, where they are the request's own. */
function unknownField(schema: z.ZodObject, path: readonly PropertyKey[]): string {
  const fields = Object.keys(schema.shape);
  const known = fields.length === 0 ? 'there are none' : `there are ${fields.join(', ')}`;
  return path.length === 0
    ? `a field that does not exist here; ${known}`
    : 'a field that does not exist here';
}

/** What the database refused, in our words: also for those who ask before an operation runs. */
export function translated(error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (isUniqueViolation(error)) {
    return new Problem('already-exists', {
      detail: 'There is one of that name already. Choose another, or remove that one first.',
      cause: error,
    });
  }
  if (isDatabaseUnavailable(error)) {
    return new Problem('database-unavailable', {
      detail: hasNoRoom(error)
        ? 'The database has no room left, so nothing was changed. Make room there; nothing has to be restarted.'
        : 'Nothing was changed. Try again shortly.',
      cause: error,
    });
  }
  return error;
}
