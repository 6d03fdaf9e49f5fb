// Where messages begin and end on a connection, read strictly and in whatever pieces they come.
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { Framing } from '../../src/http/framing.ts';

const MAX_HEAD_BYTES = 2000;
const get = 'GET /a?b=c HTTP/1.1\r\nhost: x\r\n\r\n';
const sized = 'POST /a HTTP/1.1\r\nhost: x\r\nContent-Length: 11 \r\n\r\nhello\n\rworl';
const chunked =
  'POST /a HTTP/1.1\r\ntransfer-encoding:chunked\r\nhost: x\r\n\r\n5\r\nhel\r\n\r\n00A\r\n0123456789\r\n0\r\n\r\n';
const trailed = 'PUT /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n\n\r\n0\r\nx-a: b\r\nx-c:\r\n\r\n';
const empty = 'POST /a HTTP/1.0\r\ncontent-length: 0\r\n\r\n';

/** Where the fault was found, in bytes; undefined: none. */
function faultAt(text: string, cuts: readonly number[] = []): string | undefined {
  const framing = new Framing(MAX_HEAD_BYTES);
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  let from = 0;
  for (const end of ends) {
    const fault = framing.push(bytes.subarray(from, end));
    if (fault !== undefined) return fault.code;
    from = end;
  }
  return undefined;
}

const cuts = fc.array(fc.nat(5000), { maxLength: 12 });

describe('the framing of a connection', () => {
  test('takes messages one behind the other, in whatever pieces', () => {
    const message = fc.constantFrom(get, sized, chunked, trailed, empty, `\r\n${get}`);
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), cuts, (messages, at) => {
        expect(faultAt(messages.join(''), at)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('takes every message byte by byte', () => {
    const whole = [get, sized, chunked, trailed, empty, get].join('');
    expect(
      faultAt(
        whole,
        Array.from({ length: whole.length }, (_, at) => at),
      ),
    ).toBeUndefined();
  });

  test('finds what is wrong in whatever pieces it comes', () => {
    const wrong = fc.constantFrom(
      get.replace('\r\n', '\n'),
      get.replace('\r\n\r\n', '\r\n\n'),
      sized.replace('11 ', '11, 11'),
      chunked.replace('5\r\n', '5;a\r\n'),
      chunked.replace('00A\r\n', '00A\n'),
      chunked.replace('9\r\n', '9'),
      trailed.replace('x-a', ' x-a'),
      trailed.replace('x-a: b\r', 'x-a: b'),
      `\r\n\r\n${get}`,
      get.replace('host: x', 'host: x\r\n a'),
      get.replace('host', 'host '),
    );
    fc.assert(
      fc.property(wrong, fc.constantFrom('', get, `${get}${get}`, chunked), cuts, (text, before, at) => {
        expect(faultAt(before + text, at)).toBe('invalid-request');
      }),
      { numRuns: 500 },
    );
  });

  test('bounds heads and trailers, in whatever pieces', () => {
    const head = `GET / HTTP/1.1\r\nx: ${'a'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`;
    const trailers = `POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ${'a'.repeat(9000)}\r\n\r\n`;
    fc.assert(
      fc.property(fc.constantFrom(head, trailers), cuts, (text, at) => {
        expect(faultAt(text, at)).toBe('headers-too-large');
      }),
    );
    const exact = `GET / HTTP/1.1\r\nx: ${'a'.repeat(MAX_HEAD_BYTES - 23)}\r\n\r\n`;
    expect(exact.length).toBe(MAX_HEAD_BYTES);
    expect(faultAt(exact)).toBeUndefined();
  });
});
