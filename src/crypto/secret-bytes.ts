// The only carrier of a secret's value, or of a key's, inside this process: it can not be printed, serialised or
// cloned by accident, and its bytes are overwritten when it ends. The promise is a shorter life and fewer copies;
// whoever reads the memory of this process reads the secrets in use.
import { strict as assert } from 'node:assert';
import { inspect, types } from 'node:util';

const SHOWN = '[secret]';

/** Owned bytes with an end: open them with `use`, end them with `dispose`. */
export class SecretBytes {
  readonly length: number;
  // A private field: neither Object.keys, JSON, structuredClone nor a debugger's preview follows it.
  readonly #bytes: Buffer;
  #isDisposed = false;

  private constructor(bytes: Uint8Array) {
    // Unpooled: Node's shared slab would leave the bytes beside other buffers' contents.
    this.#bytes = Buffer.allocUnsafeSlow(bytes.length);
    this.#bytes.set(bytes);
    this.length = bytes.length;
  }

  /** Copies; the source stays as it is and remains its owner's to overwrite. */
  static copyOf(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(bytes);
  }

  /** Copies and overwrites the source with zeros. */
  static take(bytes: Buffer): SecretBytes {
    const secret = new SecretBytes(bytes);
    bytes.fill(0);
    return secret;
  }

  /**
   * Lends the bytes to `fn` for the length of one synchronous call. What `fn` returns must not be a promise, nor a
   * view of the lent bytes: both would outlive `dispose` and then read zeros where a key was meant.
   */
  use<T>(fn: (bytes: Buffer) => T): T {
    assert(!this.#isDisposed, 'these secret bytes were disposed of');
    const result = fn(this.#bytes);
    assert(!isThenable(result), 'secret bytes are lent to synchronous functions only');
    assert(!this.#isViewOfBytes(result), 'secret bytes must not leave the function they are lent to');
    return result;
  }

  /** Overwrites the bytes with zeros; a later `use` throws. Doing it twice is harmless. */
  dispose(): void {
    this.#bytes.fill(0);
    this.#isDisposed = true;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }

  #isViewOfBytes(value: unknown): boolean {
    return value === this.#bytes.buffer || (ArrayBuffer.isView(value) && value.buffer === this.#bytes.buffer);
  }
}

function isThenable(value: unknown): boolean {
  return (
    types.isPromise(value) ||
    (typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function')
  );
}
