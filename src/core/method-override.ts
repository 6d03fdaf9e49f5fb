// Names by which some frameworks take a POST for a DELETE: of parameters, and of the fields of a form in a body.
import type { Stage } from './inspection/stage.ts';

const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  '_method',
  '__method',
  '_httpmethod',
  'http_method_override',
  'httpmethodoverride',
  'x_http_method',
  'x_http_method_override',
  'x_method_override',
]);
const MAX_NAME_LENGTH = 128;
const AND = 0x26;
const EQUALS = 0x3d;

/** Whether a name, decoded, is one of them however it is written: PHP takes `.`, a space and `[` for `_`. */
export function overridesMethod(name: string): boolean {
  const [text = ''] = name.split('\0', 1);
  return METHOD_OVERRIDES.has(
    text
      .trim()
      .toLowerCase()
      .replaceAll(/[-. []/g, '_'),
  );
}

/** Looks at the names of a form (`application/x-www-form-urlencoded`) on its way, and throws `problem` at the first of them. */
export function formNames(problem: () => Error): Stage {
  /** Undefined: in a value. */
  let name: string | undefined = '';
  const finish = () => {
    if (name !== undefined && overridesMethod(decoded(name))) throw problem();
  };
  return {
    changesLength: false,
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        const end: number = name === undefined ? chunk.indexOf(AND, at) : endOfName(chunk, at);
        const piece = chunk.subarray(at, end === -1 ? chunk.length : end);
        if (name !== undefined && name.length < MAX_NAME_LENGTH) name += piece.toString('latin1');
        if (end === -1) break;
        finish();
        name = chunk[end] === AND ? '' : undefined;
        at = end + 1;
      }
      return chunk;
    },
    end() {
      finish();
      return Buffer.alloc(0);
    },
  };
}

function endOfName(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (byte === AND || byte === EQUALS) return at;
  }
  return -1;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
