// A question as a call of the agent `robot` raises it, put without a call.
import { randomBytes } from 'node:crypto';
import type { App } from '../../src/compose.ts';
import type { ApprovedCall } from '../../src/core/approval.ts';
import { type Id, newId } from '../../src/core/ids.ts';
import type { Question } from '../../src/vault/approvals.ts';

/** With a body that no other call has. */
export function newCall(app: App, changed: Partial<ApprovedCall> = {}): ApprovedCall {
  const { authority } = app;
  const agent = authority.agentByName('robot');
  const service = authority.serviceByName('vendor');
  const grant = agent && service && authority.grant(agent.id, service.id);
  if (agent === undefined || service === undefined || grant === undefined)
    throw new Error('nothing is set up');
  return {
    agent: { id: agent.id, generation: agent.generation },
    placeholder: null,
    service: { id: service.id, revision: service.revision },
    grant: { id: grant.id, revision: grant.revision },
    method: 'POST',
    path: '/v1/notes',
    query: 'a=1',
    headers: [['content-type', 'application/json']],
    body: { hash: randomBytes(32).toString('base64url'), bytes: 64 },
    ...changed,
  };
}

export function question(app: App, call: ApprovedCall, changed: Partial<Question> = {}): Question {
  const { approvals, ids } = app.operations;
  return {
    call,
    callDigest: approvals.digestOf(call),
    direction: 'request',
    rules: ['en-override-earlier'],
    shown: {
      url: 'http://127.0.0.1:1/v1/notes?a=1',
      excerpts: [{ rule: 'en-override-earlier', text: 'ignore all of that', isCut: false }],
    },
    asking: {
      principal: { type: 'agent', id: call.agent.id, name: 'robot' },
      request: newId(ids, 'req'),
      client: '127.0.0.1',
    },
    ...changed,
  };
}

/** Uses approvals up as the intent of a call does: in a transaction of its own, with nothing else in it. */
export async function useUp(app: App, ...ids: readonly Id<'apr'>[]): Promise<void> {
  const { audit, approvals } = app.operations;
  await audit.transaction((tx) => approvals.consume(tx, ids));
}
