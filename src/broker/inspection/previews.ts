// The beginnings of both bodies of one call, for the audit log of a service that asks for them.
import type { ContentTable } from '../../core/content/content-table.ts';
import type { Writing } from '../../core/content/escapes.ts';
import { PreviewTap } from '../../core/content/preview.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import type { ScanTable } from '../../core/leak-scan/scanner.ts';

export interface Preview {
  readonly request?: string;
  readonly answer?: string;
}

const NO_TAPS = {};

export class Previews {
  #taps: Partial<Record<Direction, PreviewTap>> = NO_TAPS;
  #table: ContentTable | undefined;
  #told: Preview | undefined;

  /** Looks on at one body. */
  tap(direction: Direction, writing: Writing, table: ContentTable): PreviewTap {
    const tap = new PreviewTap(writing);
    this.#taps = { ...this.#taps, [direction]: tap };
    this.#table = table;
    return tap;
  }

  /** Makes the texts while the values to mask in them are at hand; without that there are none. */
  settle(secrets: ScanTable): void {
    const table = this.#table;
    if (table === undefined) return;
    const texts = Object.entries(this.#taps).flatMap(([direction, tap]) => {
      const text = tap.text(table, secrets);
      return text === undefined ? [] : [[direction, text] as const];
    });
    if (texts.length > 0) this.#told = Object.fromEntries(texts);
  }

  get told(): Preview | undefined {
    return this.#told;
  }

  /** For the next send of the same call: its request is the same. */
  again(): Previews {
    const next = new Previews();
    const { request } = this.#taps;
    if (request !== undefined) next.#taps = { request };
    next.#table = this.#table;
    return next;
  }
}
