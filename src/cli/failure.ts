// How commands fail: our own refusals, and problems the server answered with. `main` turns both into one message
// and an exit code; nobody else prints errors.
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** A command that can not go on. The message is one or more full sentences: what happened and what to do next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(EXIT.usage, message);
}

interface ProblemBody {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  readonly fault: string | undefined;
}

/** A call that a person lets through, or does not. */
const OF_APPROVALS: ReadonlySet<string> = new Set([
  'approval-required',
  'approval-pending',
  'approval-denied',
]);

/** An `application/problem+json` answer of the server (RFC 9457), or what stands in for one. */
export class ServerProblem extends Error {
  override readonly name = 'ServerProblem';
  readonly body: ProblemBody;

  constructor(body: ProblemBody) {
    super(body.detail ?? body.title);
    this.body = body;
  }

  get exitCode(): ExitCode {
    const { status, fault, code } = this.body;
    if (status === 401) return EXIT.authNeeded;
    if (fault === 'upstream') return EXIT.vendor;
    if (OF_APPROVALS.has(code)) return EXIT.approval;
    if (status === 403) return EXIT.denied;
    return status === 422 || status === 400 ? EXIT.usage : EXIT.failed;
  }

  get sentence(): string {
    const { title, detail, requestId } = this.body;
    const said = detail === undefined ? title : `${title}: ${detail}`;
    return requestId === undefined ? said : `${said} (${requestId})`;
  }
}

/** Reads a refusal: problem bodies, OAuth errors (RFC 6749 §5.2), or nothing but a status. */
export function parseProblem(status: number, body: string): ServerProblem {
  const fields = parseObject(body);
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return new ServerProblem({
    status,
    code: text('code') ?? text('error') ?? 'unknown',
    title:
      text('title') ?? text('error_description') ?? text('error') ?? `The server answered ${String(status)}`,
    detail: text('detail'),
    requestId: text('instance'),
    fault: text('fault'),
  });
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
