// The body of a request on its way to a model, or to anything else: what a model will read of it under the rules, a canary
// planted in its instructions, what comes from outside put in an unforgeable wrapping.
import { StringDecoder } from 'node:string_decoder';
import type { SteppedStage } from '../inspection/stage.ts';
import { jsonPiecesOf, type Steps } from '../inspection/steps.ts';
import { Problem } from '../problem.ts';
import { JsonWalk, type Path } from './json-walk.ts';
import { Learned, type Origin, originInRequest } from './model-bodies.ts';
import { StringEnds } from './string-ends.ts';
import type { TextWatch } from './watch.ts';

interface RequestTextOptions {
  readonly watch: TextWatch;
  /** Nothing of the body leaves before all of it was looked at. */
  readonly isHeld: boolean;
  /** A sentence for the end of the instructions. */
  readonly canary: string | undefined;
  /** What stands in the place of a text from outside. */
  readonly wrap: ((text: string) => string) | undefined;
  readonly onWrapped: () => void;
}

/** Who says what is known before the texts are read, as far as this. */
const MAX_LOOKED_AHEAD = 1024 * 1024;
/** What is held whole where something may be refused or changed. */
const MAX_HELD = 8 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export class RequestTextStage implements SteppedStage {
  readonly changesLength: boolean;
  readonly mayCut = true;
  readonly #options: RequestTextOptions;
  readonly #learned = new Learned();
  /** Of the string that comes next. */
  #origin: Origin = 'none';
  #held: Buffer[] = [];
  #heldBytes = 0;
  #reading: { push(chunk: Buffer): Buffer; end(): Buffer } | undefined;

  constructor(options: RequestTextOptions) {
    this.#options = options;
    this.changesLength = options.canary !== undefined || options.wrap !== undefined;
  }

  push(chunk: Buffer): Buffer {
    const { isHeld } = this.#options;
    if (this.#reading !== undefined) {
      this.#reading.push(chunk);
      return chunk;
    }
    this.#held.push(isHeld ? chunk : Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    if (isHeld) {
      if (this.#heldBytes > MAX_HELD) throw tooLong();
      return NOTHING;
    }
    if (this.#heldBytes >= MAX_LOOKED_AHEAD) this.#read();
    return chunk;
  }

  end(): Buffer {
    const read = this.#reading === undefined ? this.#read() : NOTHING;
    const last = this.#reading?.end() ?? NOTHING;
    this.#options.watch.end();
    return this.#options.isHeld ? Buffer.concat([read, last]) : NOTHING;
  }

  /** What `push` and `end` make of a whole body, in steps. */
  *whole(body: Buffer): Steps<Buffer> {
    const { isHeld, watch } = this.#options;
    if (isHeld && body.length > MAX_HELD) throw tooLong();
    const passed: Buffer[] = [];
    if (looksLikeJson(body)) {
      const learning = this.#learning();
      for (const piece of jsonPiecesOf(body)) {
        yield;
        learning.push(piece);
      }
      const walk = this.#walk();
      for (const piece of jsonPiecesOf(body)) {
        yield;
        passed.push(walk.push(piece));
      }
      passed.push(walk.end());
    } else {
      const reading = plainReading(watch);
      passed.push(reading.push(body), reading.end());
    }
    watch.end();
    return isHeld ? Buffer.concat(passed) : body;
  }

  /** Reads all that is held. */
  #read(): Buffer {
    const body = Buffer.concat(this.#held);
    this.#held = [];
    if (!looksLikeJson(body)) {
      const { watch } = this.#options;
      this.#reading = plainReading(watch);
      return this.#reading.push(body);
    }
    const ends = new StringEnds();
    this.#learning().push(body, ends);
    ends.rewind();
    const walk = this.#walk();
    this.#reading = walk;
    return walk.push(body, ends);
  }

  #learning(): JsonWalk {
    const learned = this.#learned;
    return new JsonWalk({
      isWanted: (path) => learned.isTelling(path),
      string: (path, value) => learned.add(path, value),
    });
  }

  #walk(): JsonWalk {
    return new JsonWalk({
      isWanted: (path) => this.#isWanted(path),
      string: (path, value, isPart) => this.#string(path, value, isPart),
    });
  }

  /** Instructions are whoever's the model is; what it said itself may tell of anything. */
  #isWanted(path: Path): boolean {
    const origin = originInRequest(path, this.#learned.known);
    this.#origin = origin;
    return origin !== 'model' && (origin !== 'instructions' || this.#options.canary !== undefined);
  }

  #string(path: Path, value: string, isPart: boolean): string | undefined {
    this.#learned.add(path, value);
    const origin = this.#origin;
    this.#watched(origin, value, isPart);
    const { canary, wrap } = this.#options;
    if (origin === 'instructions' && canary !== undefined && isWhole(path)) {
      return `${value}\n\n${canary}`;
    }
    if (origin !== 'outside' || wrap === undefined || value.length === 0) return undefined;
    this.#options.onWrapped();
    return wrap(value);
  }

  #watched(origin: Origin, value: string, isPart: boolean): void {
    const { watch } = this.#options;
    if (origin === 'outside' || origin === 'said') watch.text(value, 'reads', { isPart });
    // A body of another kind, or its names and numbers: what the agent itself says.
    else if (origin === 'none' && !looksPacked(value)) watch.text(value, 'writes', { isPart });
  }
}

/** Text that is no JSON: a form, Markdown, anything an agent sends. */
function plainReading(watch: TextWatch): { push(chunk: Buffer): Buffer; end(): Buffer } {
  const decoder = new StringDecoder('utf8');
  return {
    push: (chunk) => {
      watch.text(decoder.write(chunk), 'writes', { isPart: true });
      return chunk;
    },
    end: () => {
      watch.text(decoder.end(), 'writes');
      return NOTHING;
    },
  };
}

/** Whatever it calls itself: the agent chose the name, and the upstream may not care. */
function looksLikeJson(body: Buffer): boolean {
  const start = body.subarray(0, 64).toString('utf8').trimStart();
  return start.startsWith('{') || start.startsWith('[') || start.startsWith('\ufeff');
}

/** The instructions themselves, or a block of text in them. */
function isWhole(path: Path): boolean {
  const last = path.at(-1);
  return last !== 'type' && last !== 'role' && last !== 'name' && path[path.length - 2] !== 'cache_control';
}

/** Pictures and files. */
function looksPacked(value: string): boolean {
  return value.length > 4096 && !value.slice(0, 1024).includes(' ');
}

function tooLong(): Problem {
  return new Problem('body-too-large', {
    detail:
      'This service has text looked at before it is sent on, and takes bodies of at most 8 MiB for that.',
  });
}
