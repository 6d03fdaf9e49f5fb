// Names of the fields of a form in parts (`multipart/form-data`, RFC 7578), looked at on their way: one that names another
// method ends the body. Readers of such forms differ, so every text that one of them could take for a name counts.
import type { Stage } from './inspection/stage.ts';
import { overridesMethod } from './method-override.ts';

const MEDIA_TYPE = /^\s*multipart\/[\w.+-]+((?:\s*;\s*[\w*-]+=(?:[^\s;,"\\]+|"[^"\\,]*"))*)\s*;?\s*$/i;
const PARAMETER = /([\w*-]+)=(?:"([^"]*)"|([^\s;]+))/g;
const BOUNDARY = /^[\w'()+./:=?-]{1,70}$/;
/** Of one part. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';
/** A line feed alone, a carriage return alone, a NUL: two readers would not agree where the head ends. */
const LOOSE = /(?<!\r)\n|\r(?=[^\n])|\0/;
const NAME = /(?<![\w-])name\s*(\*[\d*]*)?\s*=\s*/gi;

/** Undefined: readers may differ about where its parts begin. */
export function boundaryOf(contentType: string): string | undefined {
  const parameters = MEDIA_TYPE.exec(contentType)?.[1];
  if (parameters === undefined) return undefined;
  const pairs = [...parameters.matchAll(PARAMETER)].map(([, name = '', quoted, plain = '']) => ({
    name: name.toLowerCase(),
    value: quoted ?? plain,
  }));
  const own = pairs.filter(({ name }) => name === 'boundary');
  // Some readers take what follows the first `boundary` there is, wherever it stands.
  const isAmbiguous = pairs.some(
    ({ name, value }) => name !== 'boundary' && /boundary/i.test(`${name}=${value}`),
  );
  const boundary = own[0]?.value;
  if (own.length !== 1 || boundary === undefined || isAmbiguous) return undefined;
  return BOUNDARY.test(boundary) ? boundary : undefined;
}

/** Throws `problem` at the first part whose name is another method, or whose head readers could take for two things. */
export function partNames(boundary: string, problem: () => Error): Stage {
  const delimiter = Buffer.from(`--${boundary}`);
  /** The end of what came so far, where a delimiter may have begun; the head of a part that has begun. */
  let held = Buffer.alloc(0);
  let isHead = false;

  const lookAtHead = (bytes: Buffer): Buffer | undefined => {
    const text = bytes.toString('latin1', 0, MAX_HEAD_BYTES + HEAD_END.length);
    if (text.startsWith('--')) return bytes.subarray(2);
    // After the delimiter only white space stands on its line; anything else is a longer text than the delimiter.
    if (text.length > 1 && !/^[ \t]*(?:[\r\n]|$)/.test(text)) return bytes;
    const end = text.indexOf(HEAD_END);
    if (end === -1 && text.length > MAX_HEAD_BYTES) throw problem();
    const head = end === -1 ? text : text.slice(0, end);
    if (LOOSE.test(head)) throw problem();
    if (end === -1) return undefined;
    if ([...namesIn(head)].some(isRefused)) throw problem();
    return bytes.subarray(end + HEAD_END.length);
  };

  return {
    changesLength: false,
    push(chunk) {
      let rest: Buffer = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (;;) {
        if (isHead) {
          const after = lookAtHead(rest);
          if (after === undefined) break;
          isHead = false;
          rest = after;
        }
        const at = rest.indexOf(delimiter);
        if (at === -1) {
          rest = rest.subarray(Math.max(0, rest.length - delimiter.length + 1));
          break;
        }
        isHead = true;
        rest = rest.subarray(at + delimiter.length);
      }
      held = Buffer.from(rest); // a copy: the chunk is its owner's
      return chunk;
    },
    end: () => Buffer.alloc(0),
  };
}

/** Every text that stands where a name would, in each way of reading it. */
function* namesIn(head: string): Generator<string> {
  let continued = '';
  for (const { 0: match, 1: extension, index } of head.matchAll(NAME)) {
    for (const text of valuesAt(head, index + match.length)) {
      yield text;
      yield text.replaceAll(/\\(.)/g, '$1');
      yield decoded(text);
      if (extension === undefined) continue;
      // RFC 8187: charset'language'value; RFC 2231 in several pieces.
      const piece = decoded(text.replace(/^[^']*'[^']*'/, ''));
      yield piece;
      continued += piece;
    }
  }
  yield continued;
}

function* valuesAt(head: string, from: number): Generator<string> {
  const quote = head.charAt(from);
  if (quote !== '"' && quote !== "'") {
    yield /^[^;\s]*/.exec(head.slice(from))?.[0] ?? '';
    return;
  }
  const quoted = head.slice(from + 1);
  const end = quoted.indexOf(quote);
  yield end === -1 ? quoted : quoted.slice(0, end);
  if (quote === '"' && quoted.includes('\\')) yield /^(?:[^"\\]|\\[^])*/.exec(quoted)?.[0] ?? '';
}

/** An encoded word (RFC 2047) may be any name. */
function isRefused(name: string): boolean {
  return overridesMethod(name) || /=\?[^?]*\?[bq]\?/i.test(name);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
