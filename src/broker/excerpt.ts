// What a person is shown of a text in which a rule found something: the words around it, without content of any class. The words
// stay hostile here; whoever stores them makes them inert.
import type { Excerpt } from '../core/approval.ts';
import { ContentScan } from '../core/content/content-scan.ts';
import { writingOf } from '../core/content/escapes.ts';
import type { BrokerDeps } from './deps.ts';
import type { AskedRule } from './inspection/asking.ts';

/** Of what stands before and behind the end of a finding. */
const SHOWN = { before: 150, behind: 50 } as const;
/** Looked at, so that what begins or ends out of sight is known for what it is. */
const READ = { before: 4096, behind: 512 } as const;

export function excerptOf({ content }: Pick<BrokerDeps, 'content'>, { rule, around }: AskedRule): Excerpt {
  if (around === undefined) return { rule, text: '', isCut: false };
  const { text, end } = around();
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
  return { rule, text: kept.toString(), isCut: from > 0 || to < text.length };
}

function withoutContent(content: BrokerDeps['content'], bytes: Buffer): Buffer {
  const table = content.masksAll();
  if (table === undefined) return bytes;
  const scan = new ContentScan(table, writingOf(''), () => undefined);
  return Buffer.concat([scan.push(bytes), scan.end()]);
}
