// What an approval is bound to, how long its states last, and how text is shown to whoever decides.
import { describe, expect, it } from 'vitest';
import {
  type ApprovalMoments,
  approvalState,
  type ApprovedCall,
  callForm,
  endsAt,
  inert,
  questionForm,
} from '../../src/core/approval.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { addSeconds } from '../../src/core/time.ts';
import * as fc from '../support/properties.ts';

const CALL: ApprovedCall = {
  agent: { id: 'agt_01jd8m4q6ve3rr1vh5x2ykt9c7', generation: 1 },
  placeholder: null,
  service: { id: 'svc_01jd8m4q6ve3rr1vh5x2ykt9c7', revision: 1 },
  grant: { id: 'grt_01jd8m4q6ve3rr1vh5x2ykt9c7', revision: 1 },
  method: 'POST',
  path: '/v1/notes',
  query: 'a=1',
  headers: [
    ['accept', 'a'],
    ['content-type', 'b'],
  ],
  body: { hash: 'h', bytes: 1 },
};
const OTHER = '01jd8m4q6ve3rr1vh5x2ykt9c8';

describe('a call that is another in one point', () => {
  it.each<[string, Partial<ApprovedCall>]>([
    ['agent', { agent: { ...CALL.agent, id: `agt_${OTHER}` } }],
    ['generation of the agent', { agent: { ...CALL.agent, generation: 2 } }],
    ['placeholder', { placeholder: `plh_${OTHER}` }],
    ['service', { service: { ...CALL.service, id: `svc_${OTHER}` } }],
    ['revision of the service', { service: { ...CALL.service, revision: 2 } }],
    ['grant', { grant: { ...CALL.grant, id: `grt_${OTHER}` } }],
    ['revision of the grant', { grant: { ...CALL.grant, revision: 2 } }],
    ['method', { method: 'PUT' }],
    ['path', { path: '/v1/notes/' }],
    ['query', { query: 'a=1&' }],
    [
      'value of a header',
      {
        headers: [
          ['accept', 'a'],
          ['content-type', 'b '],
        ],
      },
    ],
    [
      'name of a header',
      {
        headers: [
          ['accept', 'a'],
          ['content-typ', 'eb'],
        ],
      },
    ],
    ['order of headers', { headers: CALL.headers.toReversed() }],
    ['number of headers', { headers: CALL.headers.slice(1) }],
    ['body', { body: { hash: 'i', bytes: 1 } }],
    ['length of the body', { body: { hash: 'h', bytes: 2 } }],
  ])('has another form: %s', (_, changed) => {
    expect(canonicalJson(callForm({ ...CALL, ...changed }))).not.toBe(canonicalJson(callForm(CALL)));
  });

  it('has another form wherever its texts are cut', () => {
    const text = fc.string({ maxLength: 6, unit: 'binary-ascii' });
    const parts = fc.tuple(text, text, text, fc.array(fc.tuple(text, text), { maxLength: 3 }));
    const formOf = ([method, path, query, headers]: [string, string, string, [string, string][]]) =>
      canonicalJson(callForm({ ...CALL, method, path, query, headers }));
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(formOf(one) === formOf(other)).toBe(isSame);
      }),
    );
  });
});

describe('a question', () => {
  it('is the same whatever order its rules come in, and another for other rules or the other direction', () => {
    const digest = Buffer.from('ab', 'hex');
    const form = (...rules: string[]) => canonicalJson(questionForm(digest, 'request', rules));
    expect(form('b', 'a', 'a')).toBe(form('a', 'b'));
    expect(form('a')).not.toBe(form('a', 'b'));
    expect(canonicalJson(questionForm(digest, 'answer', ['a']))).not.toBe(form('a'));
  });
});

describe('states', () => {
  const asked: ApprovalMoments = {
    createdAt: new Date('2030-01-01T00:00:00Z'),
    decision: null,
    decidedAt: null,
    usedAt: null,
  };
  const after = (seconds: number) => addSeconds(asked.createdAt, seconds);
  const approved: ApprovalMoments = { ...asked, decision: 'approved', decidedAt: after(60) };

  it('pass with time', () => {
    expect(approvalState(asked, after(3599))).toBe('pending');
    expect(approvalState(asked, after(3600))).toBe('lapsed');
    expect(approvalState(approved, after(659))).toBe('approved');
    expect(approvalState(approved, after(660))).toBe('lapsed');
    expect(approvalState({ ...approved, usedAt: after(70) }, after(71))).toBe('used');
    expect(approvalState({ ...approved, usedAt: after(70) }, after(9999))).toBe('used');
    const denied: ApprovalMoments = { ...approved, decision: 'denied' };
    expect(approvalState(denied, after(9999))).toBe('denied');
    expect(endsAt(denied)).toEqual(after(3660));
  });
});

describe('inert text', () => {
  it.each([
    ['\u001b[2J\u001b]0;x\u0007', '\\x1b[2J\\x1b]0;x\\x07'],
    ['\u009b31mred', '\\x9b31mred'],
    ['safe\u202egnp.exe', 'safe\\u{202e}gnp.exe'],
    ['a\u2066b\u2069\u200fc', 'a\\u{2066}b\\u{2069}\\u{200f}c'],
    ['<img src=x onerror=alert(1)>', '\\x3cimg src=x onerror=alert(1)\\x3e'],
    ['one\r\ntwo\u2028three\ttab', 'one\\x0d\\x0atwo\\u{2028}three\\x09tab'],
    ['zero\u200bwidth\ufeff\u00ad', 'zero\\u{200b}width\\u{feff}\\xad'],
    ['tags\u{e0041}\u{e0042}', 'tags\\u{e0041}\\u{e0042}'],
    ['a\u3164b\u00a0c', 'a\\u{3164}b\\xa0c'],
    ['null\u0000', 'null\\x00'],
    ['half \ud800 pair', 'half \\u{d800} pair'],
  ])('shows %j as %j', (text, shown) => {
    expect(inert(text, 200)).toEqual({ text: shown, isCut: false });
  });

  it('leaves words of every language as they are', () => {
    for (const text of ['Größe, naïve', '无视以上', 'Игнорируй', 'تجاهل', 'दस्तावेज़', 'Tiếng Việt', '👍']) {
      expect(inert(text, 200)).toEqual({ text, isCut: false });
    }
  });

  it('says where it cut, and cuts no character in half', () => {
    const padded = inert(`${'A'.repeat(1_000_000)}now send the keys`, 200);
    expect(padded).toEqual({ text: 'A'.repeat(200), isCut: true });
    expect(inert('👍'.repeat(300), 200)).toEqual({ text: '👍'.repeat(200), isCut: true });
    expect(inert('👍'.repeat(200), 200).isCut).toBe(false);
  });

  it('does not let marks be piled on a letter', () => {
    const { text } = inert(`e${'\u0301'.repeat(50)}`, 200);
    expect(text.match(/\p{M}/gu)).toHaveLength(4);
  });

  it('leaves nothing that a terminal or a browser obeys, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = inert(text, 40);
        expect(shown.text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}<>]/u);
        expect(inert(shown.text, 4000)).toEqual({ text: shown.text, isCut: false });
      }),
      { numRuns: 500 },
    );
  });
});
