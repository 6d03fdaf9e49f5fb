// `doorward call`: one brokered call, made as an agent. Inside a run the run's placeholder is shown; outside, an agent
// key is exchanged, or a run is started for this one call.
import type { Command } from 'commander';
import type { IncomingMessage } from 'node:http';
import { readAgentKey } from '../agent-key.ts';
import { readBody } from '../call-body.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { CommandFailure, parseProblem, usageFailure } from '../failure.ts';
import { write } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { visible, visibleLines } from '../visible-text.ts';

interface CallOptions {
  readonly data?: string;
  readonly header?: readonly string[];
  readonly agent?: string;
  readonly keyFile?: string;
  readonly include?: boolean;
}

/** What commander hands over: arguments, options, itself. */
type Given = [service: string, method: string, path: string, options: CallOptions, command: Command];

interface CallRequest extends CallOptions {
  readonly service: string;
  readonly method: string;
  readonly path: string;
}

/** Whose name a call is made in, and where. */
interface Standing {
  readonly brokerUrl: string;
  readonly token: string;
}

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'call <service> <method> <path>',
    summary: 'Make one brokered call',
    examples: [
      'doorward call openai GET /v1/models --agent claude',
      "doorward call openai POST /v1/chat/completions --data @body.json -H 'x-trace: 1'",
    ],
    notes:
      'Inside `doorward run` the call is made as that agent. Outside, --agent names one: with --key-file its agent key\n' +
      'is used, else the owner credential starts a run for this one call. The answer goes to stdout as it comes.\n' +
      'Ends with 5 when the broker refused, 6 where a person has to approve the call, 4 when the credential was refused, 7 when the upstream failed.',
  })
    .option('-d, --data <text>', 'Body: the text, @FILE or - for stdin')
    .option('-H, --header <line>', "Header such as 'accept: text/plain'; may be repeated", collect)
    .option('--agent <name>', 'Make the call as this agent')
    .option('--key-file <path>', "File that holds the agent's key")
    .option('-i, --include', 'Print status and headers too')
    .action(async (...given: Given) => {
      const [service, method, path, options, command] = given;
      const context = open(command);
      const request = { ...options, service, method: method.toUpperCase(), path };
      context.exitCode = await call(context, request);
    });
}

async function call(context: Context, request: CallRequest): Promise<ExitCode> {
  requireSendable(request);
  const { agent, keyFile } = request;
  if (agent !== undefined && keyFile !== undefined) {
    return makeCall(context, request, await standingByKey(context, agent, keyFile));
  }
  if (agent !== undefined) return callInOwnRun(context, request, agent);
  const { token, url } = await context.config();
  if (token !== undefined && url !== undefined) return makeCall(context, request, { brokerUrl: url, token });
  throw new CommandFailure(
    EXIT.authNeeded,
    "Whose call is this? Inside `doorward run` it is the run's; here name an agent with --agent.",
  );
}

/** What Node would throw on, or what would change the request's meaning, is refused in words. */
function requireSendable({ path, method, service, header = [] }: CallRequest): void {
  if (!/^\/[\x21-\x7e]*$/.test(path)) {
    throw usageFailure(
      'PATH starts with / and holds no spaces or other characters that need percent-encoding.',
    );
  }
  if (!/^[A-Z]{1,32}$/.test(method)) throw usageFailure('METHOD is one word such as GET or POST.');
  if (!/^[a-z0-9_-]{1,64}$/.test(service))
    throw usageFailure('SERVICE is the name of a service: doorward service list');
  for (const line of header) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x21-\x7e\t ]*$/.test(line)) {
      throw usageFailure("A header is written as 'name: value'.");
    }
  }
}

async function standingByKey(context: Context, agent: string, keyFile: string): Promise<Standing> {
  const [{ exchangeForToken }, { exchange }] = await Promise.all([
    import('../credentials.ts'),
    import('../transport.ts'),
  ]);
  const address = await context.address();
  const credential = await readAgentKey(context, keyFile);
  const say = (text: string) => context.say(text);
  const token = await exchangeForToken(address, { name: agent, credential }, say);
  if (address.kind === 'url') return { brokerUrl: address.url, token: token.text };
  const metadata = await exchange(address, {
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
  });
  const issuer = /"issuer"\s*:\s*"(https?:\/\/[^"\\]+)"/.exec(metadata.text)?.[1];
  if (issuer === undefined)
    throw new CommandFailure(EXIT.failed, 'The server does not say its address; give it by --url.');
  return { brokerUrl: issuer.replace(/\/+$/, ''), token: token.text };
}

