// Marks that are no words: addresses, tokens of chat templates, lines that begin like somebody else's turn, images that
// carry data away in their address.
import type { TextKind } from './rule.ts';
import { isLetter } from './units.ts';

/** As much of the text before is looked at. */
export const LOOK_BACK = 240;

export interface Mark {
  readonly kinds: readonly TextKind[];
  readonly end: number;
}

const TEMPLATE_TOKEN =
  /<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|eot_id|start_header_id|end_header_id|begin_of_text|endofprompt|start_of_role|end_of_role|channel|message|start|end|return|call|constrain)\|>|<<\/?SYS>>|<(?:start|end)_of_turn>|<\uff5c[^>]{1,40}\uff5c>/iy;
const BRACKET_TOKEN = /\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS)\]/y;
const TURN_TAG =
  /<\/?(?:system|system[_-](?:prompt|message|instructions?|note|override|reminder)|developer|admin|instructions|user_query|tool_results?|function_results?|untrusted[_-]\w{1,20}|important)(?: [^>]{0,80})?>/iy;
const TURN_BRACKET =
  /\[\/?(?:(?:begin |end |new |#)?(?:system|admin(?:istrator)?|developer|assistant)(?:[ _](?:prompt|message|instructions?|note|override|notice|update|command|alert|mode))?|system ?#?\w{0,12})\](?:\(#\w{0,20}\))?/iy;
const TURN_LINE =
  /(?:^|[\n\r])[\s>#*_[(<"'`=-]{0,12}(?:(?:new |important |updated? |critical )?(?:system|developer|admin(?:istrator)?)(?: (?:prompt|message|instructions?|note|override|notice|update|command|alert|log))?|instructions?|response|im_start system)[\s*\])>"'`]{0,4}$/i;
/** Only with the marks that fine-tuning data has. */
const HEADED = /(?:^|[\n\r])\s{0,4}#{2,}\s*(?:system|instructions?|response|human|user|assistant)\s*$/i;
const SPEAKER = /(?:^|[\n\r])\s{0,4}(?:human|user|assistant|ai)\s?$/i;
/** Looked at in front of a colon: more than such a line has there, but for one that begins with many `#`. */
const LEAD = 64;
const LINE_END = /[\n\r]/;
const TURN_WORD = /(?:system|developer|admin(?:istrator)?)/i;
const IMAGE_ADDRESS = /\]\(\s?<?(https?:\/\/[^\s)>]{1,2000})/iy;
const SLOT =
  /[{<]|\$[({A-Z]|%7b|%3c|\[[A-Z]|[=/](?:your|the|user|secret|data|content|conversation|encoded|summary|insert)[_-]|=(?:DATA|SECRETS?|CONTENT|ENCODED\w*|PAYLOAD|INFO|TEXT|MESSAGE|SUMMARY|HISTORY|X{3,})\b/;
/** A parameter of it that is long enough to carry something, and what is known to be long for other reasons. */
const LONG_PARAMETER = /[?&]([\w.-]{1,40})=([^&\s]{32,})/g;
const USUALLY_LONG = /^(?:x-|sig|token|key|hash|expires|policy|utm|url|src|image|auth|v$|ex$|hm$|is$)/i;
/** Of any letters: they may be drawn like others. */
const ADDRESS_SCHEME = /\p{L}{2,5}$/u;
const SPLIT_SLASHES = /^[\u200b-\u200f\u2060-\u2064\ufeff]+\/[\u200b-\u200f\u2060-\u2064\ufeff]*\//;
const UNSEEN = /[\u200b-\u200f\u2060-\u2064\ufeff]/g;
const MAIL_NAME = /[\w.+-]{1,64}$/;
const MAIL_HOST = /@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}/iy;

/** The mark at `at`; `before` is what was read just before `text`. */
export function markAt(text: string, at: number, before: string): Mark | undefined {
  switch (text[at]) {
    case ':':
      return atColon(text, at, before);
    case '<':
      return found(TEMPLATE_TOKEN, text, at, '@template') ?? found(TURN_TAG, text, at, '@turn');
    case '[':
      return found(BRACKET_TOKEN, text, at, '@template') ?? found(TURN_BRACKET, text, at, '@turn');
    case ']':
      return image(text, at, before);
    case '@':
      MAIL_HOST.lastIndex = at;
      return MAIL_NAME.test(text.slice(Math.max(0, at - 64), at)) && MAIL_HOST.test(text)
        ? { kinds: ['@email'], end: at + 1 }
        : undefined;
    default:
      return undefined;
  }
}

function found(pattern: RegExp, text: string, at: number, kind: TextKind): Mark | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? { kinds: [kind], end: pattern.lastIndex } : undefined;
}

function atColon(text: string, at: number, before: string): Mark | undefined {
  if (text.startsWith('//', at + 1) || SPLIT_SLASHES.test(text.slice(at + 1, at + 9))) {
    return hasScheme(text, at) ? { kinds: ['@url'], end: at + 3 } : undefined;
  }
  // Most colons end after the look at one letter.
  const letter = text.charCodeAt(at - 1) | 32;
  if (!LAST_LETTERS.has(letter)) return undefined;
  const lead = leadOf(text, at, before);
  if (lead.length >= LEAD && !LINE_END.test(lead) && !lead.includes('##')) return undefined;
  if (SPEAKER.test(lead)) return { kinds: ['@speaker'], end: at + 1 };
  if (HEADED.test(lead)) return { kinds: ['@turn'], end: at + 1 };
  return TURN_WORD.test(lead) && TURN_LINE.test(lead) ? { kinds: ['@turn'], end: at + 1 } : undefined;
}

function hasScheme(text: string, at: number): boolean {
  if (isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at - 2))) return true;
  return ADDRESS_SCHEME.test(text.slice(Math.max(0, at - 12), at).replace(UNSEEN, ''));
}

/** Of the words above, and of what may close them. */
const LAST_LETTERS: ReadonlySet<number> = new Set(
  Array.from('mrntsedgki*])>"\'`').map((one) => one.charCodeAt(0) | 32),
);

function leadOf(text: string, at: number, before: string): string {
  const own = text.slice(Math.max(0, at - LEAD), at);
  return own.length < LEAD ? before.slice(-LEAD) + own : own;
}

function image(text: string, at: number, before: string): Mark | undefined {
  if (text[at + 1] !== '(') return undefined;
  const own = text.slice(Math.max(0, at - LOOK_BACK), at);
  const lead = own.length < LOOK_BACK ? before + own : own;
  const open = lead.lastIndexOf('![');
  if (open < 0 || lead.includes('\n', open) || lead.includes('](', open)) return undefined;
  IMAGE_ADDRESS.lastIndex = at;
  const address = IMAGE_ADDRESS.exec(text)?.[1];
  if (address === undefined) return undefined;
  if (SLOT.test(address)) return { kinds: ['@image-slot'], end: at + 1 };
  for (const [, name = ''] of address.matchAll(LONG_PARAMETER)) {
    if (!USUALLY_LONG.test(name)) return { kinds: ['@image'], end: at + 1 };
  }
  return undefined;
}
