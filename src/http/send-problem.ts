// A refusal as the whole answer to a request, whoever refuses it: also before anything else is loaded.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Id } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { RefusalShape } from '../core/service.ts';
import { toProblemResponse, toShapedResponse } from './problem-response.ts';

const LEFT_OVER_BODY_MS = 2000;

/** One request as it is to be answered. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: Id<'req'>;
  /** Where the pages of problems are, once it is known. */
  readonly publicUrl?: string | undefined;
}

/** `shape`: in the words of a vendor, where its clients understand no others. */
export function sendProblem(to: Asked, problem: Problem, shape?: RefusalShape): void {
  if (to.response.destroyed || to.response.headersSent) return;
  const { id, publicUrl } = to;
  const { status, headers, body } =
    shape === undefined
      ? toProblemResponse(problem, id, publicUrl)
      : toShapedResponse(problem, shape, {
          request: id,
          publicUrl,
          client: to.request.headers['user-agent'],
        });
  const { 'www-authenticate': challenge, ...others } = headers;
  to.response.writeHead(status, {
    ...others,
    ...(challenge === undefined ? {} : { 'www-authenticate': challengeFor(to.request, challenge) }),
    'content-length': Buffer.byteLength(body),
  });
  to.response.end(to.request.method === 'HEAD' ? undefined : body);
  letGoOfBody(to.request);
}

/** `challenge`, or what clients understand that know no bearer tokens of ours. */
function challengeFor({ headers, url = '' }: IncomingMessage, challenge: string): string {
  // Clients of container registries would look for the token endpoint of a bearer challenge (OCI Distribution, Docker's token
  // authentication); what they have logged in with they send as Basic.
  if (url.startsWith('/v2/')) return BASIC;
  // Git asks its credential helpers only where it is asked for Basic, and always calls without a token first.
  return /^git(?:-lfs)?\//.test(headers['user-agent'] ?? '') ? `${challenge}, ${BASIC}` : challenge;
}

const BASIC = 'Basic realm="doorward"';

/**
 * The rest of an upload that nobody wants is read and dropped, but not for long: closing at once would reset the
 * connection, and the caller would never get to read the answer.
 */
export function letGoOfBody(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), LEFT_OVER_BODY_MS).unref();
  request.once('end', () => clearTimeout(timer));
  request.on('pause', () => request.resume()); // whoever read from it lets go later than this
  request.resume();
}