/** A run that lasts as long as the call. */
async function callInOwnRun(context: Context, request: CallRequest, agent: string): Promise<ExitCode> {
  const [{ runStart, runEnd }, { statusShow }, client] = await Promise.all([
    import('../../operations/contracts/runs.ts'),
    import('../../operations/contracts/status.ts'),
    context.client(),
  ]);
  const { address } = client;
  const brokerUrl = address.kind === 'url' ? address.url : (await client.call(statusShow, {})).url;
  const { run, placeholder } = await client.call(runStart, { agent });
  try {
    return await makeCall(context, request, { brokerUrl: brokerUrl.replace(/\/+$/, ''), token: placeholder });
  } finally {
    await client.call(runEnd, { run });
  }
}

async function makeCall(context: Context, request: CallRequest, standing: Standing): Promise<ExitCode> {
  const { send } = await import('../transport.ts');
  const body = request.data === undefined ? undefined : readBody(context, request.data);
  const headers: Record<string, string | string[]> = {
    accept: '*/*',
    'user-agent': 'doorward',
    ...(body === undefined ? {} : { 'content-type': 'application/json', ...body.headers }),
    ...ownHeaders(request.header ?? []),
    authorization: `Bearer ${standing.token}`,
  };
  const answer = await send(
    { kind: 'url', url: standing.brokerUrl },
    {
      method: request.method,
      path: `/call/${request.service}${request.path}`,
      headers,
      ...(body === undefined ? {} : { body: body.content }),
    },
  );
  if (request.include === true) printHead(context, answer);
  return isFromBroker(answer) ? printRefusal(context, answer) : printAnswer(context, answer);
}

function ownHeaders(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()];
  }
  return headers;
}

function isFromBroker({ headers }: IncomingMessage): boolean {
  return headers['doorward-source'] === 'broker';
}

function printHead(
  context: Context,
  { httpVersion, statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage,
): void {
  write(context, `HTTP/${httpVersion} ${String(statusCode)} ${visible(statusMessage)}\n`);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    write(context, `${visible(rawHeaders[at] ?? '')}: ${visible(rawHeaders[at + 1] ?? '')}\n`);
  }
  write(context, '\n');
}

const LINE_FEED = 0x0a;
const MAX_PROBLEM_BYTES = 1024 * 1024;

/** The broker's own answer: its body is data, its sentence is said too. */
async function printRefusal(context: Context, answer: IncomingMessage): Promise<ExitCode> {
  const { readAll } = await import('../transport.ts');
  const text = (await readAll(answer, MAX_PROBLEM_BYTES)).toString();
  const { statusCode: status = 0 } = answer;
  write(context, context.terminal.stdout.isTTY === true ? `${visibleLines(text)}\n` : text);
  if (status < 400) return EXIT.ok;
  const problem = parseProblem(status, text);
  context.warn(visible(problem.sentence));
  return problem.exitCode;
}

/** The upstream's answer, as it comes. On a terminal its control characters are made visible. */
async function printAnswer(context: Context, answer: IncomingMessage): Promise<ExitCode> {
  const { stdout } = context.terminal;
  const decoder = new TextDecoder();
  let endsLine = true;
  try {
    for await (const chunk of answer) {
      const bytes = chunk as Buffer; // no encoding is set
      endsLine = bytes.at(-1) === LINE_FEED;
      const isTaken = stdout.write(
        stdout.isTTY === true ? visibleLines(decoder.decode(bytes, { stream: true })) : bytes,
      );
      if (!isTaken) await new Promise((resolve) => stdout.once('drain', resolve));
    }
  } catch (cause) {
    throw new CommandFailure(EXIT.vendor, 'The answer broke off.', { cause });
  }
  const { statusCode: status = 0 } = answer;
  if (stdout.isTTY === true && !endsLine) write(context, '\n');
  if (status < 400) return EXIT.ok;
  context.warn(`The upstream answered ${String(status)}.`);
  if (status === 401) return EXIT.authNeeded;
  return status >= 500 ? EXIT.vendor : EXIT.failed;
}
