// The text of an audit event: canonical JSON. Every call has an intent and an outcome, so those two are written by templates,
// four times as fast as the general way; a test holds them to the schemas and to its text, member by member.
import { AUDIT_MEMBERS, type AuditEvent, type AuditInput } from './audit-event.ts';
import type { Id } from './ids.ts';
import { canonicalJson, canonicalNumber as number, canonicalString as string } from './canonical-json.ts';

type Intent = Extract<AuditInput, { kind: 'call.intent' }>;
type Outcome = Extract<AuditInput, { kind: 'call.outcome' }>;

/** What the audit log adds to what a caller says. */
export type AuditStamp = Pick<AuditEvent, 'at' | 'id' | 'replica' | 'v'>;

/** The text of an event. Members that are undefined are left out. Throws a `TypeError` on what canonical JSON can not say. */
export function auditText(input: AuditInput, stamp: AuditStamp): string {
  if (input.kind === 'call.intent') return intentText(input, stamp);
  if (input.kind === 'call.outcome') return outcomeText(input, stamp);
  return canonicalJson(stamped(input, stamp));
}

/** The event with its members in canonical order, which spares its text a detour. */
function stamped(input: AuditInput, stamp: AuditStamp): AuditEvent {
  const given: Readonly<Record<string, unknown>> = input;
  const stamps: Readonly<Record<string, unknown>> = stamp;
  const event: Record<string, unknown> = {};
  for (const name of AUDIT_MEMBERS.get(input.kind) ?? []) {
    const value = given[name] === undefined ? stamps[name] : given[name];
    if (value !== undefined) event[name] = value;
  }
  return event as AuditEvent; // an input and a stamp are all that an event has
}

function intentText(event: Intent, stamp: AuditStamp): string {
  const { approvals, body, decision, secret, service } = event;
  return (
    `{${approvals === undefined ? '' : `"approvals":${canonicalJson(approvals)},`}"at":"${stamp.at}","body":${bodyText(body)}` +
    maybe('client', event.client) +
    `,"decision":{"effect":"${decision.effect}","grant":"${decision.grant}","grantRevision":${number(decision.grantRevision)},"rule":${string(decision.rule)}}` +
    `,"epoch":${string(event.epoch)},"id":"${stamp.id}","kind":"${event.kind}","method":${string(event.method)},"path":${string(event.path)},"principal":${principalText(event.principal)}` +
    `,"queryKeys":[${event.queryKeys.map(string).join(',')}],"replica":"${stamp.replica}"` +
    maybeId('request', event.request) +
    `,"secret":{"id":"${secret.id}","version":${number(secret.version)}}` +
    `,"service":{"id":"${service.id}","name":${string(service.name)},"revision":${number(service.revision)}}` +
    `,"v":${number(stamp.v)},"vault":${event.vault === null ? 'null' : `"${event.vault}"`}` +
    (event.webSocket === undefined ? '}' : ',"webSocket":true}')
  );
}

/** Nearly every body is streamed, or there is none. */
function bodyText(body: Intent['body']): string {
  const { held, bytes, hash } = body;
  return held || bytes !== undefined || hash !== undefined ? canonicalJson(body) : '{"held":false}';
}

function outcomeText(event: Outcome, stamp: AuditStamp): string {
  const { approval, firstByteMs, flags, leaks, preview, status } = event;
  return (
    `{${approval === undefined ? '' : `"approval":"${approval}",`}"at":"${stamp.at}"` +
    maybe('bodyHash', event.bodyHash) +
    maybe('client', event.client) +
    (firstByteMs === undefined ? '' : `,"firstByteMs":${number(firstByteMs)}`) +
    (flags === undefined ? '' : `,"flags":${canonicalJson(flags)}`) +
    `,"id":"${stamp.id}","intent":"${event.intent}","kind":"${event.kind}"` +
    (leaks === undefined ? '' : `,"leaks":${canonicalJson(leaks)}`) +
    (preview === undefined ? '' : `,"preview":${canonicalJson(preview)}`) +
    `,"principal":${principalText(event.principal)}` +
    maybe('problem', event.problem) +
    `,"replica":"${stamp.replica}"` +
    maybeId('request', event.request) +
    `,"requestBytes":${number(event.requestBytes)},"responseBytes":${number(event.responseBytes)}` +
    `,"result":"${event.result}"` +
    (status === undefined ? '' : `,"status":${number(status)}`) +
    `,"totalMs":${number(event.totalMs)}` +
    maybe('upstream', event.upstream) +
    `,"v":${number(stamp.v)},"vault":${event.vault === null ? 'null' : `"${event.vault}"`}}`
  );
}

function principalText(principal: AuditEvent['principal']): string {
  if (principal.type !== 'agent') return canonicalJson(principal);
  const { id, name, placeholder, run, token, type } = principal;
  return (
    `{"id":"${id}","name":${string(name)}${maybeId('placeholder', placeholder)}${maybeId('run', run)}` +
    `${maybeId('token', token)},"type":"${type}"}`
  );
}

/** Ids, moments and words of ours have nothing to escape. */
function maybeId(name: string, id: Id | undefined): string {
  return id === undefined ? '' : `,"${name}":"${id}"`;
}

function maybe(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${string(text)}`;
}
