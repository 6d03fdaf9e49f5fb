// A request that may ask for another protocol. Node takes every request with an Upgrade off its parser, or none: here only
// a WebSocket handshake without a body is; all others are answered as if they had not asked (RFC 9110 §7.8).
import { IncomingMessage } from 'node:http';

const ASKED = Symbol('asked for an upgrade');

export class UpgradableMessage extends IncomingMessage {
  declare [ASKED]: boolean | undefined;

  /** Node sets it once from the head, and once more when it asks whether anybody listens for upgrades. */
  get upgrade(): boolean {
    return this[ASKED] === true && isWebSocketHandshake(this);
  }

  set upgrade(asked: boolean | null) {
    this[ASKED] = asked === true;
  }
}

/** Whether this is a handshake that Node has taken off its parser: the socket is the answer's alone. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request instanceof UpgradableMessage && request.upgrade;
}

/** RFC 6455 §4.1. With a length there would be bytes that one reader takes for a body, another for frames. */
function isWebSocketHandshake({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}
