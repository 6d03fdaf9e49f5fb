// Where each message of a connection begins and ends, by the letter of RFC 9112, read before Node's parser reads the same
// bytes. What two readers could take apart differently is refused here, whatever the version of Node would make of it: a
// line that does not end in CR LF, a folded header, two lengths, a coding other than `chunked`, an extension of a chunk.
import type { ProblemCode } from '../core/problem.ts';

/** Why the connection is no good any more. Sentences of ours: nothing of the bytes is repeated. */
export interface FramingFault {
  readonly code: Extract<ProblemCode, 'invalid-request' | 'headers-too-large'>;
  readonly detail: string;
}

type State =
  | { readonly at: 'head' | 'chunk-size' | 'chunk-end' | 'trailers' }
  /** Bytes of a body, or of a chunk, that are still to come. */
  | { readonly at: 'body' | 'chunk'; left: number };

const HEAD_END = '\r\n\r\n';
const REQUEST_LINE = /^[!#$%&'*+.^_`|~\w-]+ [^\0- \x7f]+ HTTP\/1\.[01]\r\n/;
/** A line feed alone, a carriage return alone, a NUL. */
const LOOSE = /(?<!\r)\n|\r(?=[^\n])|\0/g;
/** A line that is no field: folded, without a name, with a space before the colon. */
const NO_FIELD = /\r\n(?!$|\r\n|[!#$%&'*+.^_`|~\w-]+:)/;
/** Told first by something quicker than a look for all of them: most requests have no body. */
const HAS_FRAMING = /\r\n(?:content-length|transfer-encoding):/i;
const OF_FRAMING = /\r\n(content-length|transfer-encoding):[ \t]*([^\r]*)/gi;
const LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^[\da-f]{1,12}\r\n/i;
const MAX_CHUNK_LINE = 14;
/** Longer heads are read anew each time. */
const MAX_KNOWN_HEAD_BYTES = 2048;
const MAX_TRAILER_BYTES = 8 * 1024;

export class Framing {
  readonly #maxHeadBytes: number;
  #state: State = { at: 'head' };
  /** The part of a head, a chunk's size or trailers that has come so far. */
  #begun = '';
  #hasEmptyLine = false;
  /** The last head that announced no body: the same bytes again need no second look. */
  #known: Buffer | undefined;

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** Undefined: these bytes may be read on. After a fault nothing of the connection may be. */
  push(bytes: Buffer): FramingFault | undefined {
    let from = 0;
    while (from < bytes.length) {
      const state = this.#state;
      const next = 'left' in state ? this.#skip(state, bytes, from) : this.#read(state.at, bytes, from);
      if (typeof next !== 'number') return next;
      from = next;
    }
    return undefined;
  }

  #skip(state: { readonly at: 'body' | 'chunk'; left: number }, bytes: Buffer, from: number): number {
    const taken = Math.min(state.left, bytes.length - from);
    state.left -= taken;
    if (state.left === 0) this.#state = { at: state.at === 'body' ? 'head' : 'chunk-end' };
    return from + taken;
  }

  #read(at: Exclude<State['at'], 'body' | 'chunk'>, bytes: Buffer, from: number): number | FramingFault {
    switch (at) {
      case 'head':
        return this.#readHead(bytes, from);
      case 'chunk-size':
        return this.#readChunkSize(bytes, from);
      case 'chunk-end':
        return this.#readChunkEnd(bytes, from);
      case 'trailers':
        return this.#readTrailers(bytes, from);
    }
  }

  #readHead(bytes: Buffer, from: number): number | FramingFault {
    const before = this.#begun;
    if (before === '\r' || (before === '' && bytes[from] === CR)) return this.#passEmptyLine(bytes, from);
    const knownEnd = before === '' ? this.#endOfKnown(bytes, from) : undefined;
    if (knownEnd !== undefined) {
      this.#hasEmptyLine = false;
      return knownEnd;
    }
    const end = endOfLines(before, bytes, from);
    const text =
      before + bytes.toString('latin1', from, end ?? Math.min(bytes.length, from + this.#maxHeadBytes + 1));
    if (text.length > this.#maxHeadBytes) return headTooLarge(this.#maxHeadBytes);
    if (isLoose(text, before.length)) return NOT_HTTP;
    this.#begun = end === undefined ? text : '';
    if (end === undefined) return bytes.length;
    this.#hasEmptyLine = false;
    if (!REQUEST_LINE.test(text) || NO_FIELD.test(text)) return NOT_HTTP;
    const fault = this.#frame(text);
    if (fault !== undefined) return fault;
    this.#remember(before === '' ? bytes.subarray(from, end) : undefined);
    return end;
  }

  #endOfKnown(bytes: Buffer, from: number): number | undefined {
    const known = this.#known;
    if (known === undefined || bytes.length - from < known.length) return undefined;
    const end = from + known.length;
    return bytes.compare(known, 0, known.length, from, end) === 0 ? end : undefined;
  }

  #remember(head: Buffer | undefined): void {
    const isWorthIt = head !== undefined && this.#state.at === 'head' && head.length <= MAX_KNOWN_HEAD_BYTES;
    this.#known = isWorthIt ? Buffer.from(head) : undefined; // a copy: the bytes are a piece of something larger
  }

  /** RFC 9112 §2.2: some clients end a body with a line end too many. One of them, not any number. */
  #passEmptyLine(bytes: Buffer, from: number): number | FramingFault {
    if (this.#begun === '') {
      if (this.#hasEmptyLine) return NOT_HTTP;
      this.#begun = '\r';
    } else {
      if (bytes[from] !== LF) return NOT_HTTP;
      this.#begun = '';
      this.#hasEmptyLine = true;
    }
    return from + 1;
  }

  /** RFC 9112 §6: one length or one coding, never both, and nothing that has to be interpreted. */
  #frame(head: string): FramingFault | undefined {
    if (head.startsWith('CONNECT ')) return NO_FORWARD_PROXY;
    if (!HAS_FRAMING.test(head)) return undefined;
    const fields = [...head.matchAll(OF_FRAMING)].map(([, name = '', value = '']) => ({
      isLength: name.length === 'content-length'.length,
      value: value.trimEnd(),
    }));
    const [field, ...others] = fields;
    if (field === undefined) return undefined;
    if (others.length > 0) return AMBIGUOUS;
    if (field.isLength) {
      if (!LENGTH.test(field.value)) return AMBIGUOUS;
      const left = Number(field.value);
      if (left > 0) this.#state = { at: 'body', left };
      return undefined;
    }
    const isOld = head.slice(0, head.indexOf('\r')).endsWith('1.0');
    if (isOld || field.value.toLowerCase() !== 'chunked') return NOT_CHUNKED;
    this.#state = { at: 'chunk-size' };
    return undefined;
  }

  #readChunkSize(bytes: Buffer, from: number): number | FramingFault {
    const text = this.#begun + bytes.toString('latin1', from, from + MAX_CHUNK_LINE - this.#begun.length);
    const found = CHUNK_SIZE.exec(text)?.[0];
    if (found === undefined) {
      if (!/^[\da-f]{0,12}\r?$/i.test(text) || text.startsWith('\r')) return BAD_CHUNK;
      this.#begun = text;
      return bytes.length;
    }
    const next = from + found.length - this.#begun.length;
    const left = Number.parseInt(found, 16);
    this.#begun = '';
    this.#state = left === 0 ? { at: 'trailers' } : { at: 'chunk', left };
    return next;
  }

  #readChunkEnd(bytes: Buffer, from: number): number | FramingFault {
    const text = this.#begun + bytes.toString('latin1', from, from + 2 - this.#begun.length);
    if (!'\r\n'.startsWith(text)) return BAD_CHUNK;
    const next = from + text.length - this.#begun.length;
    this.#begun = text.length === 2 ? '' : text;
    if (text.length === 2) this.#state = { at: 'chunk-size' };
    return next;
  }

  #readTrailers(bytes: Buffer, from: number): number | FramingFault {
    // As if the line before them were theirs, so that no trailers at all end as some do.
    const before = this.#begun === '' ? '\r\n' : this.#begun;
    const end = endOfLines(before, bytes, from);
    const text =
      before + bytes.toString('latin1', from, end ?? Math.min(bytes.length, from + MAX_TRAILER_BYTES + 1));
    if (text.length > MAX_TRAILER_BYTES) return TRAILERS_TOO_LARGE;
    if (isLoose(text, before.length)) return NOT_HTTP;
    this.#begun = end === undefined ? text : '';
    if (end === undefined) return bytes.length;
    if (NO_FIELD.test(text)) return NOT_HTTP;
    this.#state = { at: 'head' };
    return end;
  }
}

