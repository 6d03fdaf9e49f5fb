// Content in the words of a model that come a few at a time, one JSON text for each: what none of them holds by itself is
// found when its last part comes, and masked in that part. Each by itself is somebody else's to look at.
import { isAscii } from 'node:buffer';
import { BorderScan, type Look, type Looked } from '../inspection/border-scan.ts';
import { isLong, PIECE_BYTES, scannedInSteps, type Steps } from '../inspection/steps.ts';
import { JsonWalk, type Path, visitStrings } from '../model-text/json-walk.ts';
import { streamInAnswer } from '../model-text/model-bodies.ts';
import type { ContentAction } from './classes.ts';
import { ContentScan } from './content-scan.ts';
import type { ContentTable } from './content-table.ts';
import { type Writing, writingOf } from './escapes.ts';
import { EventShape } from './event-shape.ts';
import { isPlain } from './folding.ts';

interface ContentFound {
  readonly rule: string;
  readonly action: ContentAction;
}

type OnMatch = (rule: string, action: ContentAction) => void;

/** Texts told apart in one answer, such as its choices. Of more the oldest is forgotten. */
const MAX_STREAMS = 16;
/** Of the name of a stream, which the upstream chooses. */
const MAX_NAME = 256;
/** The beginning of a key is public and never waits. */
const BEGINNING_BYTES = 64;
const PLAIN = writingOf('');
/** Longer texts are looked through in pieces. */
const MAX_SIMPLE_BYTES = 8 * 1024;
/** Kinds of events that come by turns. */
const MAX_SHAPES = 4;

/** By the path to a text: what stands in its place. */
type Masked = ReadonlyMap<string, string>;
const NONE_MASKED: Masked = new Map();

export class JoinedWords {
  readonly #table: ContentTable;
  readonly #onMatch: OnMatch;
  readonly #streams = new Map<string, BorderScan<ContentFound>>();
  /** Of the latest events that were like none before them. */
  #shapes: readonly EventShape[] = [];
  /** How many more events were like one before them than not, and some for a beginning: below 0 none is learned. */
  #lead = 16;

  constructor(table: ContentTable, onMatch: OnMatch) {
    this.#table = table;
    this.#onMatch = onMatch;
  }

  /** What may go on in its place: itself, or with what was masked written anew. Throws what `onMatch` throws. */
  pass(json: Buffer): Buffer {
    const shape = this.#shapes.find((known) => known.fits(json));
    this.#lead += shape === undefined ? -1 : 1;
    return withMasked(json, shape === undefined ? this.#ofValue(json) : this.#ofShape(json, shape));
  }

  *passInSteps(json: Buffer): Steps<Buffer> {
    yield;
    const value = parsed(json);
    if (value === undefined) return json;
    const words: { stream: string; bytes: Buffer; key: string }[] = [];
    visitWords(value, streamsOf(value), (stream, bytes, path) =>
      words.push({ stream, bytes, key: keyOf(path) }),
    );
    const masked = new Map<string, string>();
    let length = 0;
    for (const { stream, bytes, key } of words) {
      length += bytes.length;
      if (length > PIECE_BYTES) {
        yield;
        length = 0;
      }
      const looked = isLong(bytes) ? yield* this.#lookInSteps(bytes) : undefined;
      const passed = this.#stream(stream).pass(bytes, looked);
      if (passed !== bytes) masked.set(key, passed.toString());
    }
    return withMasked(json, masked);
  }

  #ofShape(json: Buffer, shape: EventShape): Masked {
    const masked = new Map<string, string>();
    shape.eachText(({ stream, path }, from, to) => {
      if (from === to) return;
      const bytes = json.subarray(from, to);
      // What is no UTF-8 is read in the way of every other reader of JSON.
      const read = isAscii(bytes) ? bytes : Buffer.from(bytes.toString());
      const passed = this.#stream(stream).pass(read);
      if (passed !== read) masked.set(keyOf(path), passed.toString());
    });
    return masked;
  }

  #ofValue(json: Buffer): Masked {
    const value = parsed(json);
    if (value === undefined) return NONE_MASKED;
    const masked = new Map<string, string>();
    const streamOf = streamsOf(value);
    visitWords(value, streamOf, (stream, bytes, path) => {
      const passed = this.#stream(stream).pass(bytes);
      if (passed !== bytes) masked.set(keyOf(path), passed.toString());
    });
    if (this.#lead < 0) return masked;
    const shape = EventShape.of(json, value, streamOf);
    if (shape !== undefined) this.#shapes = [shape, ...this.#shapes.slice(0, MAX_SHAPES - 1)];
    return masked;
  }

