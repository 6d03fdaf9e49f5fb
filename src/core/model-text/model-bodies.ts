// What the strings in the bodies of model APIs are, by where they stand: OpenAI's chat, responses and completions, Anthropic's
// messages, Google's generateContent, and whatever is like them.
import type { Path } from './json-walk.ts';

/** `instructions`: of whoever runs the model. `outside`: from tools and documents. `said`: by users. `model`: by the model. */
export type Origin = 'instructions' | 'outside' | 'said' | 'model' | 'none';

/** What is known of an object and of all within it: the members that say what stands beside them. */
interface Known {
  role?: string;
  type?: string;
  within?: Map<string | number, Known>;
}

/** Of more objects no more is learned. */
const MAX_LEARNED = 100_000;

const CONVERSATIONS: ReadonlySet<string | number> = new Set(['messages', 'input', 'contents']);
const INSTRUCTIONS: ReadonlySet<string | number> = new Set([
  'system',
  'instructions',
  'system_instruction',
  'systemInstruction',
  'system_prompt',
]);
const TEXT_MEMBERS: ReadonlySet<string | number> = new Set([
  'content',
  'text',
  'output',
  'data',
  'input_text',
]);
const OUTSIDE: ReadonlySet<string> = new Set([
  'tool_result',
  'document',
  'search_result',
  'web_search_tool_result',
  'mcp_tool_result',
  'function_call_output',
  'custom_tool_call_output',
  'computer_call_output',
  'local_shell_call_output',
]);
const OUTSIDE_ROLES: ReadonlySet<string> = new Set(['tool', 'function', 'ipython']);
const LEADING_ROLES: ReadonlySet<string> = new Set(['system', 'developer']);
const MODEL_ROLES: ReadonlySet<string> = new Set(['assistant', 'model']);

/** Of a string in a request. `none`: a name, a number in quotes, a body of another kind. */
export function originInRequest(path: Path, known: Known): Origin {
  const top = path[0];
  if (top === undefined) return 'none';
  if (INSTRUCTIONS.has(top)) return isMedia(path) ? 'none' : 'instructions';
  if (top === 'prompt' || (top === 'input' && path.length === 1)) return 'said';
  if (top === 'documents') return 'outside';
  if (top === 'tools') return path.at(-1) === 'description' ? 'said' : 'none';
  if (!CONVERSATIONS.has(top) || typeof path[1] !== 'number') return 'none';
  if (tellingOf(path) !== undefined || isMedia(path)) return 'none';
  return originInConversation(path, known.within?.get(top)?.within?.get(path[1]));
}

/** The member that says what stands beside it, of a path that ends in one. */
function tellingOf(path: Path): 'role' | 'type' | undefined {
  const last = path[path.length - 1];
  return last === 'role' || last === 'type' ? last : undefined;
}

/** What is known of the conversations of a request, as its strings come. */
export class Learned {
  readonly known: Known = {};
  #count = 0;

  /** Whether such a string says what stands beside it. */
  isTelling(path: Path): boolean {
    return tellingOf(path) !== undefined && CONVERSATIONS.has(path[0] ?? '');
  }

  add(path: Path, value: string): undefined {
    const member = tellingOf(path);
    if (member === undefined || this.#count >= MAX_LEARNED || !CONVERSATIONS.has(path[0] ?? '')) return;
    let known = this.known;
    for (let at = 0; at < path.length - 1; at += 1) {
      const key = path[at] ?? '';
      known.within ??= new Map();
      let next = known.within.get(key);
      if (next === undefined) known.within.set(key, (next = {}));
      known = next;
    }
    if (known[member] === undefined) this.#count += 1;
    known[member] = value;
  }
}

/** `message`: what is known of the path's first two steps. */
function originInConversation(path: Path, message: Known | undefined): Origin {
  let known = message;
  for (let length = 2; length < path.length; length += 1) {
    const key = path[length] ?? '';
    if (OUTSIDE.has(known?.type ?? '') || key === 'functionResponse') return 'outside';
    if (key === 'functionCall' || key === 'tool_calls') return 'model';
    known = known?.within?.get(key);
  }
  const role = message?.role ?? '';
  if (!path.some(isTextMember)) return path.length === 2 ? 'said' : 'none';
  if (OUTSIDE_ROLES.has(role)) return 'outside';
  if (LEADING_ROLES.has(role)) return 'instructions';
  return MODEL_ROLES.has(role) ? 'model' : 'said';
}

function isTextMember(key: string | number): boolean {
  return TEXT_MEMBERS.has(key);
}

/** Pictures and files in base64 and addresses of them are no text. */
function isMedia(path: Path): boolean {
  const last = path[path.length - 1];
  return (
    last === 'url' ||
    last === 'image_url' ||
    last === 'media_type' ||
    last === 'mimeType' ||
    last === 'file_data'
  );
}

/** Of a string in an answer: the stream of a model's words that it belongs to; undefined: it is none of them. */
export function streamInAnswer(path: Path): string | undefined {
  const [top, at] = path;
  const last = path.at(-1);
  if (typeof top === 'number') {
    // Google's stream as one JSON array.
    return at === 'candidates' || at === 'choices' ? streamInAnswer(path.slice(1)) : undefined;
  }
  if (top === 'choices' && typeof at === 'number') {
    const isWords = last === 'content' || last === 'text' || last === 'arguments' || last === 'refusal';
    const isThought = last === 'reasoning_content' || last === 'reasoning' || last === 'transcript';
    return isWords || isThought ? `${at} ${last}` : undefined;
  }
  if (top === 'candidates') {
    if (path.includes('functionCall')) return `${String(at)} arguments`;
    return last === 'text' ? `${String(at)} text` : undefined;
  }
  if (top === 'content' && typeof at === 'number') {
    const isWords = last === 'text' || last === 'thinking';
    return (isWords && path.length === 3) || path[2] === 'input' ? `${at} ${String(path[2])}` : undefined;
  }
  if (top === 'output' && (last === 'text' || last === 'arguments') && !path.includes('results')) {
    return `${String(at)} ${last}`;
  }
  if (top === 'delta' || (top === 'message' && path[1] === 'content')) {
    const isWords = path.length === 1 || last === 'text' || last === 'partial_json' || last === 'thinking';
    return isWords || last === 'content' ? 'delta' : undefined;
  }
  // What a block begins with that goes on as `delta`.
  if (top === 'content_block' && path.length === 2 && (last === 'text' || last === 'thinking'))
    return 'delta';
  if (top === 'completion' || top === 'response' || top === 'generated_text')
    return path.length === 1 ? top : undefined;
  return undefined;
}

const REPEATED: ReadonlySet<string | number> = new Set(['text', 'refusal', 'arguments', 'transcript']);

/** Of a string in an event of OpenAI's responses: `written` once more as a whole, or the `instructions` that were sent. */
export function partOfResponse(path: Path): 'written' | 'instructions' | undefined {
  if (path[0] === 'response' && path[1] === 'instructions') return 'instructions';
  return REPEATED.has(path.at(-1) ?? '') && !path.includes('results') && !path.includes('tools')
    ? 'written'
    : undefined;
}
