// The input of an administrative operation from its request: path, query of a GET, JSON body of everything else. Each
// field comes from one place, in one spelling; what two readers could take differently is refused.
import type { IncomingMessage } from 'node:http';
import { Problem } from '../core/problem.ts';
import { parseStrictJson } from '../core/strict-json.ts';
import type { Contract } from '../operations/contract.ts';
import { readBody } from './read-body.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** Throws `invalid-request`, `invalid-input`, `unsupported-media-type` or `body-too-large`. */
export async function inputOf(
  contract: Pick<Contract, 'method'>,
  incoming: IncomingMessage,
  path: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const query = queryOf(incoming);
  if (contract.method === 'GET') {
    refuseBody(incoming);
    return joined(query, path);
  }
  if (Object.keys(query).length > 0) {
    throw new Problem('invalid-input', {
      detail: `${contract.method} takes no parameters in the query: send fields in the body.`,
    });
  }
  return joined(await bodyOf(incoming), path);
}

/** A field of the path can not be sent in a second place, which could say something else. */
function joined(
  input: Readonly<Record<string, unknown>>,
  path: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const twice = Object.keys(path).find((name) => Object.hasOwn(input, name));
  if (twice !== undefined) {
    throw new Problem('invalid-input', {
      detail: `${twice}: it stands in the path; leave it out elsewhere.`,
    });
  }
  return { ...input, ...path };
}

/** Of the raw target: a URL parser would mend what is not percent-encoded UTF-8. */
function queryOf({ url = '' }: IncomingMessage): Record<string, string> {
  const at = url.indexOf('?');
  const pairs = at === -1 ? [] : url.slice(at + 1).split('&');
  const fields = new Map<string, string>();
  for (const pair of pairs) {
    if (pair === '') continue;
    const [name = '', ...value] = pair.split('=');
    const decoded = decode(name);
    if (fields.has(decoded)) throw new Problem('invalid-input', { detail: 'A parameter was sent twice.' });
    fields.set(decoded, decode(value.join('=')));
  }
  return Object.fromEntries(fields);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Problem('invalid-request', { detail: 'The query is not percent-encoded UTF-8.' });
  }
}

function refuseBody(incoming: IncomingMessage): void {
  if (hasBody(incoming)) {
    throw new Problem('invalid-request', { detail: 'GET takes no body here: send fields in the query.' });
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function bodyOf(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!hasBody(incoming)) return {}; // some clients name a type all the same
  const { 'content-type': type, 'content-encoding': coding } = incoming.headers;
  const isJson = type !== undefined && isJsonType(type);
  // Refused by what the head says, before anything is read; only an empty body needs no type.
  if (type !== undefined && !isJson) throw notJson();
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported-media-type', { detail: 'Send the body without a Content-Encoding.' });
  }
  const text = await readBody(incoming, MAX_BODY_BYTES);
  if (text === '') return {};
  if (!isJson) throw notJson();
  const input = parseStrictJson(text);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new Problem('invalid-input', { detail: 'The body must be a JSON object.' });
  }
  return { ...input };
}

/** `application/json`; another charset than the one JSON has is not taken. */
function isJsonType(type: string): boolean {
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  return media === 'application/json' && parameters.every((part) => /^(charset="?utf-8"?)?$/.test(part));
}

function notJson(): Problem {
  return new Problem('unsupported-media-type', {
    detail: 'Send the body as JSON, with Content-Type: application/json.',
  });
}
