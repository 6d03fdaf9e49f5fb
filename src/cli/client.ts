// Administrative operations over the wire: the contract says method, path, input and output.
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { issueWords } from '../core/issue-words.ts';
import type { Contract } from '../operations/contract.ts';
import { exchangeForToken } from './credentials.ts';
import type { AccessToken } from './credentials.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, parseProblem, usageFailure } from './failure.ts';
import { exchange, readAll, send } from './transport.ts';
import type { Address, Incoming } from './transport.ts';

export interface Client {
  readonly address: Address;
  /** Throws ServerProblem when the server refuses. */
  call<C extends Contract>(contract: C, input: z.input<C['input']>): Promise<z.output<C['output']>>;
  /** For an operation that answers with a file: the head of the answer, whose body is the caller's to read. */
  download<C extends Contract>(contract: C, input: z.input<C['input']>): Promise<IncomingMessage>;
}

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

const TOKEN_MARGIN_MS = 30_000;
const MAX_REFUSAL_BYTES = 1024 * 1024;

interface ClientDeps {
  readonly readCredential: () => Promise<string>;
  /** Told when a server that starts is waited for. */
  readonly say: (text: string) => void;
}

/** A client that exchanges the owner credential when a token is needed, and again before one ends. */
export function createClient(address: Address, { readCredential, say }: ClientDeps): Client {
  let credential: Promise<string> | undefined;
  let token: AccessToken | undefined;
  const refresh = async () => {
    credential ??= readCredential();
    token = await exchangeForToken(address, { name: 'owner', credential: await credential }, say);
    return token;
  };
  return {
    address,
    call: async (contract, input) => {
      const outgoing = toRequest(contract, input);
      const trySend = async ({ text }: AccessToken) =>
        exchange(address, { ...outgoing, headers: { ...outgoing.headers, authorization: `Bearer ${text}` } });
      const isFresh = token !== undefined && performance.now() < token.expiresAtMs - TOKEN_MARGIN_MS;
      let answer = await trySend(isFresh && token !== undefined ? token : await refresh());
      // A server that was started anew may have forgotten the token; a second refusal is meant.
      if (answer.status === 401 && isFresh) answer = await trySend(await refresh());
      return readOutput(contract, answer);
    },
    download: async (contract, input) => {
      const { text } = await refresh();
      const outgoing = toRequest(contract, input);
      const headers = { ...outgoing.headers, authorization: `Bearer ${text}` };
      const answer = await send(address, { ...outgoing, headers });
      if (answer.statusCode === 200) return answer;
      throw parseProblem(answer.statusCode ?? 0, (await readAll(answer, MAX_REFUSAL_BYTES)).toString());
    },
  };
}

/** Every page of a list, as one output. */
export async function callAllPages<C extends Contract>(
  client: Client,
  contract: C,
  input: z.input<C['input']>,
): Promise<z.output<C['output']>> {
  const items: unknown[] = [];
  let cursor: string | null = null;
  do {
    const pageInput = { limit: 200, ...input, ...(cursor === null ? {} : { cursor }) };
    const page = (await client.call(contract, pageInput)) as Page; // lists answer with `page(...)`
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items, nextCursor: null } as z.output<C['output']>;
}

function toRequest(contract: Contract, input: unknown) {
  const parsed = contract.input.safeParse(input, { error: issueWords });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw usageFailure(`${issue?.path.join('.') ?? 'input'}: ${issue?.message ?? 'not valid'}`);
  }
  const rest: Record<string, unknown> = { ...parsed.data };
  const path = contract.path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = String(rest[field]);
    delete rest[field];
    return encodeURIComponent(value);
  });
  const { method } = contract;
  if (method === 'DELETE') return { method, path, headers: {} };
  if (method === 'GET') return { method, path: path + toQuery(rest), headers: {} };
  return {
    method,
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(rest),
  };
}

function toQuery(fields: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return query === '' ? '' : `?${query}`;
}

function readOutput<C extends Contract>(contract: C, answer: Incoming): z.output<C['output']> {
  if (answer.status < 200 || answer.status > 299) throw parseProblem(answer.status, answer.text);
  const parsed = contract.output.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data as z.output<C['output']>; // the generic's own schema parsed it
  const issue = parsed.error.issues[0];
  throw new CommandFailure(
    EXIT.failed,
    `The server's answer to ${contract.name} is not understood (${issue?.path.join('.') ?? ''}: ` +
      `${issue?.message ?? ''}). Do its version and this command's differ? See: doorward --version, doorward status`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
