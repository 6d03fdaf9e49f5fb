// The inside of an administrative operation: a contract and its code, which either only reads or changes the vault.
import type { z } from 'zod';
import type { AuditInput } from '../core/audit-event.ts';
import type { Id, IdSource } from '../core/ids.ts';
import type { Permission } from '../core/permission.ts';
import type { AdminPrincipal } from '../core/principal.ts';
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/transaction.ts';
import type { Approvals } from '../vault/approvals.ts';
import type { AuditLog } from '../vault/audit/audit-log.ts';
import type { AuditReport } from '../vault/audit/verify.ts';
import type { AutomaticFreeze } from '../vault/automatic-freeze.ts';
import type { Authority } from '../vault/authority.ts';
import type { DecoyDeps } from '../vault/decoys.ts';
import type { Keyring } from '../vault/keyring.ts';
import type { Lease } from '../vault/lease.ts';
import type { Rotations } from '../vault/rotation.ts';
import type { Tokens } from '../vault/tokens.ts';
import type { Contract } from './contract.ts';
import type { Precondition } from './precondition.ts';

/** What every operation may use. */
export interface OperationDeps {
  readonly database: Database;
  readonly ids: IdSource;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly tokens: Tokens;
  readonly audit: AuditLog;
  readonly approvals: Approvals;
  readonly rotations: Rotations;
  readonly freezing: AutomaticFreeze;
  readonly metrics: DecoyDeps['metrics'];
  readonly verifyAudit: () => Promise<AuditReport>;
  readonly server: ServerFacts;
  readonly addresses: ServiceAddresses;
  /** For what fails after its answer has begun: it goes to the server's log. */
  readonly onBackgroundFailure: (error: unknown) => void;
}

/** Where services can be called by host and port alone, at this replica. */
interface ServiceAddresses {
  /** `http://127.0.0.1:PORT`, `unix:/path`, or a host below the call domain; undefined where there is none. */
  addressOf(service: ListeningService): string | undefined;
  /** Why a listener that was asked for is not there. */
  troubleOf(service: ListeningService): string | undefined;
  /** Resolves when every change of services known to this replica has been acted on. */
  settled(): Promise<void>;
}

interface ListeningService {
  readonly id: Id<'svc'>;
  readonly name: string;
}

interface ServerFacts {
  readonly version: string;
  readonly replica: Id<'rep'>;
  readonly startedAt: Date;
  readonly rootKeyProvider: string;
  readonly publicUrl: () => string;
  /** Files of this installation that another process of the same user could read. */
  readonly exposedFiles: readonly string[];
}

/** Who asks, with what they may do. */
export interface Caller {
  readonly principal: AdminPrincipal;
  readonly permissions: ReadonlySet<Permission>;
  readonly request: Id<'req'>;
  readonly client: string | undefined;
}

type AdministrativeKind = Extract<AuditInput, { target: object }>['kind'];
type AdministrativeFields = Pick<Extract<AuditInput, { target: object }>, 'target' | 'before' | 'after'>;

/** What a change did: its answer, and its part of the audit event. */
export interface Changed<O> extends AdministrativeFields {
  /** As a function: what can only be told once the change is committed and known everywhere. */
  readonly output: O | (() => Promise<O>);
  /** In place of `output`, which is what a repeated request is answered with: asked once the change is known everywhere. */
  readonly told?: () => Promise<O>;
}

export interface Change {
  readonly deps: OperationDeps;
  readonly tx: Transaction;
  readonly caller: Caller;
  readonly now: Date;
  /** To be asked by whoever changes a record, as soon as it is read. */
  readonly precondition: Precondition;
  /** The epoch that every row which affects decisions carries: raised before the change reads anything. */
  readonly changedEpoch: bigint;
}

export interface ReadingOperation {
  readonly contract: Contract;
  readonly read: (deps: OperationDeps, input: unknown, caller: Caller) => Promise<unknown>;
}

export interface ChangingOperation {
  readonly contract: Contract;
  readonly kind: AdministrativeKind;
  readonly change: (change: Change, input: unknown) => Promise<Changed<unknown>>;
}

/** Steps that are transactions of their own, with audit events of their own. */
export interface ActingOperation {
  readonly contract: Contract;
  readonly act: (deps: OperationDeps, input: unknown, asked: Asked) => Promise<unknown>;
}

interface Asked {
  readonly caller: Caller;
  /** To be asked in the first of the transactions. */
  readonly precondition: Precondition;
}

export type Operation = ReadingOperation | ChangingOperation | ActingOperation;

/** `read` gets what `contract.input` gives: run.ts parses before it calls, which the cast relies on. */
export function reading<I extends z.ZodObject, O extends z.ZodType>(
  contract: Contract<I, O>,
  read: (deps: OperationDeps, input: z.output<I>, caller: Caller) => Promise<z.input<O>>,
): ReadingOperation {
  return { contract, read: (deps, input, caller) => read(deps, input as z.output<I>, caller) };
}

/** The contract's name is the kind of its audit event. Nothing but SQL may be awaited in `change`. */
export function changing<I extends z.ZodObject, O extends z.ZodType, N extends AdministrativeKind>(
  contract: Contract<I, O, N>,
  change: (change: Change, input: z.output<I>) => Promise<Changed<z.input<O>>>,
): ChangingOperation {
  return { contract, kind: contract.name, change: (context, input) => change(context, input as z.output<I>) };
}

/** For what can not be one transaction, such as a request to an upstream between two of them. */
export function acting<I extends z.ZodObject, O extends z.ZodType>(
  contract: Contract<I, O>,
  act: (deps: OperationDeps, input: z.output<I>, asked: Asked) => Promise<z.input<O>>,
): ActingOperation {
  return { contract, act: (deps, input, asked) => act(deps, input as z.output<I>, asked) };
}