const CR = 13;
const LF = 10;

/** Whether a line ends in anything but CR LF, in what has come since `known`. */
function isLoose(text: string, known: number): boolean {
  LOOSE.lastIndex = Math.max(0, known - 1);
  return LOOSE.test(text);
}

/** Where the empty line that ends a head is over, in `bytes`; it may have begun in what came before. */
function endOfLines(before: string, bytes: Buffer, from: number): number | undefined {
  const tail = before.slice(-3);
  if (tail.includes('\r')) {
    const seam = (tail + bytes.toString('latin1', from, from + 3)).indexOf(HEAD_END);
    if (seam !== -1) return from + seam + HEAD_END.length - tail.length;
  }
  const at = bytes.indexOf(HEAD_END, from, 'latin1');
  return at === -1 ? undefined : at + HEAD_END.length;
}

export const NOT_HTTP: FramingFault = {
  code: 'invalid-request',
  detail: 'This is not HTTP/1.1 as its specification has it; the connection is closed.',
};
const AMBIGUOUS: FramingFault = {
  code: 'invalid-request',
  detail: 'Send one Content-Length in digits, or Transfer-Encoding: chunked, and never both.',
};
const NOT_CHUNKED: FramingFault = {
  code: 'invalid-request',
  detail: 'The only Transfer-Encoding taken here is chunked, in HTTP/1.1.',
};
const BAD_CHUNK: FramingFault = {
  code: 'invalid-request',
  detail:
    'A chunk is its size in hexadecimal digits, a line end, and so many bytes; extensions are not taken.',
};
const NO_FORWARD_PROXY: FramingFault = {
  code: 'invalid-request',
  detail: 'The request target must be a path; this is no forward proxy.',
};
const TRAILERS_TOO_LARGE: FramingFault = {
  code: 'headers-too-large',
  detail: `The trailers of a request have at most ${MAX_TRAILER_BYTES} bytes here.`,
};

export function headTooLarge(maxHeadBytes: number): FramingFault {
  return {
    code: 'headers-too-large',
    detail: `The request line and the headers have at most ${maxHeadBytes} bytes together here.`,
  };
}
