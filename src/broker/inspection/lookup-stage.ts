// The look-up of stored values as a stage of a request's body. Compressed bodies are held until they can be read, and go on
// as they came.
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { type Hit, Lookup, type LookupParts } from '../../core/fingerprints/lookup.ts';
import type { Message, MessageGuard, Stage } from '../../core/inspection/stage.ts';
import { isLong, piecesOf, type Steps } from '../../core/inspection/steps.ts';
import { Problem } from '../../core/problem.ts';

/** Of a compressed body: as it came, and as it reads. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
const MAX_READ_BYTES = 16 * 1024 * 1024;
const MAX_CODINGS = 2;
/** Of the messages before, kept for the next: a longer value is known by its beginning. */
const MAX_OPEN_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/** What is done about a hit: throws the problem that refuses the call, or lets it pass. */
export type OnHit = (hit: Hit) => void;

export function lookupStage(parts: LookupParts, onHit: OnHit): Stage {
  const lookup = new Lookup(parts);
  let isOver = false;
  const passed = (found: Buffer | Hit): Buffer => {
    if (Buffer.isBuffer(found)) return found;
    isOver = true; // told once
    onHit(found);
    return lookup.rest();
  };
  return {
    changesLength: false,
    push: (chunk) => (isOver ? chunk : passed(lookup.push(chunk))),
    end: () => (isOver ? lookup.rest() : passed(lookup.end())),
  };
}

/** Messages pass whole; what begins at the end of one that is text is looked for in the next. */
export function lookupMessages(partsOf: () => LookupParts, onHit: OnHit): MessageGuard {
  let tail: Buffer = NOTHING;
  const joined = ({ bytes, isText }: Message, own: Buffer | Hit) =>
    Buffer.isBuffer(own) && isText && tail.length > 0 ? Buffer.concat([tail, bytes]) : undefined;
  const told = ({ bytes, isText }: Message, found: Buffer | Hit): Buffer => {
    if (isText) tail = openEnd(found);
    if (!Buffer.isBuffer(found)) onHit(found);
    return bytes;
  };
  function* inSteps(message: Message, parts: LookupParts): Steps<Buffer> {
    const own = yield* hitOrOpenInSteps(parts, message.bytes);
    const both = joined(message, own);
    return told(message, both === undefined ? own : yield* hitOrOpenInSteps(parts, both));
  }
  return (message) => {
    const parts = partsOf();
    if (isLong(message.bytes)) return inSteps(message, parts);
    const own = hitOrOpen(parts, message.bytes);
    const both = joined(message, own);
    return told(message, both === undefined ? own : hitOrOpen(parts, both));
  };
}

/** What stands in a text as a whole, or its end where something may begin. */
function hitOrOpen(parts: LookupParts, text: Buffer): Buffer | Hit {
  const lookup = new Lookup(parts);
  const decided = lookup.push(text);
  return Buffer.isBuffer(decided) ? openIn(text, lookup.end()) : decided;
}

function* hitOrOpenInSteps(parts: LookupParts, text: Buffer): Steps<Buffer | Hit> {
  const lookup = new Lookup(parts);
  for (const piece of piecesOf(text)) {
    yield;
    const decided = lookup.push(piece);
    if (!Buffer.isBuffer(decided)) return decided;
  }
  return openIn(text, lookup.end());
}

/** `left`: what was undecided when the text was over. Gives it with the byte before it. */
function openIn(text: Buffer, left: Buffer | Hit): Buffer | Hit {
  if (!Buffer.isBuffer(left) || left.length === 0) return left;
  return text.subarray(Math.max(0, text.length - left.length - 1));
}

/** A copy: the message it is of is the caller's. */
function openEnd(found: Buffer | Hit): Buffer {
  return Buffer.isBuffer(found) && found.length > 0 ? Buffer.from(found.subarray(-MAX_OPEN_BYTES)) : NOTHING;
}

/** Throws `body-too-large` or `unsupported-media-type` where the body can not be read. */
export function decodingStage(codings: readonly string[], parts: LookupParts, onHit: OnHit): Stage {
  const chunks: Buffer[] = [];
  let length = 0;
  return {
    changesLength: false,
    push: (chunk) => {
      length += chunk.length;
      if (length > MAX_HELD_BYTES) throw tooLarge();
      chunks.push(Buffer.from(chunk));
      return Buffer.alloc(0);
    },
    end: () => {
      const bytes = Buffer.concat(chunks);
      const hit = new Lookup(parts).look(decoded(bytes, codings), true);
      if (hit !== undefined) onHit(hit);
      return bytes;
    },
  };
}

/** The codings of a body in the order in which they were applied; none where it is as it is. */
export function codingsOf(headers: readonly (readonly [string, string])[]): readonly string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

function decoded(bytes: Buffer, codings: readonly string[]): Buffer {
  if (codings.length > MAX_CODINGS) throw unreadable();
  return codings.reduceRight((read, coding) => decodedOnce(read, coding), bytes);
}

function decodedOnce(bytes: Buffer, coding: string): Buffer {
  if (bytes.length === 0) return bytes;
  const limit = { maxOutputLength: MAX_READ_BYTES };
  try {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, limit);
      case 'deflate':
        return isZlib(bytes) ? inflateSync(bytes, limit) : inflateRawSync(bytes, limit);
      case 'br':
        return brotliDecompressSync(bytes, limit);
      default:
        throw unreadable();
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    const isTooLarge =
      error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge ? tooLarge() : unreadable();
  }
}

/** Servers take both what RFC 9110 calls deflate and what everybody else does. */
function isZlib(bytes: Buffer): boolean {
  return ((bytes[0] ?? 0) & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

function tooLarge(): Problem {
  return new Problem('body-too-large', {
    detail: `A compressed body is looked through for stored secrets before it is sent: up to ${MAX_HELD_BYTES} bytes, and ${MAX_READ_BYTES} once read. Send it uncompressed.`,
  });
}

function unreadable(): Problem {
  return new Problem('unsupported-media-type', {
    detail:
      'The body can not be looked through for stored secrets: its content coding is not known here (gzip, deflate and br are), or it does not read as one. Send it uncompressed.',
  });
}
