// A stream of events as a model writes it, a few letters in each: the words of each choice are joined before they are read.
import { type Path, visitStrings } from './json-walk.ts';
import { partOfResponse, streamInAnswer } from './model-bodies.ts';
import type { TextWatch } from './watch.ts';

/** An event that is longer is read as far as this. */
const MAX_EVENT = 1024 * 1024;
/** Longer texts are no parts of words. */
const MAX_TOKEN = 64;
const LINE_END = /\r\n|\n|\r/;

export class EventText {
  readonly #watch: TextWatch;
  readonly #other: (path: Path, value: string) => void;
  #line = '';
  /** Data of an event that is no JSON yet: more lines of it may make it some. */
  #data = '';

  /** `other`: strings of events that no model has written. */
  constructor(watch: TextWatch, other: (path: Path, value: string) => void) {
    this.#watch = watch;
    this.#other = other;
  }

  push(text: string): void {
    const lines = (this.#line + text).split(LINE_END);
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#read(line);
    if (this.#line.length > MAX_EVENT) {
      this.#read(this.#line);
      this.#line = 'data:';
    }
  }

  end(text: string): void {
    this.#read(this.#line + text);
    this.#plain();
  }

  #read(line: string): void {
    if (line === '') {
      this.#plain();
      return;
    }
    if (!line.startsWith('data:')) return;
    const data = line.slice(line[5] === ' ' ? 6 : 5);
    if (data === '[DONE]') return;
    const all = this.#data === '' ? data : `${this.#data}\n${data}`;
    this.#data = '';
    const value = parsed(all);
    if (value !== undefined) this.event(value);
    else {
      this.#data = all;
      if (all.length > MAX_EVENT) this.#plain();
    }
  }

  /** What turned out to be no JSON: a text of its own, or the next letters of one. */
  #plain(): void {
    const data = this.#data;
    this.#data = '';
    if (data === '') return;
    this.#watch.text(`${data}\n`, 'reads', { isPart: true });
    this.#watch.stream('tokens', data.length > MAX_TOKEN ? `${data}\n` : data);
  }

  /** The data of one event, as a value of JSON. */
  event(value: unknown): void {
    if (typeof value === 'string') {
      this.#watch.stream('tokens', value);
      return;
    }
    const indexes = indexesOf(value);
    const isResponse = isOfResponse(value);
    visitStrings(value, (path, text) => {
      const stream = streamInAnswer(withOwnIndex(value, path));
      const part = isResponse && stream === undefined ? partOfResponse(path) : undefined;
      if (stream !== undefined) this.#watch.stream(`${indexes} ${stream}`, text);
      else if (part === 'written') this.#watch.text(text, 'writes');
      else if (part === undefined) this.#other(path, text);
    });
  }
}

/** Undefined: no JSON. What begins like none is not tried. */
function parsed(data: string): unknown {
  if (!/^\s*[{["]/.test(data)) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Which of several texts an event goes on with: it says so itself. */
function indexesOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { index, output_index: output, content_index: content } = value as Record<string, unknown>;
  return [index, output, content].filter((one) => typeof one === 'number').join(' ');
}

function isOfResponse(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    value.type.startsWith('response.')
  );
}

/** With the number that a choice gives itself for the place that it has in this event. */
function withOwnIndex(value: unknown, path: Path): Path {
  const [top, at, ...rest] = path;
  if ((top !== 'choices' && top !== 'candidates') || typeof at !== 'number') return path;
  const list = (value as Record<string, unknown>)[top];
  const choice: unknown = Array.isArray(list) ? list[at] : undefined;
  const isNumbered = typeof choice === 'object' && choice !== null && 'index' in choice;
  return isNumbered && typeof choice.index === 'number' && choice.index !== at
    ? [top, choice.index, ...rest]
    : path;
}
