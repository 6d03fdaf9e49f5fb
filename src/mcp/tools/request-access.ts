// Tool `request_access`: asks for what the agent lacks. A person decides; where the client can show its user a page, the
// request comes back as the protocol's own "input required", and asking again afterwards tells what was decided.
import { UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { AccessRequestInput, type AccessRequestRecord } from '../../operations/contracts/access-requests.ts';
import { requestAccess as ask } from '../../operations/request-access.ts';
import { z } from 'zod';
import type { ToolContext } from '../deps.ts';
import { told, tool } from '../tool.ts';

const { allow, actions, reason } = AccessRequestInput.shape;

export const requestAccess = tool({
  name: 'request_access',
  title: 'Ask for access',
  description:
    'Asks an administrator for access to a service this agent may not call yet, or not in this way. Ask for the least ' +
    'that will do. A person reads the reason and decides; nothing is granted by asking. Asking for the same again ' +
    'tells whether it is still undecided.',
  input: z.strictObject({
    service: z
      .string()
      .regex(/^[a-z0-9_-]{1,64}$/, 'a name is 1 to 64 of a-z, 0-9, - and _')
      .describe('The service, such as github.'),
    allow,
    actions,
    reason,
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  call: async (context, input) => {
    const { agent, principal } = context.agent;
    const { request, client, deps } = context;
    const asked = await ask(deps.operations, { agent, principal, request, client }, input);
    if (asked.result === 'covered') {
      return told({
        result: 'granted',
        service: input.service,
        next: 'You may call this already: call_service.',
      });
    }
    if (context.canShowPages) throw inputRequired(context, asked.request);
    const { id, service, lapsesAt } = asked.request;
    return told({
      result: 'pending',
      request: id,
      service,
      allow: asked.request.allow ?? ['* /**'],
      lapsesAt,
      next: `Nobody has decided yet. Tell the person you work for: an administrator grants it with \`doorward access grant ${id}\`. Ask again once they have answered, not before.`,
    });
  },
});

/** The result by which a client asks its user to look at a page, and then asks again (revision 2025-11-25). */
function inputRequired(
  { deps }: ToolContext,
  { id, agent, service }: AccessRequestRecord,
): UrlElicitationRequiredError {
  const url = `${deps.operations.server.publicUrl()}/access-requests/${id}`;
  const message = `The agent ${agent} asks for access to ${service}. The page says how an administrator grants or denies it.`;
  return new UrlElicitationRequiredError([{ mode: 'url', elicitationId: id, url, message }], message);
}
