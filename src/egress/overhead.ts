// What an upstream sends around its body: status line, interim answers, headers, sizes and extensions of chunks, trailers.
// undici keeps at most 64 KiB of names and values and reads everything else without a count, so it is counted here, as
// what came over the socket less what was body. Without it a reason or an extension without end is bounded by time alone.

const MAX_BYTES = 128 * 1024;
/** Room for chunks of a byte each, with a padded size, of streams that last for hours. */
const MAX_PER_BODY_BYTE = 16;

export class AnswerOverhead {
  static readonly SENTENCE = 'it sent too much that is no body, such as headers without an end';

  #before = Number.POSITIVE_INFINITY;
  #body = 0;

  /** `bytesRead` of the connection, before the first byte of this answer. */
  begin(bytesRead: number): void {
    this.#before = bytesRead;
  }

  passBody(bytes: number): void {
    this.#body += bytes;
  }

  isTooMuch(bytesRead: number): boolean {
    return bytesRead - this.#before - this.#body > MAX_BYTES + MAX_PER_BODY_BYTE * this.#body;
  }
}
