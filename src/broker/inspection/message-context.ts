// A message of a WebSocket as the guards of bodies see it: it has no headers, and what it is it shows itself.
import type { Direction } from '../../core/inspection/finding.ts';
import type { BodyContext, Message } from '../../core/inspection/stage.ts';

/** Of the answer that both ends agreed with. */
const SWITCHING_PROTOCOLS = 101;
const SPACES: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));
const BRACE = 0x7b;
const BRACKET = 0x5b;

export function looksLikeJson(text: Buffer): boolean {
  let at = 0;
  while (SPACES.has(text[at] ?? 0)) at += 1;
  return text[at] === BRACE || text[at] === BRACKET;
}

export function contextOf({ bytes, isText }: Message, direction: Direction): BodyContext {
  const textType = looksLikeJson(bytes) ? 'application/json' : 'text/plain';
  return {
    direction,
    headers: [],
    contentType: isText ? textType : 'application/octet-stream',
    status: direction === 'answer' ? SWITCHING_PROTOCOLS : undefined,
  };
}
