// Every rule finds what it says it finds and lets pass what it says it lets pass, in plain text and in disguises.
import { describe, expect, it } from 'vitest';
import { ModelText } from '../../src/core/model-text/engine.ts';
import { RULE_IDS } from '../../src/core/model-text/rule-ids.ts';
import { WRITTEN_RULES, allRules } from '../../src/core/model-text/rules/registry.ts';

const texts = new ModelText();
const sets = allRules();
const rules = sets.flatMap((set) => set.rules);

function found(text: string, side: 'reads' | 'writes'): string[] {
  return texts.find(text, side).map(({ id }) => id);
}

describe('the rules', () => {
  it('are at least sixty, in at least eight languages', () => {
    expect(rules.length).toBeGreaterThanOrEqual(60);
    expect(new Set(WRITTEN_RULES.map(({ language }) => language)).size).toBeGreaterThanOrEqual(9);
    expect(rules.map(({ id }) => id).sort()).toEqual([...RULE_IDS].sort());
    expect(new Set(RULE_IDS).size).toBe(rules.length);
  });

  it('have examples of both kinds', () => {
    expect(rules.filter(({ matches, passes }) => matches.length === 0 || passes.length === 0)).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))('%s finds its examples', (id, rule) => {
    const side = rule.side === 'writes' ? 'writes' : 'reads';
    const missed = rule.matches.filter((text) => !found(text, side).includes(id));
    expect(missed).toEqual([]);
  });

  it('let pass what looks alike', () => {
    const wrong = rules.flatMap(({ passes, side }) =>
      passes.flatMap((text) => {
        const ids = found(text, side === 'writes' ? 'writes' : 'reads');
        return ids.length === 0 ? [] : [`${text} → ${ids.join(' ')}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});
