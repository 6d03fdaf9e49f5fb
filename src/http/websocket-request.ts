// The caller's half of a WebSocket handshake (RFC 6455 §4.2). Browsers can set no header but the subprotocols, so SDKs put
// the key among them: it is moved to where tokens stand on every other call, and goes no further.
import type { HeaderPairs } from '../core/headers.ts';
import { Problem } from '../core/problem.ts';

export interface Handshake {
  readonly key: string;
  /** As offered, without those that carry a token. */
  readonly protocols: readonly string[];
  /** Whether there were such. */
  readonly hadToken: boolean;
  /** Of the call: the handshake's own left out, a token among the subprotocols as a header. */
  readonly headers: HeaderPairs;
}

const OURS: ReadonlySet<string> = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-accept',
  'sec-websocket-protocol',
]);
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,4096}$/;
const MAX_PROTOCOLS = 32;
/** `openai-insecure-api-key.KEY` and its like: a name that says what follows its last dot before the key. */
const NAMED = /^(?:openai-insecure-api-key|[a-z0-9-]*(?:api-key|apikey|token|bearer|authorization))\.(.+)$/i;
/** `['token', KEY]`: one subprotocol that says that the next is the key. */
const ANNOUNCES = /^(?:token|bearer|authorization|access_token|api-key|apikey)$/i;
/** Kubernetes and its like. */
const ENCODED = /^base64url\.bearer\.authorization\.[a-z0-9.-]*\.([\w-]+)$/i;
const TOKEN = /^(?:dw_[a-z]+_[A-Za-z0-9]+|eyJ[\w-]+\.[\w-]+\.[\w-]+)$/;

/** A problem for what is no handshake: it is answered, not thrown, since there is no call yet. */
export function readHandshake(headers: HeaderPairs): Handshake | Problem {
  const all = (name: string) => headers.filter(([found]) => found === name).map(([, value]) => value.trim());
  const [key = '', ...otherKeys] = all('sec-websocket-key');
  if (otherKeys.length > 0 || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)) {
    return refusal('it needs one Sec-WebSocket-Key of sixteen bytes');
  }
  if (all('sec-websocket-version').join() !== '13') return refusal('it must be of version 13 (RFC 6455)');
  const offered = all('sec-websocket-protocol').flatMap((value) =>
    value.split(',').map((part) => part.trim()),
  );
  if (offered.length > MAX_PROTOCOLS || offered.some((protocol) => !PROTOCOL.test(protocol))) {
    return refusal(`its subprotocols must be tokens, ${MAX_PROTOCOLS} at most`);
  }
  const tokens = offered.map((protocol, at) => tokenOf(protocol, offered[at - 1]));
  const protocols = offered.filter((_, at) => tokens[at] === undefined);
  const kept = headers.filter(([name]) => !OURS.has(name));
  return {
    key,
    protocols,
    hadToken: protocols.length < offered.length,
    headers: [
      ...kept,
      ...(protocols.length === 0 ? [] : [['sec-websocket-protocol', protocols.join(', ')] as const]),
      ...tokens.flatMap((token) =>
        token === undefined ? [] : [['authorization', `Bearer ${token}`] as const],
      ),
    ],
  };
}

function tokenOf(protocol: string, before: string | undefined): string | undefined {
  if (TOKEN.test(protocol)) return protocol;
  const encoded = ENCODED.exec(protocol)?.[1];
  if (encoded !== undefined) return Buffer.from(encoded, 'base64url').toString('latin1');
  const named = NAMED.exec(protocol)?.[1];
  if (named !== undefined) return named;
  return before !== undefined && ANNOUNCES.test(before) ? protocol : undefined;
}

function refusal(sentence: string): Problem {
  return new Problem('invalid-request', { detail: `This is no WebSocket handshake: ${sentence}.` });
}
