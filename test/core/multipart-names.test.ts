// Names of parts that are another method are found however the form is cut and written; files and ordinary fields pass.
import { describe, expect, it } from 'vitest';
import { boundaryOf, partNames } from '../../src/core/multipart-names.ts';
import * as fc from '../support/properties.ts';

const BOUNDARY = '----WebKitFormBoundaryAb3dE';

function pass(form: Buffer | string, sizes: readonly number[] = [1 << 20], boundary = BOUNDARY) {
  const stage = partNames(boundary, () => new Error('cut'));
  const bytes = Buffer.from(form);
  const passed: Buffer[] = [];
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
      passed.push(stage.push(bytes.subarray(at, at + size)));
      at += size;
    }
    passed.push(stage.end());
  } catch {
    return { passed: Buffer.concat(passed), isCut: true };
  }
  return { passed: Buffer.concat(passed), isCut: false };
}

const part = (head: string, content = 'x') => `--${BOUNDARY}\r\n${head}\r\n\r\n${content}\r\n`;
const form = (...parts: readonly string[]) => `${parts.join('')}--${BOUNDARY}--\r\n`;
const field = (disposition: string) => part(`Content-Disposition: form-data; ${disposition}`, 'DELETE');

const OVERRIDES = [
  field('name="_method"'),
  field('name=_method'),
  field("name='_method'"),
  field('NAME="_METHOD"'),
  field('name = "_method"'),
  field('name="_met\\hod"'),
  field('name="%5fmethod"'),
  field('name=" _method "'),
  field('name=".method"'),
  field('name="X-HTTP-Method-Override"'),
  field('filename="a.txt"; name="_method"'),
  field('name="a\\"; name="_method"'),
  field('name="a"; name="_method"'),
  field("name*=utf-8''%5Fmethod"),
  field('name*0="_me"; name*1="thod"'),
  field('name="=?utf-8?q?=5Fmethod?="'),
  part('content-disposition:form-data;name="_method"'),
  part('Content-Type: text/plain\r\nContent-Disposition: form-data;\r\n name="_method"'),
  `--${BOUNDARY} \t\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n`,
  // Heads that one reader ends where another does not.
  `--${BOUNDARY}\nContent-Disposition: form-data; name="a"\n\nDELETE\n`,
  part('Content-Disposition: form-data; name="a"\rX: y'),
  part(`X-Long: ${'y'.repeat(20_000)}`),
];
const HARMLESS = [
  field('name="a"'),
  field('name="method"'),
  field('name="payment_method"'),
  field('name="_methods"; filename="x"'),
  field('name="file"; filename="_method"'),
  field('name="file"; filename*=utf-8\'\'_method'),
  part(
    'Content-Disposition: form-data; name="page"',
    '<input name="_method" value="put">\nname="_method"\n\n',
  ),
  part('Content-Type: application/json', '{"name":"_method"}'),
  part('Content-Disposition: form-data; name="near"', `--${BOUNDARY}more\n\n name="_method"`),
  part('Content-Disposition: form-data; name="caf\u00e9"'),
  part('Content-Disposition: form-data; name="binary"', '\0\r\r\n\n--'.repeat(50)),
];

describe('a form in parts', () => {
  it.each(OVERRIDES)('is cut at %j', (bad) => {
    expect(pass(form(HARMLESS[0] ?? '', bad, HARMLESS[1] ?? '')).isCut).toBe(true);
    expect(pass(form(bad)).isCut).toBe(true);
  });

  it('is cut at a part that follows the end, which some read on behind', () => {
    expect(pass(`${form()}${OVERRIDES[0] ?? ''}`).isCut).toBe(true);
  });

  it.each(HARMLESS)('passes with %j', (good) => {
    const text = form(good, good);
    expect(pass(text)).toEqual({ passed: Buffer.from(text), isCut: false });
  });

  it('is judged alike however it comes in pieces, and the value of what is found never leaves', () => {
    const parts = fc.array(fc.constantFrom(...OVERRIDES, ...HARMLESS), { maxLength: 6 });
    const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, sizes, (chosen, pieces) => {
        const text = form(...chosen);
        const { passed, isCut } = pass(text, pieces);
        expect(isCut).toBe(chosen.some((each) => OVERRIDES.includes(each)));
        if (!isCut) expect(passed.equals(Buffer.from(text))).toBe(true);
        else expect(passed.toString('latin1')).not.toContain('form-data; name="_method"\r\n\r\nDELETE');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a boundary', () => {
  it.each([
    [`multipart/form-data; boundary=${BOUNDARY}`, BOUNDARY],
    ['multipart/form-data; boundary="===============123=="', '===============123=='],
    ['Multipart/Form-Data;charset=utf-8;Boundary=abc', 'abc'],
    ['multipart/related; type="application/json"; boundary=x.y', 'x.y'],
  ])('is read of %s', (type, boundary) => expect(boundaryOf(type)).toBe(boundary));

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/form-data; xboundary=a; boundary=b',
    'multipart/form-data; x="boundary=a"; boundary=b',
    'multipart/form-data; boundary="a\\"b"',
    'multipart/form-data; boundary=a,b',
    'multipart/form-data; boundary*=a',
    'multipart/form-data, multipart/form-data; boundary=b',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
  ])('is not taken of %s', (type) => expect(boundaryOf(type)).toBeUndefined());
});
