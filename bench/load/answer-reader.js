// Tells when an HTTP/1.1 answer is complete: by Content-Length or by chunks. Made to cost little, not to be strict:
// only servers of the bench are read. An answer that comes in one piece, as most do, is never copied.

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CLOSE = /\r\nconnection: *close/i;

export class AnswerReader {
  status = 0;
  /** The server closes the connection after this answer. */
  isLast = false;
  /** Head bytes that came without their end. @type {Buffer | undefined} */
  #head;
  /** What the body still lacks; -1 while the head is not complete. */
  #missing = -1;
  #isChunked = false;
  /** Bytes of a chunked body not yet understood. */
  #rest = Buffer.alloc(0);

  /** True when the answer is complete. The buffer is the caller's again afterwards. @param {Buffer} buffer @param {number} length */
  push(buffer, length) {
    if (this.#missing >= 0) return this.#body(buffer.subarray(0, length));
    const bytes =
      this.#head === undefined
        ? buffer.subarray(0, length)
        : Buffer.concat([this.#head, buffer.subarray(0, length)]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = Buffer.from(bytes);
      return false;
    }
    this.#head = undefined;
    const head = bytes.toString('latin1', 0, end);
    this.status = Number(head.slice(9, 12));
    this.isLast = CLOSE.test(head);
    const found = LENGTH.exec(head);
    this.#isChunked = found === null && CHUNKED.test(head);
    this.#missing = Number(found?.[1] ?? 0);
    return this.#body(bytes.subarray(end + HEAD_END.length));
  }

  /** @param {Buffer} bytes */
  #body(bytes) {
    if (this.#isChunked) return this.#chunks(bytes);
    this.#missing -= bytes.length;
    if (this.#missing > 0) return false;
    this.#missing = -1;
    return true;
  }

  /** @param {Buffer} bytes */
  #chunks(bytes) {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const lineEnd = rest.indexOf('\r\n');
      if (lineEnd < 0) break;
      const size = Number.parseInt(rest.toString('latin1', 0, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (rest.length < end) break;
      rest = rest.subarray(end);
      if (size > 0) continue;
      this.#rest = Buffer.alloc(0);
      this.#missing = -1;
      return true;
    }
    this.#rest = Buffer.from(rest);
    return false;
  }
}
