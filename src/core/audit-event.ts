// Audit events: one strict schema per kind. A field is in clear only because it stands here with its type and length;
// no field ever holds a secret's value. The text of an event is canonical JSON.
import { z } from 'zod';
import {
  AnyId,
  base,
  Code,
  count,
  Epoch,
  Flags,
  Hash,
  IpAddress,
  Lane,
  Mac,
  Method,
  Moment,
  Path,
  text,
} from './audit-fields.ts';
import { SecretMint, SecretMinted } from './audit-mint.ts';
import {
  RotationComplete,
  RotationFail,
  RotationFallback,
  RotationProbe,
  RotationProbed,
  RotationPromote,
  RotationRollback,
  RotationStart,
} from './audit-rotation.ts';
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts';
import { idSchema, Name } from './ids.ts';

const ChainOpen = z.strictObject({
  ...base,
  kind: z.literal('chain.open'),
  lane: Lane,
  /** Newest event of the same data directory's chain before this one. */
  predecessor: z.strictObject({ chain: idSchema('chn'), seq: count().min(1), mac: Mac }).nullable(),
});

const ChainClose = z.strictObject({ ...base, kind: z.literal('chain.close') });

const ServerStart = z.strictObject({
  ...base,
  kind: z.literal('server.start'),
  version: text(64),
  database: z.enum(['embedded', 'postgres']),
  /** Private ranges that upstreams may be in: they are said outside, so each start tells them. */
  allowedRanges: z.array(text(64)).max(256).optional(),
});

const ServerStop = z.strictObject({ ...base, kind: z.literal('server.stop') });

const CallIntent = z.strictObject({
  ...base,
  kind: z.literal('call.intent'),
  /** Used up by this call. */
  approvals: z.array(idSchema('apr')).min(1).max(16).readonly().optional(),
  service: z.strictObject({ id: idSchema('svc'), name: Name, revision: count() }),
  secret: z.strictObject({ id: idSchema('sec'), version: count().min(1) }),
  method: Method,
  path: Path,
  queryKeys: z.array(text(16_384)).max(8_193).readonly(),
  body: z.strictObject({ held: z.boolean(), bytes: count().optional(), hash: Hash.optional() }),
  decision: z.strictObject({
    effect: z.literal('allow'),
    rule: text(5_000),
    grant: idSchema('grt'),
    grantRevision: count(),
  }),
  /** The vault's epoch that the decision was made in, as decimal text. */
  epoch: Epoch,
  webSocket: z.literal(true).optional(),
});

const CallOutcome = z.strictObject({
  ...base,
  kind: z.literal('call.outcome'),
  /** The question that the answer raised. */
  approval: idSchema('apr').optional(),
  intent: idSchema('evt'),
  /** `refused`: nothing left; `cut`: refused when part of it may have. */
  result: z.enum(['answered', 'aborted', 'refused', 'cut', 'failed', 'unknown']),
  status: z.number().int().min(100).max(999).optional(),
  problem: Code.optional(),
  requestBytes: count(),
  responseBytes: count(),
  bodyHash: Hash.optional(),
  upstream: IpAddress.optional(),
  firstByteMs: z.number().min(0).optional(),
  totalMs: z.number().min(0),
  leaks: z.strictObject({ matches: count().min(1), views: z.array(text(64)).max(32).readonly() }).optional(),
  flags: Flags.optional(),
  /** The first characters of both bodies, filtered; only of services that ask for it. */
  preview: z.strictObject({ request: text(1_000).optional(), answer: text(1_000).optional() }).optional(),
});

const CallRefused = z.strictObject({
  ...base,
  kind: z.literal('call.refused'),
  /** The question that stands between the call and its upstream. */
  approval: idSchema('apr').optional(),
  service: text(256).optional(),
  method: Method.optional(),
  path: Path.optional(),
  /** Stands for a path that could not be brought to canonical form and so may hold anything. */
  rawPath: z.strictObject({ bytes: count(), hash: Hash }).optional(),
  webSocket: z.literal(true).optional(),
  problem: Code,
  rule: text(5_000).optional(),
  /** Of the grant, where there was one to decide by. */
  grantRevision: count().optional(),
  flags: Flags.optional(),
});

const AuthenticationFailed = z.strictObject({
  ...base,
  kind: z.literal('authentication.failed'),
  peer: text(64),
  reason: text(128),
  count: count().min(1),
  from: Moment,
  to: Moment,
});

const TokenIssued = z.strictObject({
  ...base,
  kind: z.literal('token.issued'),
  jti: idSchema('tok'),
  subject: AnyId,
  expiresAt: Moment,
});

