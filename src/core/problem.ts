// The catalogue of failures as RFC 9457 problem types, and the one error class that carries them.

/** Who must act: the caller, whoever writes policy, the upstream's owner, or who runs the vault. */
export type Fault = 'caller' | 'policy' | 'upstream' | 'vault';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly fault: Fault;
  /** What it means and what to do, for the page that `type` leads to. Markdown, at most `code` in it. */
  readonly help: string;
}

export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    fault: 'caller',
    help: 'The request could not be read as HTTP or JSON the way Doorward needs it. `detail` names what is wrong; change that and send it again.',
  },
  'ambiguous-credential': {
    status: 400,
    title: 'Several different credentials were sent',
    fault: 'caller',
    help: 'Several different tokens came with one call, in several headers or in the query. Send exactly one.',
  },
  'invalid-address': {
    status: 400,
    title: 'The address is not in canonical form',
    fault: 'caller',
    help: 'The path can be read in two ways: encoded slashes, dot segments, doubled slashes. Send it in its plain form.',
  },
  'invalid-input': {
    status: 422,
    title: 'A field is missing or not valid',
    fault: 'caller',
    help: 'The JSON was read, but a field is missing, unknown or out of its range. `issues` names each field and the reason; values are never repeated.',
  },
  unauthenticated: {
    status: 401,
    title: 'A valid token is needed',
    fault: 'caller',
    help: 'The token or placeholder is missing, has expired, or was made worthless: its run ended, or its agent was removed. Get a token at /oauth/token, or start the agent with `doorward run`.',
  },
  'admin-required': {
    status: 401,
    title: 'The owner credential is needed',
    fault: 'caller',
    help: 'Administrative requests need a token of the owner. Exchange the owner credential at /oauth/token (the CLI does it by itself); such a token lasts fifteen minutes.',
  },
  forbidden: {
    status: 403,
    title: 'The permission is missing',
    fault: 'policy',
    help: 'The token is good, but its admin lacks the permission that this operation needs. `permission` names it.',
  },
  'no-grant': {
    status: 403,
    title: 'No grant on this service',
    fault: 'policy',
    help: 'The agent has no grant on a service of that name; whether there is such a service is not said. An administrator can make one: `doorward grant add AGENT SERVICE`; the agent can ask for it with `POST /v1/access-requests`.',
  },
  'not-allowed': {
    status: 403,
    title: 'No rule allows this call',
    fault: 'policy',
    help: 'The agent has a grant on this service, and it does not cover this method and path, or a constraint of it does not hold, or it has ended, or the token was asked for with less. `rule` says which of them decided, `needed_grant`, `needed_change` or `needed_scope` the smallest thing that would help.',
  },
  frozen: {
    status: 403,
    title: 'Frozen by an administrator',
    fault: 'policy',
    help: 'An administrator has stopped this on purpose. Trying again does not help; ask them. They end it with `doorward agent unfreeze AGENT`, `doorward grant unfreeze AGENT SERVICE` or, after a restore, `doorward restore accept`; `detail` says what is frozen.',
  },
  'host-not-allowed': {
    status: 421,
    title: 'This host name is not served here',
    fault: 'caller',
    help: 'The Host header names an address this server does not serve, which is how a web page would reach a broker on loopback. Use the address the server printed when it started, or set DOORWARD_PUBLIC_URL.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    fault: 'caller',
    help: 'There is nothing of that name or at that address. The lists (`doorward secret list` and the like) show what there is; /openapi.json shows the addresses.',
  },
  'already-exists': {
    status: 409,
    title: 'The name is taken',
    fault: 'caller',
    help: 'Something of that name is there already. Choose another name, or remove that one first.',
  },
  'in-use': {
    status: 409,
    title: 'Something else still needs it',
    fault: 'caller',
    help: 'Something else still stands on it; `detail` names what. Remove that first.',
  },
  'request-decided': {
    status: 409,
    title: 'The access request is not open',
    fault: 'caller',
    help: 'The access request was granted or denied before, or nobody decided it within seven days. `doorward access list` shows those that wait; the agent can ask again.',
  },
  'too-many-pending': {
    status: 403,
    title: 'Too many questions wait',
    fault: 'policy',
    help: 'The agent has as many access requests, or as many calls that wait for an approval, as it may have that nobody has decided yet. An administrator decides them (`doorward access list`, `doorward approval list`); asking for the same again is answered with the one there is.',
  },
  'approval-required': {
    status: 403,
    title: 'A person has to approve this call',
    fault: 'policy',
    help: 'A rule of the service wants a person to look at this call before it is made. Nothing was sent; a question now waits, whose id `approval` names. Tell somebody: an administrator looks at it with `doorward approval show ID` and decides with `doorward approval approve ID`. Then repeat exactly this call; anything else is another question.',
  },
  'approval-pending': {
    status: 403,
    title: 'Nobody has approved this call yet',
    fault: 'policy',
    help: 'The same call was made before, and the question it raised still waits for a person: `doorward approval show ID`. Repeating it does not help until somebody has decided; a question that nobody decides lapses after an hour.',
  },
  'approval-denied': {
    status: 403,
    title: 'A person denied this call',
    fault: 'policy',
    help: 'A person looked at this call and denied it. Do not repeat it; ask whoever administers Doorward. The denial stands for an hour, after which the same call asks again.',
  },
  'approval-decided': {
    status: 409,
    title: 'The approval is not open',
    fault: 'caller',
    help: 'Somebody has decided it before, or nobody did within an hour. `doorward approval list` shows what waits; the agent asks again by repeating its call.',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Web pages may not ask here',
    fault: 'caller',
    help: 'The request says that a web page of another origin made it, which is how a page would use a broker on loopback. Programs send no Origin header; leave it out.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key stands for another request',
    fault: 'caller',
    help: 'This `Idempotency-Key` came with another request within the last day. Use a fresh key for each thing that is made; repeat a key only with the same input.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The record is not as expected',
    fault: 'caller',
    help: 'The record has changed since the tag in `If-Match` was given; nothing was done. `revision` is its present one: read the record again, decide again, send its tag.',
  },
  'rotation-under-way': {
    status: 409,
    title: 'A rotation is under way',
    fault: 'caller',
    help: 'The secret has a rotation that is not decided yet. It goes on by itself, also when the command that started it was interrupted: wait, then look with `doorward secret versions NAME`.',
  },
  'wrong-state': {
    status: 409,
    title: 'Not possible in the present state',
    fault: 'caller',
    help: 'The secret version is in a state that does not allow this, such as going back after the grace period. `doorward secret versions NAME` shows the states; `detail` says what is possible.',
  },
  'record-altered': {
    status: 409,
    title: 'The record is not as Doorward wrote it',
    fault: 'vault',
    help: 'Somebody changed the record in the database past Doorward. It counts for nothing, no call is made by it, and nothing is built on it: `detail` names it. Remove it and make it anew, or restore a backup, and find out who writes to the database; `doorward audit list --kind integrity.alarm` shows since when.',
  },
  'probe-failed': {
    status: 502,
    title: 'The upstream did not accept the new value',
    fault: 'upstream',
    help: 'The probe of a rotation was not answered with a 2xx status, so the secret was not changed. The new value is kept as a disabled version: `doorward secret rotate NAME --version N` tries it again, `doorward secret rotate NAME` takes another value.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    fault: 'caller',
    help: 'The address is there, but not for this method. The Allow header, where there is one, lists the methods that work.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    fault: 'caller',
    help: 'The body is larger than this address takes, or than a body may be that the grant has a rule for. `detail` says how much it takes.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not taken here',
    fault: 'caller',
    help: 'The body is of another media type than this address takes, or does not say its own. Send JSON with `Content-Type: application/json`.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    fault: 'caller',
    help: 'The request line and the headers are too many or too long. Send fewer and shorter ones; cookies are never needed here.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long',
    fault: 'caller',
    help: 'The request did not arrive whole in time. Send it again on a connection that is fast enough.',
  },

  'expectation-failed': {
    status: 417,
    title: 'The expectation is not met here',
    fault: 'caller',
    help: 'The Expect header asks for something other than 100-continue, the only expectation met here. Leave it out.',
  },
  'secret-in-request': {
    status: 403,
    title: 'The request carries a secret',
    fault: 'policy',
    help: 'The call carries the value of a stored secret. The agent should hold a placeholder instead: the value got out somewhere, so change it at the vendor and rotate the secret.',
  },
  'secret-in-answer': {
    status: 403,
    title: 'The answer carries a secret',
    fault: 'policy',
    help: 'The upstream sent back the key that it was called with, and the service is set to block such answers. The call itself was made. Nothing of the answer from there on was passed on; an administrator finds the call in the audit log. Whoever read it elsewhere knows the key: rotate the secret.',
  },
  'credential-in-answer': {
    status: 403,
    title: 'The answer carries a new credential',
    fault: 'policy',
    help: 'The answer holds a text with the look of a key or token, and the service is set to block such answers. The call itself was made, so that a key may have been made with it: an administrator looks for it at the vendor.',
  },
  'content-blocked': {
    status: 403,
    title: 'The content may not pass',
    fault: 'policy',
    help: 'The service is set not to take, or not to hand on, content of some class: personal data, or what a pattern of its own describes. `rule` names the class. Leave such content out of a request. Of an answer nothing more than what came before it was passed on; the call itself was made.',
  },
  'text-blocked': {
    status: 403,
    title: 'The text is not let through',
    fault: 'policy',
    help: 'The service has text looked at that a model reads or writes, and what stands in `rule` is kept back here: words that would make a model drop its instructions or carry data out, a canary that came back, or an answer that is not as its schema says. A false alarm is ended by an administrator: `doorward service protect NAME text.rules.RULE=flag`.',
  },
  'too-many-attempts': {
    status: 429,
    title: 'Too many failed attempts',
    fault: 'caller',
    help: 'Too many wrong credentials came from this address. Wait as long as Retry-After says, then send a right one.',
  },
  'address-blocked': {
    status: 502,
    title: 'The upstream address is not allowed',
    fault: 'vault',
    help: "The service's host name leads to an address that calls may not go to: a private network, a metadata service, or Doorward itself. If that is meant, allow the network with DOORWARD_EGRESS_ALLOW_CIDRS.",
  },
  'upstream-unreachable': {
    status: 502,
    title: 'The upstream could not be reached',
    fault: 'upstream',
    help: "The upstream's name could not be looked up, or it took no connection, or its TLS certificate is not good. Check the service's base URL and the network between.",
  },
  'upstream-invalid': {
    status: 502,
    title: 'The upstream answer could not be passed on',
    fault: 'upstream',
    help: 'The upstream answered, but not in a way that can be checked for leaked secrets and passed on. Nothing of the answer went through. Its owner must act, or the call must ask for another encoding.',
  },
  'upstream-timeout': {
    status: 504,
    title: 'The upstream took too long',
    fault: 'upstream',
    help: 'The upstream did not connect or answer in time. Whether it did the work is not known: try again only what may be done twice.',
  },
  'secret-unavailable': {
    status: 503,
    title: 'The secret can not be used',
    fault: 'vault',
    help: "The secret has no value that may be sent here now: it was destroyed or disabled, gives no access token, does not open under this server's keys, or is bound to another address. `detail` says what to do; look with `doorward secret show NAME`.",
  },
  'audit-unavailable': {
    status: 503,
    title: 'The call could not be recorded',
    fault: 'vault',
    help: "A call that can not be recorded is not made. The audit log could not be written; whoever runs Doorward finds the reason in the server's log.",
  },
  'database-unavailable': {
    status: 503,
    title: 'The database does not answer',
    fault: 'vault',
    help: 'The database does not answer, so rights can not be checked and nothing was changed unless `detail` says so. Try again shortly; /readyz tells when it is back.',
  },
  draining: {
    status: 503,
    title: 'The server is shutting down',
    fault: 'vault',
    help: 'The server is shutting down and takes nothing new. Another one, or this one after its restart, will answer.',
  },
  'not-settled': {
    status: 503,
    title: 'The change is made, but not known everywhere yet',
    fault: 'vault',
    help: 'The change is made and lasts, but one replica has not confirmed it in time. Do not repeat it: wait two seconds, then look at the record.',
  },
  'not-ready': {
    status: 503,
    title: 'The server is not ready',
    fault: 'vault',
    help: 'The server is starting, or something it needs is missing; `detail` says what. /readyz shows the single checks.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong inside Doorward',
    fault: 'vault',
    help: "A mistake in Doorward. Nothing about its cause is told here; the server's log has it under the request's id, which is worth reporting.",
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Where the pages of problems are below a server's public URL; `type` is relative while that is not known. */
export const PROBLEM_PATH = '/problems/';

interface ProblemOptions {
  /** Public sentence: what happened and what to do next. Never holds a value. */
  readonly detail?: string;
  /** Only for the server's log. */
  readonly internal?: string;
  /** Typed extension members of the problem body, e.g. `rule`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A request that is over, with the answer its caller gets. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly internal: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.internal = options.internal;
    this.extensions = options.extensions ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  get fault(): Fault {
    return PROBLEMS[this.code].fault;
  }

  /** The `application/problem+json` body (RFC 9457 §3). `requestId` becomes `instance`; `publicUrl` has the pages. */
  toBody(requestId: string, publicUrl = ''): Record<string, unknown> {
    const kind = PROBLEMS[this.code];
    return {
      type: `${publicUrl}${PROBLEM_PATH}${this.code}`,
      title: kind.title,
      status: kind.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      instance: requestId,
      code: this.code,
      fault: kind.fault,
      ...this.extensions,
    };
  }
}
