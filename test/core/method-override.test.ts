// Fields of a form that name another method are found, however the form is cut into pieces and its names are written.
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { formNames } from '../../src/core/method-override.ts';

/** What was passed on, and whether it was cut. */
function pass(form: string, sizes: readonly number[] = [form.length]): { passed: string; isCut: boolean } {
  const stage = formNames(() => new Error('cut'));
  const bytes = Buffer.from(form);
  const passed: Buffer[] = [];
  try {
    let at = 0;
    for (let turn = 0; at < bytes.length; turn += 1) {
      const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
      passed.push(stage.push(bytes.subarray(at, at + size)));
      at += size;
    }
    passed.push(stage.end());
    return { passed: Buffer.concat(passed).toString(), isCut: false };
  } catch {
    return { passed: Buffer.concat(passed).toString(), isCut: true };
  }
}

const OVERRIDES = [
  '_method=DELETE',
  '_METHOD=x',
  '%5Fmethod=DELETE',
  '+_method=x',
  'x-http-method-override=PUT',
  '.method=DELETE',
  '_method%00x=DELETE',
  'x.http.method.override=PUT',
  '_method',
];
const HARMLESS = [
  'a=1',
  'method=card',
  'payment_method=card',
  'b=_method',
  'c=%26_method%3Dx',
  'd',
  '',
  '_methods=1',
  'x=a=_method',
];

describe('a form', () => {
  it.each(OVERRIDES)('is cut at %s', (pair) => expect(pass(`a=1&${pair}&b=2`).isCut).toBe(true));
  it.each(HARMLESS)('passes with %s', (pair) => {
    expect(pass(`a=1&${pair}&b=2`)).toEqual({ passed: `a=1&${pair}&b=2`, isCut: false });
  });

  it('is judged alike however it comes in pieces, and the value of what is found never leaves', () => {
    const pairs = fc.array(fc.constantFrom(...OVERRIDES, ...HARMLESS, `long=${'x'.repeat(300)}`), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(pairs, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (parts, sizes) => {
        const form = parts.join('&');
        const { passed, isCut } = pass(form, sizes);
        expect(isCut).toBe(parts.some((part) => OVERRIDES.includes(part)));
        if (!isCut) expect(passed).toBe(form);
        else expect(form.startsWith(passed)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
