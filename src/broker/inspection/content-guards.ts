// The content rules of every service that has any, made ready once and used by all its calls.
import { strict as assert } from 'node:assert';
import { CONTENT_CLASSES } from '../../core/content/classes.ts';
import { buildContentTable, type ContentRules, type ContentTable } from '../../core/content/content-table.ts';
import type { ShapeTable } from '../../core/credential-shapes/shape-table.ts';
import { type IsPhone, loadPhones } from '../../core/content/phone.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import { type ContentProtection, contentRules } from '../../core/protection/content.ts';

export interface ContentGuard {
  /** Undefined: nothing is looked for. */
  readonly table: ContentTable | undefined;
  /** The same for what can not be masked: it is refused instead. */
  readonly strictTable: ContentTable | undefined;
  /** Whether anything is masked or refused, not only told. */
  readonly isEnforced: boolean;
  /** Masks every class, for the audit log; undefined: it keeps no previews. */
  readonly previewTable: ContentTable | undefined;
}

const EVERY_CLASS: ContentRules = {
  classes: new Map(CONTENT_CLASSES.map((name) => [name, 'mask'])),
  patterns: [],
};

export class ContentGuards {
  readonly #shapes: () => ShapeTable;
  readonly #guards = new WeakMap<ContentProtection, Map<Direction, ContentGuard>>();
  #isPhone: IsPhone | undefined;
  #loading: Promise<void> | undefined;
  #previewTable: ContentTable | undefined;

  constructor(shapes: () => ShapeTable) {
    this.#shapes = shapes;
  }

  /** To be waited for before `of` is asked; undefined: there is nothing to wait for. */
  prepare(settings: ContentProtection): Promise<void> | undefined {
    return isOff(settings) ? undefined : this.prepareMasks();
  }

  async #load(): Promise<void> {
    this.#isPhone = await loadPhones();
  }

  /** To be waited for before `masksAll` is asked; undefined: there is nothing to wait for. */
  prepareMasks(): Promise<void> | undefined {
    if (this.#isPhone !== undefined) return undefined;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Masks every class, whatever a service says, for what a person is shown. */
  masksAll(): ContentTable | undefined {
    const isPhone = this.#isPhone;
    assert(isPhone !== undefined, 'the content guard was not waited for');
    this.#previewTable ??= buildContentTable(EVERY_CLASS, { isPhone, shapes: this.#shapes });
    return this.#previewTable;
  }

  /** Undefined: the service wants nothing of it. */
  of(settings: ContentProtection, direction: Direction): ContentGuard | undefined {
    if (isOff(settings)) return undefined;
    let guards = this.#guards.get(settings);
    if (guards === undefined) this.#guards.set(settings, (guards = new Map()));
    let guard = guards.get(direction);
    if (guard === undefined) guards.set(direction, (guard = this.#build(settings, direction)));
    return guard;
  }

  #build(settings: ContentProtection, direction: Direction): ContentGuard {
    const isPhone = this.#isPhone;
    assert(isPhone !== undefined, 'the content guard was not waited for');
    const sources = { isPhone, shapes: this.#shapes };
    const rules = contentRules(settings, direction);
    const actions = [...rules.classes.values(), ...rules.patterns.map(({ action }) => action)];
    return {
      table: buildContentTable(rules, sources),
      strictTable: buildContentTable(strict(rules), sources),
      isEnforced: actions.some((action) => action === 'mask' || action === 'block'),
      previewTable: settings.preview ? this.masksAll() : undefined,
    };
  }
}

function isOff({ request, answer, patterns, preview }: ContentProtection): boolean {
  return request === 'off' && answer === 'off' && patterns.length === 0 && !preview;
}

function strict({ classes, patterns }: ContentRules): ContentRules {
  return {
    classes: new Map([...classes].map(([name, action]) => [name, action === 'mask' ? 'block' : action])),
    patterns: patterns.map((rule) => (rule.action === 'mask' ? { ...rule, action: 'block' } : rule)),
  };
}
