// The opening handshake of a WebSocket towards an upstream (RFC 6455 §4): what is asked for, and whether the answer is one
// to that. No extension is offered: frames must be readable to be scanned.
import type { HeaderPairs } from '../core/headers.ts';
import { acceptOf } from '../core/websocket-accept.ts';
import type { OutgoingRequest } from './flow.ts';

type Handshake = Pick<OutgoingRequest, 'headers' | 'webSocketKey'>;

/** None for a request that is no handshake. */
export function handshakeHeaders({ webSocketKey }: Handshake): HeaderPairs {
  if (webSocketKey === undefined) return [];
  return [
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', webSocketKey],
  ];
}

/** What is wrong with the answer; undefined: the protocol is agreed. */
export function wrongHandshake(request: Handshake, answer: HeaderPairs): string | undefined {
  const values = (name: string) =>
    answer.filter(([found]) => found === name).map(([, value]) => value.trim());
  const [accept, ...others] = values('sec-websocket-accept');
  if (request.webSocketKey === undefined || accept !== acceptOf(request.webSocketKey) || others.length > 0)
    return 'it agreed to a WebSocket without an answer to the handshake';
  if (values('upgrade').join().toLowerCase() !== 'websocket') return 'it changed to a protocol not asked for';
  if (values('sec-websocket-extensions').length > 0) return 'it took an extension that was not offered';
  const offered = request.headers
    .filter(([name]) => name === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(',').map((protocol) => protocol.trim()));
  const taken = values('sec-websocket-protocol');
  if (taken.length > 1 || taken.some((protocol) => !offered.includes(protocol)))
    return 'it took a subprotocol that was not offered';
  return undefined;
}
