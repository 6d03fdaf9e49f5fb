// HTTP as bytes: heads and bodies read from what came over a socket, without a parser that would repair or refuse anything.
// The attacker's own requests and the hostile upstream's own answers are written by hand.

export interface Head {
  /** The first line. */
  readonly line: string;
  /** In the order received, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Where the body begins. */
  readonly end: number;
}

export interface Message {
  readonly head: Head;
  /** Without chunk framing. */
  readonly body: Buffer;
  readonly trailers: string;
  /** Where the message ends in the bytes. */
  readonly end: number;
}

const HEAD_END = '\r\n\r\n';

/** The head that begins at `from`, once it is there whole. */
export function readHead(bytes: Buffer, from = 0): Head | undefined {
  const at = bytes.indexOf(HEAD_END, from, 'latin1');
  if (at === -1) return undefined;
  const [line = '', ...rest] = bytes.subarray(from, at).toString('latin1').split('\r\n');
  const headers = rest.map((text) => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()] as const;
  });
  return { line, headers, end: at + HEAD_END.length };
}

export function headerOf(head: Head, name: string): string | undefined {
  return head.headers.find(([found]) => found === name)?.[1];
}

/** The message that begins at `from`, once it is there whole; `isOver`: no more bytes will come. */
export function readMessage(
  bytes: Buffer,
  options: { readonly from?: number; readonly isOver?: boolean; readonly hasBody?: boolean } = {},
): Message | undefined {
  const { from = 0, isOver = false, hasBody = true } = options;
  const head = readHead(bytes, from);
  if (head === undefined) return undefined;
  const nothing = { head, body: Buffer.alloc(0), trailers: '', end: head.end };
  if (!hasBody) return nothing;
  if (headerOf(head, 'transfer-encoding')?.toLowerCase() === 'chunked')
    return readChunks(bytes, head, isOver);
  const length = headerOf(head, 'content-length');
  const isAnswer = head.line.startsWith('HTTP/');
  if (length === undefined && !isAnswer) return nothing;
  if (length === undefined) {
    return isOver ? { ...nothing, body: bytes.subarray(head.end), end: bytes.length } : undefined;
  }
  const end = head.end + Number(length);
  if (bytes.length < end && !isOver) return undefined;
  return { ...nothing, body: bytes.subarray(head.end, end), end: Math.min(end, bytes.length) };
}

function readChunks(bytes: Buffer, head: Head, isOver: boolean): Message | undefined {
  const pieces: Buffer[] = [];
  let at = head.end;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const isThere = !Number.isNaN(size) && bytes.length >= lineEnd + 2 + size + 2;
    if (!isThere) {
      return isOver ? { head, body: Buffer.concat(pieces), trailers: '', end: bytes.length } : undefined;
    }
    if (size === 0) {
      const last = bytes.indexOf(HEAD_END, lineEnd, 'latin1');
      if (last === -1 && !isOver) return undefined;
      const end = last === -1 ? bytes.length : last + HEAD_END.length;
      return {
        head,
        body: Buffer.concat(pieces),
        trailers: bytes.toString('latin1', lineEnd + 2, end).trim(),
        end,
      };
    }
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** A whole answer with a length. */
export function answerText(
  status: number | string,
  headers: readonly string[],
  body: string | Buffer = '',
): Buffer {
  const line = typeof status === 'number' ? `${status} Answer` : status;
  const bytes = Buffer.from(body);
  const head = [`HTTP/1.1 ${line}`, ...headers, `content-length: ${bytes.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** One chunk of a chunked body. */
export function chunk(bytes: Buffer | string): Buffer {
  const body = Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
}
