// What answers the key of a WebSocket handshake (RFC 6455 §4.2.2), on both of our sides.
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Proves that the peer has read `key` as one of a WebSocket; no secret, and no promise beyond that. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}
