// Trying a key once through the broker, as the agent it was granted to: does the vendor take it?
import type { CatalogueEntry, TestCall } from '../catalogue/entry.ts';
import { runEnd, runStart } from '../operations/contracts/runs.ts';
import { statusShow } from '../operations/contracts/status.ts';
import type { Client } from './client.ts';
import { CommandFailure, parseProblem, ServerProblem } from './failure.ts';
import { readAll, send } from './transport.ts';

/** What the vendor said to a key. `unclear`: nothing that tells whether it is good. */
export interface KeyTrial {
  readonly outcome: 'accepted' | 'refused' | 'unclear' | 'untried';
  /** A few words for people. */
  readonly said: string;
}

interface ToTry {
  readonly service: string;
  readonly entry: CatalogueEntry | undefined;
}

const UNTRIED: KeyTrial = { outcome: 'untried', said: 'no test call is known' };
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 20_000;
const AT_ONCE = 8;

/** Tries each service's key in one run of the agent; never throws for what a vendor answers. */
export async function tryKeys(
  client: Client,
  agent: string,
  services: readonly ToTry[],
): Promise<ReadonlyMap<string, KeyTrial>> {
  const trials = new Map<string, KeyTrial>(services.map(({ service }) => [service, UNTRIED]));
  const calls = services.flatMap(({ service, entry }) =>
    entry?.testCall === undefined ? [] : [{ service, testCall: entry.testCall }],
  );
  if (calls.length === 0) return trials;
  const brokerUrl = await findBrokerUrl(client);
  const { run, placeholder: token } = await client.call(runStart, { agent });
  try {
    for (let at = 0; at < calls.length; at += AT_ONCE) {
      const part = calls.slice(at, at + AT_ONCE);
      const results = await Promise.all(
        part.map(async ({ service, testCall }) => tryKey({ brokerUrl, token, service, testCall })),
      );
      part.forEach(({ service }, index) => trials.set(service, results[index] ?? UNTRIED));
    }
  } finally {
    await client.call(runEnd, { run });
  }
  return trials;
}

/** Where agents call this server. */
export async function findBrokerUrl(client: Client): Promise<string> {
  const url = client.address.kind === 'url' ? client.address.url : (await client.call(statusShow, {})).url;
  return url.replace(/\/+$/, '');
}

interface Trying {
  readonly brokerUrl: string;
  readonly token: string;
  readonly service: string;
  readonly testCall: TestCall;
}

async function tryKey({ brokerUrl, token, service, testCall }: Trying): Promise<KeyTrial> {
  const { method, path, body } = testCall;
  try {
    const answer = await send(
      { kind: 'url', url: brokerUrl },
      {
        method,
        path: `/call/${service}${path}`,
        timeoutMs: TIMEOUT_MS,
        headers: {
          accept: 'application/json',
          'user-agent': 'doorward',
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
        ...(body === undefined ? {} : { body }),
      },
    );
    const text = (await readAll(answer, MAX_ANSWER_BYTES)).toString();
    return judge(testCall, {
      status: answer.statusCode ?? 0,
      isFromBroker: answer.headers['doorward-source'] === 'broker',
      text,
    });
  } catch (error) {
    const isExpected = error instanceof CommandFailure || error instanceof ServerProblem;
    return { outcome: 'unclear', said: isExpected ? error.message : 'the connection broke off' };
  }
}

interface Answered {
  readonly status: number;
  readonly isFromBroker: boolean;
  readonly text: string;
}

function judge(testCall: TestCall, { status, isFromBroker, text }: Answered): KeyTrial {
  if (isFromBroker && status >= 400)
    return { outcome: 'unclear', said: parseProblem(status, text).body.title };
  const said = `answered ${String(status)}`;
  const isGood = status === testCall.expectStatus || testCall.alsoValid?.includes(status) === true;
  if (isGood) {
    const { expectMember: member } = testCall;
    if (member === undefined || hasMember(text, member)) return { outcome: 'accepted', said };
    return { outcome: 'refused', said: `${said}, but without ${member}` };
  }
  return { outcome: status === 401 || status === 403 ? 'refused' : 'unclear', said };
}

/** Whether the JSON has a true member at the dotted path. */
function hasMember(text: string, path: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Readonly<Record<string, unknown>>)[name]; // an object, as the line above says
  }
  return Boolean(value);
}
