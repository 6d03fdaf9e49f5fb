// The beginning of a body as the audit log may keep it: without the key, without content of any class, and without a
// character that a terminal or a reader's eye would obey.
import { createLeakScan, type ScanTable } from '../leak-scan/scanner.ts';
import { ContentScan } from './content-scan.ts';
import type { ContentTable } from './content-table.ts';
import type { Writing } from './escapes.ts';

/** Of a body: more than a preview shows, so that what reaches over its end is recognised. */
const KEPT_BYTES = 4 * 1024;
const SHOWN_CHARACTERS = 200;
/** Controls, line and paragraph separators, marks that reorder or hide text, and what is no text at all. */
const INERT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd]/gu;

/** Looks on while a body passes. */
export class PreviewTap {
  readonly #writing: Writing;
  readonly #kept: Buffer[] = [];
  #bytes = 0;
  #isWhole = false;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  add(chunk: Buffer): void {
    const room = KEPT_BYTES - this.#bytes;
    if (room <= 0 || chunk.length === 0) return;
    this.#kept.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
  }

  end(): void {
    this.#isWhole = this.#bytes <= KEPT_BYTES;
  }

  /** Undefined: nothing passed. `table` masks every class; `secrets` are those of the service. */
  text(table: ContentTable, secrets: ScanTable): string | undefined {
    if (this.#bytes === 0) return undefined;
    const leaks = createLeakScan(secrets, () => undefined);
    const content = new ContentScan(table, this.#writing, () => undefined);
    const parts = [content.push(leaks.push(Buffer.concat(this.#kept)))];
    // What is held back when the rest is missing may be the beginning of anything, and is left out.
    if (this.#isWhole) parts.push(content.push(leaks.end()), content.end());
    return shown(Buffer.concat(parts).toString());
  }
}

function shown(text: string): string {
  return Array.from(text.slice(0, 2 * SHOWN_CHARACTERS))
    .slice(0, SHOWN_CHARACTERS)
    .join('')
    .replaceAll(INERT, (character) => (/\s/.test(character) ? ' ' : '·'));
}
