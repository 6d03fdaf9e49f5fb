// What a segment of a path looks like: a number, a UUID, an id as vendors make them, or a word that means something.
import { decodedSegment } from './address.ts';

export interface SegmentKind {
  /** Alike for segments that may stand for each other. */
  readonly shape: string;
  /** The segment of a pattern that takes their place. */
  readonly parameter: (name: string) => string;
}

interface IdKind {
  readonly type: string;
  readonly form: RegExp;
}

/** `type` is that of a typed segment; none where no type is as narrow as what such ids have in common. */
const IDS: readonly IdKind[] = [
  { type: 'uuid', form: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i },
  { type: 'int', form: /^\d{1,20}$/ },
];
/** `cus_9s6XKzkNRiz8i3`, `file-abc123`: a word, and behind it a text with a digit. */
const WITH_PREFIX = /^([A-Za-z]{1,16}[_-])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{6,64}$/;
/** Long, and neither a word nor a number. */
const OPAQUE = /^(?=(?:[A-Za-z]*\d){2})(?=\d*[A-Za-z])[A-Za-z0-9]{12,128}$/;
/** What may stand behind an id in the same segment: `123:cancel`, `123.json`. */
const SUFFIX = /^(.+?)([:.][A-Za-z]{1,32})$/;

/** Undefined: a word, which stands for itself. */
export function segmentKind(segment: string): SegmentKind | undefined {
  const text = decodedSegment(segment);
  const [, id = text, suffix = ''] = SUFFIX.exec(text) ?? [];
  const typed = IDS.find(({ form }) => form.test(id));
  if (typed !== undefined) return kind(typed.type, suffix);
  const prefix = WITH_PREFIX.exec(id)?.[1];
  if (prefix !== undefined) return kind(undefined, suffix, prefix);
  return OPAQUE.test(id) ? kind(undefined, suffix) : undefined;
}

function kind(type: string | undefined, suffix: string, prefix = ''): SegmentKind {
  return {
    shape: `{${type ?? prefix}}${suffix}`, // braces stand in no address
    parameter: (name) => (type === undefined ? `{${name}}${suffix}` : `{${name}:${type}}${suffix}`),
  };
}
