// Asks a token endpoint, over the egress that every call takes: resolved once, checked, pinned, no redirects. Only the status
// and a bounded body come back. Who calls this has written the intent and writes the outcome.
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { parseBaseUrl } from '../core/service.ts';
import type { OutgoingRequest, Timeouts } from '../egress/flow.ts';
import type { Egress } from '../egress/send.ts';
import type { MintAnswer, MintRequest } from '../providers/materials/material.ts';
import type { Authority } from './authority.ts';
import type { Lease } from './lease.ts';

export interface MintRequestDeps {
  readonly vaultId: Id<'vlt'>;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly egress: Pick<Egress, 'send'>;
}

export type MintReply =
  | { readonly result: 'answered'; readonly answer: MintAnswer }
  | { readonly result: 'failed'; readonly problem: Problem }
  | { readonly result: 'too-much' };

/** Longer than the lease of a fetch is, none may take. */
const MINT_LIMIT_MS = 20_000;
const TIMEOUTS: Partial<Timeouts> = {
  connectMs: 10_000,
  firstByteMs: 15_000,
  idleMs: 10_000,
  totalMs: MINT_LIMIT_MS,
};
const MAX_ANSWER_BYTES = 64 * 1024;

/** Scheme, host and port, for the audit log and for messages. */
export function endpointOf(url: string): string {
  return new URL(url).origin;
}

export async function sendMint(
  deps: MintRequestDeps,
  secretId: Id<'sec'>,
  request: MintRequest,
): Promise<MintReply> {
  const { authority, lease, egress, vaultId } = deps;
  if (!lease.isValid()) await lease.regain();
  const refusal = () => {
    if (!lease.isValid()) return new Problem('not-ready', { detail: 'Rights are not known at the moment.' });
    if (authority.frozen !== undefined) return new Problem('frozen', { detail: 'The vault is frozen.' });
    return undefined;
  };
  const chunks: Buffer[] = [];
  let bytes = 0;
  let status = 0;
  return await new Promise<MintReply>((resolve) => {
    const flow = egress.send(outgoing(request, `${vaultId}:${secretId}:mint`), {
      beforeFirstByte: refusal,
      onHead: (head) => {
        status = head.status;
      },
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
        else {
          resolve({ result: 'too-much' });
          flow.abort(new Problem('internal', { internal: 'the rest of a token answer is not read' }));
        }
        return true;
      },
      onEnd: () => resolve({ result: 'answered', answer: { status, body: Buffer.concat(chunks) } }),
      onError: (problem) => resolve({ result: 'failed', problem }),
    });
  });
}

function outgoing({ url, headers, body }: MintRequest, poolKey: string): OutgoingRequest {
  const { pathname, href } = new URL(url);
  const { origin } = parseBaseUrl(href.slice(0, href.length - pathname.length));
  return {
    origin,
    poolKey,
    method: 'POST',
    path: pathname,
    headers: [...headers, ['user-agent', 'doorward'], ['accept-encoding', 'identity']],
    body,
    timeouts: TIMEOUTS,
  };
}
