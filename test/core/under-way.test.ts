// What is under way: each is there once, until it is removed, whatever is added and removed around it.
import { describe, expect, it } from 'vitest';
import { UnderWay } from '../../src/core/under-way.ts';

describe('what is under way', () => {
  it('is what was added and not removed, in whatever order both happen', () => {
    const underWay = new UnderWay<number>();
    const present = new Map<number, () => void>();
    let next = 7;
    for (let step = 0; step < 5000; step += 1) {
      next = (next * 48_271) % 2_147_483_647;
      const victim = [...present.keys()][next % (present.size + 3)];
      if (victim === undefined) present.set(step, underWay.add(step));
      else {
        present.get(victim)?.();
        present.delete(victim);
      }
      expect(underWay.size).toBe(present.size);
    }
    expect([...underWay].sort((a, b) => a - b)).toEqual([...present.keys()]);
    for (const remove of present.values()) remove();
    expect(underWay.size).toBe(0);
  });

  it('takes a removal said twice for one', () => {
    const underWay = new UnderWay<string>();
    const removeFirst = underWay.add('first');
    underWay.add('second');
    removeFirst();
    removeFirst();
    expect([...underWay]).toEqual(['second']);
  });

  it('holds the same thing twice where it was added twice', () => {
    const underWay = new UnderWay<string>();
    const remove = underWay.add('same');
    underWay.add('same');
    remove();
    expect([...underWay]).toEqual(['same']);
  });

  it('gives all that were there when the look at them began, though each is removed as it comes', () => {
    const underWay = new UnderWay<number>();
    const removals = [0, 1, 2, 3, 4].map((item) => underWay.add(item));
    const seen: number[] = [];
    for (const item of underWay) {
      seen.push(item);
      removals[item]?.();
      underWay.add(item + 100);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect([...underWay].sort((a, b) => a - b)).toEqual([100, 101, 102, 103, 104]);
  });
});
