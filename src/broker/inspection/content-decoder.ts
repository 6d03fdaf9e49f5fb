// Undoes the content codings of an answer, one or two on top of each other, with a cap on how much a small answer may grow.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Problem } from '../../core/problem.ts';

interface DecoderEvents {
  readonly onData: (chunk: Buffer) => void;
  /** After `write` said no. */
  readonly onReady: () => void;
  readonly onFailure: (problem: Problem) => void;
}

/** Newer Nodes have it. */
const createZstd: unknown = Reflect.get(zlib, 'createZstdDecompress');

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
  ...(isMaker(createZstd) ? { zstd: createZstd } : {}),
};
const MOST_CODINGS = 2;
/** An answer may grow this much in decoding before it counts as a bomb. */
const FREE_GROWTH_BYTES = 8 * 1024 * 1024;
const MAX_GROWTH = 100;

/** `codings` as they were applied. Throws `upstream-invalid` for those that can not be looked into. */
export function openDecoder(codings: readonly string[], events: DecoderEvents): ContentDecoder {
  const opened = codings.map((coding) => (Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined));
  const known = opened.filter((open) => open !== undefined);
  if (known.length < codings.length || codings.length > MOST_CODINGS) {
    throw new Problem('upstream-invalid', {
      detail: 'The upstream answered in a content coding that can not be scanned for leaked keys.',
    });
  }
  return new ContentDecoder(
    known.toReversed().map((open) => open()),
    events,
  );
}

export class ContentDecoder {
  readonly #steps: readonly Transform[];
  #encodedBytes = 0;
  #decodedBytes = 0;

  /** The first step takes what comes, the last one gives what it was. */
  constructor(steps: readonly Transform[], { onData, onReady, onFailure }: DecoderEvents) {
    this.#steps = steps;
    for (const [at, step] of steps.entries()) {
      const next = steps[at + 1];
      if (next !== undefined) step.pipe(next);
      step.on('error', (cause) => {
        const detail = 'The upstream answer could not be decoded.';
        onFailure(new Problem('upstream-invalid', { detail, cause }));
      });
    }
    steps[0]?.on('drain', onReady);
    steps.at(-1)?.on('data', (chunk: Buffer) => {
      this.#decodedBytes += chunk.length;
      const most = Math.max(FREE_GROWTH_BYTES, this.#encodedBytes * MAX_GROWTH);
      if (this.#decodedBytes <= most) onData(chunk);
      else
        onFailure(new Problem('upstream-invalid', { detail: 'The upstream answer grows beyond measure.' }));
    });
  }

  /** Nothing came to decode. */
  get isUnused(): boolean {
    return this.#encodedBytes === 0;
  }

  /** False: no more until `onReady`. */
  write(chunk: Buffer): boolean {
    this.#encodedBytes += chunk.length;
    return this.#steps[0]?.write(chunk) ?? true;
  }

  end(onEnd: () => void): void {
    this.#steps.at(-1)?.once('end', onEnd);
    this.#steps[0]?.end();
  }

  pause(): void {
    this.#steps.at(-1)?.pause();
  }

  resume(): void {
    this.#steps.at(-1)?.resume();
  }

  destroy(): void {
    for (const step of this.#steps) step.destroy();
  }
}

function isMaker(found: unknown): found is () => Transform {
  return typeof found === 'function';
}
