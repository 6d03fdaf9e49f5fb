// What a person is shown of the texts in which rules found something: the words around it, without content of any class. The words
// stay hostile here; whoever stores them makes them inert.
import type { Excerpt } from '../core/approval.ts';
import { ContentScan } from '../core/content/content-scan.ts';
import { writingOf } from '../core/content/escapes.ts';
import { ShapeScan } from '../core/credential-shapes/shape-scan.ts';
import type { BrokerDeps } from './deps.ts';
import type { AskedRule } from './inspection/asking.ts';

/** Of what stands before and behind the end of a finding. */
const SHOWN = { before: 150, behind: 50 } as const;
/** What ends so near to the first of a place is shown with it. */
const NEAR = 80;
/** Looked at, so that what begins or ends out of sight is known for what it is. */
const READ = { before: 4096, behind: 512 } as const;

interface Place {
  readonly rules: string[];
  readonly text: string;
  readonly first: number;
  end: number;
}

/** One for each place, with all the rules that found something there. */
export function excerptsOf(deps: Pick<BrokerDeps, 'content'>, asked: readonly AskedRule[]): Excerpt[] {
  const places: Place[] = [];
  const found = asked.map(({ rule, around }) => ({ rule, ...(around?.() ?? { text: '', end: 0 }) }));
  for (const { rule, text, end } of found.toSorted((one, other) => one.end - other.end)) {
    const near = places.find((place) => place.text === text && end - place.first <= NEAR);
    if (near === undefined) places.push({ rules: [rule], text, first: end, end });
    else {
      near.rules.push(rule);
      near.end = end;
    }
  }
  return places.map((place) => excerptAt(deps, place));
}

function excerptAt({ content }: Pick<BrokerDeps, 'content'>, { rules, text, end }: Place): Excerpt {
  const from = Math.max(0, end - SHOWN.before);
  const to = Math.min(text.length, end + SHOWN.behind);
  const read = [
    text.slice(Math.max(0, end - READ.before), from),
    text.slice(from, to),
    text.slice(to, to + READ.behind),
  ].map((part) => Buffer.from(part));
  const [out = Buffer.alloc(0), shown = out] = read;
  const masked = withoutContent(content, Buffer.concat(read));
  const kept = masked.subarray(out.length, out.length + shown.length); // a mask is as long as what it hides
  return { rule: rules.join(' '), text: kept.toString(), isCut: from > 0 || to < text.length };
}

/** An address as it is, but for what has the look of a credential. */
export function withoutKeys(
  { credentialShapes }: Pick<BrokerDeps, 'credentialShapes'>,
  text: string,
): string {
  const scan = new ShapeScan(credentialShapes(), { isMasked: true, onFound: () => undefined });
  return Buffer.concat([scan.push(Buffer.from(text)), scan.end()]).toString();
}

function withoutContent(content: BrokerDeps['content'], bytes: Buffer): Buffer {
  const table = content.masksAll();
  if (table === undefined) return bytes;
  const scan = new ContentScan(table, writingOf(''), () => undefined);
  return Buffer.concat([scan.push(bytes), scan.end()]);
}