  /** Of a word by itself only its end matters. */
  *#lookInSteps(word: Buffer): Steps<Looked> {
    const parts = { table: this.#table, writingOf: () => PLAIN, onMatch: () => undefined };
    return yield* contentInSteps(parts, word);
  }

  #stream(name: string): BorderScan<ContentFound> {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#streams.keys();
    if (oldest !== undefined && this.#streams.size >= MAX_STREAMS) this.#streams.delete(oldest);
    const scan = contentOverBorders({
      table: this.#table,
      writingOf: () => PLAIN,
      onMatch: this.#onMatch,
      isBordersOnly: true,
    });
    this.#streams.set(name, scan);
    return scan;
  }
}

function keyOf(path: Path): string {
  return path.join('\n');
}

/** Some letters of what a model writes, with the name of their stream. `path` is good until the next. */
type OnWord = (stream: string, bytes: Buffer, path: Path) => void;
type StreamOf = (path: Path) => string | undefined;

function streamsOf(value: object): StreamOf {
  const of = nameOf(value);
  return (path) => {
    const stream = streamInAnswer(path);
    return stream === undefined ? undefined : `${of} ${stream}`.slice(0, MAX_NAME);
  };
}

function visitWords(value: object, streamOf: StreamOf, onWord: OnWord): void {
  visitStrings(value, (path, text) => {
    const stream = text === '' ? undefined : streamOf(path);
    if (stream !== undefined) onWord(stream, Buffer.from(text), path);
  });
}

function withMasked(json: Buffer, masked: Masked): Buffer {
  if (masked.size === 0) return json;
  const walk = new JsonWalk({ string: (path) => masked.get(keyOf(path)) });
  return Buffer.concat([walk.push(json), walk.end()]);
}

interface OverBorders {
  readonly table: ContentTable;
  /** How the text at hand is written. */
  readonly writingOf: () => Writing;
  readonly onMatch: OnMatch;
  readonly isBordersOnly?: boolean;
}

/** Content in texts that may go on in the next. */
export function contentOverBorders({
  table,
  writingOf: ofText,
  onMatch,
  isBordersOnly = false,
}: OverBorders): BorderScan<ContentFound> {
  const look: Look<ContentFound> = (text, onFound, border) => {
    const undecided = undecidedOfNothing(table, ofText(), text);
    if (undecided !== undefined) return { bytes: text, undecided };
    let isFound = false;
    const onOne: OnMatch = (rule, action) => {
      isFound = true;
      onFound({ rule, action });
    };
    const scan = new ContentScan(table, ofText(), onOne, border);
    const decided = scan.push(text);
    const last = scan.end();
    return {
      bytes: isFound ? Buffer.concat([decided, last]) : text,
      undecided: text.length - decided.length,
    };
  };
  return new BorderScan({
    look,
    onFound: ({ rule, action }) => onMatch(rule, action),
    kindOf: ({ rule }) => rule,
    isBordersOnly,
    openBytes: table.credentials === undefined ? 0 : BEGINNING_BYTES,
  });
}

/** How much of the end of a text may go on, where nothing at all can be found in it; undefined: it has to be searched. */
function undecidedOfNothing(
  { searches, credentials }: ContentTable,
  writing: Writing,
  text: Buffer,
): number | undefined {
  const isSimple = credentials === undefined && searches.length === 1 && text.length <= MAX_SIMPLE_BYTES;
  if (!isSimple || !isPlain(text, writing)) return undefined;
  const openAt = searches[0]?.openAtWithoutFinds?.(text);
  return openAt === undefined ? undefined : text.length - openAt;
}

/** A look at a text by itself, for `pass` of such a scan. */
export function* contentInSteps(
  { table, writingOf: ofText, onMatch }: OverBorders,
  text: Buffer,
): Steps<Looked> {
  let isFound = false;
  const scan = new ContentScan(table, ofText(), (rule, action) => {
    isFound = true;
    onMatch(rule, action);
  });
  const looked = yield* scannedInSteps(scan, text);
  return isFound ? looked : { bytes: text, undecided: looked.undecided };
}

/** Undefined: nothing that has texts in it. */
function parsed(json: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(json.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Which of several texts an event goes on with: its kind and its places in lists, as it says itself. */
function nameOf(value: object): string {
  const {
    type,
    index,
    output_index: output,
    content_index: content,
    choices,
  } = value as Record<string, unknown>;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const own = typeof choice === 'object' && choice !== null && 'index' in choice ? choice.index : undefined;
  return [type, index, output, content, own]
    .filter((one) => typeof one === 'number' || typeof one === 'string')
    .join(' ');
}