/** Worthless there, and somebody's mistake or theft: what was bound to one service was sent to another. */
const PlaceholderElsewhere = z.strictObject({
  ...base,
  kind: z.literal('placeholder.elsewhere'),
  placeholder: idSchema('plh'),
  /** Whose it is. */
  agent: z.strictObject({ id: idSchema('agt'), name: Name.optional() }),
  /** What it is for. */
  service: z.strictObject({ id: idSchema('svc'), name: Name.optional() }),
  /** The service it was sent to: its name, or a keyed hash of what is none. */
  seenAt: text(256),
  /** Such as `header authorization`. */
  where: text(256),
});

/** A typed flat object: what an administrative act found and left. */
const FlatObject = z
  .record(
    z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/),
    z.union([text(5_000), z.number(), z.boolean(), z.null(), z.array(text(5_000)).max(1_000).readonly()]),
  )
  .refine((object) => Object.keys(object).length <= 64, { error: 'at most 64 members' });

const Administrative = z.strictObject({
  ...base,
  kind: z.enum([
    'secret.create',
    'decoy.create',
    'secret.disable',
    'secret.enable',
    'secret.destroy',
    'version.destroy',
    'service.create',
    'service.update',
    'service.remove',
    'agent.create',
    'agent.freeze',
    'agent.unfreeze',
    'agent.remove',
    'agent.revoke',
    'grant.create',
    'grant.update',
    'grant.remove',
    'grant.freeze',
    'grant.unfreeze',
    'access-request.create',
    'access-request.grant',
    'access-request.deny',
    'approval.ask',
    'approval.approve',
    'approval.deny',
    'placeholder.create',
    'placeholder.revoke',
    'run.start',
    'run.end',
    'audit.read',
    'audit.verify',
    'backup.create',
    'backup.complete',
    'restore.complete',
    'restore.accept',
  ]),
  target: z.strictObject({
    type: z.string().regex(/^[a-z][a-z-]{0,31}$/),
    id: text(64),
    name: text(64).optional(),
  }),
  before: FlatObject.optional(),
  after: FlatObject.optional(),
});

/** Somebody should look at this now: told in the audit log, the server's log and the metrics. */
const GuardAlarm = z.strictObject({
  ...base,
  kind: z.literal('guard.alarm'),
  alarm: z.enum([
    'decoy-touched',
    'secret-in-request',
    'token-in-request',
    'secret-in-answer',
    'leaks-repeated',
    'credential-minted',
    'text',
  ]),
  agent: z.strictObject({ id: idSchema('agt'), name: Name.optional() }).optional(),
  service: z.strictObject({ id: idSchema('svc'), name: Name.optional() }).optional(),
  secret: z.strictObject({ id: idSchema('sec'), name: Name.optional() }).optional(),
  /** Such as `header x-note`. */
  where: text(256).optional(),
  /** What was done about it. */
  done: z.enum(['told', 'call-blocked', 'grant-frozen', 'agent-frozen']),
});

const IntegrityAlarm = z.strictObject({
  ...base,
  kind: z.literal('integrity.alarm'),
  table: text(64),
  row: text(128),
  reason: text(1_000),
});

export const AuditEvent = z.discriminatedUnion('kind', [
  ChainOpen,
  ChainClose,
  ServerStart,
  ServerStop,
  CallIntent,
  CallOutcome,
  CallRefused,
  AuthenticationFailed,
  TokenIssued,
  PlaceholderElsewhere,
  Administrative,
  RotationStart,
  RotationProbe,
  RotationProbed,
  RotationPromote,
  RotationFallback,
  RotationComplete,
  RotationRollback,
  RotationFail,
  SecretMint,
  SecretMinted,
  GuardAlarm,
  IntegrityAlarm,
]);
export type AuditEvent = z.output<typeof AuditEvent>;

type WithoutStamp<E> = E extends AuditEvent ? Omit<E, 'v' | 'id' | 'at' | 'replica'> : never;

/** What a caller says of an event; the audit log stamps the rest. */
export type AuditInput = WithoutStamp<AuditEvent>;

/** An event from its text. Throws on anything but the canonical form of a known kind. */
export function parseAuditEvent(json: string): AuditEvent {
  const event = AuditEvent.parse(parseCanonicalJson(json));
  // A schema library may drop a member it should refuse (`__proto__` in a record): the text must survive the trip.
  if (canonicalJson(event) !== json) throw new SyntaxError('the event has members that no schema names');
  return event;
}

/** The members an event of each kind may have, in canonical order. */
export const AUDIT_MEMBERS: ReadonlyMap<string, readonly string[]> = new Map(
  AuditEvent.options.flatMap(({ shape }) => {
    const members = Object.keys(shape).sort();
    const kinds: readonly string[] = 'options' in shape.kind ? shape.kind.options : [...shape.kind.values];
    return kinds.map((kind) => [kind, members] as const);
  }),
);

/** Every kind of event. */
export const AUDIT_KINDS = [...AUDIT_MEMBERS.keys()] as readonly AuditEvent['kind'][];
