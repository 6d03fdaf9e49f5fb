// Requests that nobody should send, as data: what is wrong with each, and how it is refused.
import type { ProblemCode } from '../../src/core/problem.ts';

/** Stands wherever a value could stand by mistake. */
export const MARKER = 'Marker-8Xw3Kp5RtYq1Lz7';

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly string[];
  /** Bytes as latin1. */
  readonly body?: string;
  readonly type?: string | undefined;
  readonly authorization?: string;
  readonly host?: string;
}

type Row = readonly [what: string, status: number, code: ProblemCode, sent: Sent];

const json = (body: unknown) => JSON.stringify(body);
const service = { name: 'new', baseUrl: 'https://api.test', auth: { kind: 'bearer' }, secret: 'vendor' };
const toService = (fields: object): Sent => ({ path: '/v1/services', body: json({ ...service, ...fields }) });
const get = (path: string, more: Sent = {}): Sent => ({ method: 'GET', path, type: undefined, ...more });

const bodies: readonly Row[] = [
  ['JSON that is cut off', 400, 'invalid-request', { body: `{"name":"${MARKER}` }],
  ['JSON with a comma too many', 400, 'invalid-request', { body: `{"name":"${MARKER}",}` }],
  ['JSON with a comment', 400, 'invalid-request', { body: `{"name":"a"} // ${MARKER}` }],
  ['two values', 400, 'invalid-request', { body: `{"name":"a"}{"${MARKER}":1}` }],
  ['a member twice', 400, 'invalid-request', { body: `{"name":"a","name":"${MARKER}"}` }],
  ['a member twice, once escaped', 400, 'invalid-request', { body: `{"name":"a","n\\u0061me":"${MARKER}"}` }],
  [
    'a member twice, further in',
    400,
    'invalid-request',
    toServiceText(`{"kind":"bearer","kind":"${MARKER}"}`),
  ],
  [
    'half of a surrogate pair',
    400,
    'invalid-request',
    { path: '/v1/secrets', body: `{"name":"a","value":"${MARKER}\\ud800"}` },
  ],
  ['33 levels', 400, 'invalid-request', { body: `{"name":${'['.repeat(33)}"${MARKER}"${']'.repeat(33)}}` }],
  ['bytes that are no UTF-8', 400, 'invalid-request', { body: `{"name":"${MARKER}\xff\xfe"}` }],
  ['an overlong encoding', 400, 'invalid-request', { body: `{"name":"${MARKER}\xc0\xaf"}` }],
  ['a byte order mark', 400, 'invalid-request', { body: `\xef\xbb\xbf{"name":"${MARKER}"}` }],
  [
    'UTF-16',
    400,
    'invalid-request',
    { body: Buffer.from(`{"name":"${MARKER}"}`, 'utf16le').toString('latin1') },
  ],
  ['no object', 422, 'invalid-input', { body: json([MARKER]) }],
  ['a string', 422, 'invalid-input', { body: json(MARKER) }],
  ['nothing', 422, 'invalid-input', { body: '' }],
  ['a body of no type', 415, 'unsupported-media-type', { type: undefined, body: json({ name: MARKER }) }],
  [
    'a form',
    415,
    'unsupported-media-type',
    { type: 'application/x-www-form-urlencoded', body: `name=${MARKER}` },
  ],
  [
    'a type that only begins like JSON',
    415,
    'unsupported-media-type',
    { type: 'application/json5', body: json({ name: MARKER }) },
  ],
  ['a type that holds a value', 415, 'unsupported-media-type', { type: `text/${MARKER}`, body: '{}' }],
  [
    'another character set',
    415,
    'unsupported-media-type',
    { type: 'application/json; charset=utf-16', body: json({ name: MARKER }) },
  ],
  [
    'a compressed body',
    415,
    'unsupported-media-type',
    { headers: ['content-encoding: gzip'], body: json({ name: MARKER }) },
  ],
  ['more than a mebibyte', 413, 'body-too-large', { body: json({ name: MARKER.repeat(60_000) }) }],
];

const fields: readonly Row[] = [
  ['a field that is not there', 422, 'invalid-input', { body: json({ name: 'a', [MARKER]: MARKER }) }],
  ['a field of another type', 422, 'invalid-input', { body: json({ name: [MARKER] }) }],
  ['a name of other letters', 422, 'invalid-input', { body: json({ name: MARKER }) }],
  [
    'a value in the wrong field',
    422,
    'invalid-input',
    { path: '/v1/secrets', body: json({ name: MARKER, value: 'x' }) },
  ],
  [
    'a value that is a number',
    422,
    'invalid-input',
    { path: '/v1/secrets', body: json({ name: 'a', value: { [MARKER]: 1 } }) },
  ],
  [
    'a value with a line break',
    422,
    'invalid-input',
    { path: '/v1/secrets', body: json({ name: 'a', value: `${MARKER}\n` }) },
  ],
  [
    'a value in two forms',
    422,
    'invalid-input',
    { path: '/v1/secrets', body: json({ name: 'a', value: MARKER, valueBase64: 'AAAA' }) },
  ],
  [
    'a base URL with a password',
    422,
    'invalid-input',
    toService({ baseUrl: `https://user:${MARKER}@api.test` }),
  ],
  [
    'a base URL with a query',
    422,
    'invalid-input',
    toService({ baseUrl: `https://api.test/?key=${MARKER}` }),
  ],
  ['an unknown kind', 422, 'invalid-input', toService({ auth: { kind: MARKER } })],
  [
    'a header name with a space',
    422,
    'invalid-input',
    toService({ auth: { kind: 'header', name: `x ${MARKER}` } }),
  ],
  ['a variable in small letters', 422, 'invalid-input', toService({ keyEnv: MARKER })],
  [
    'a pattern that is none',
    422,
    'invalid-input',
    { path: '/v1/grants', body: json({ agent: 'robot', service: 'vendor', allow: [`${MARKER} x`] }) },
  ],
  [
    'an end that is no moment',
    422,
    'invalid-input',
    { path: '/v1/grants', body: json({ agent: 'robot', service: 'vendor', expiresAt: MARKER }) },
  ],
  [
    'an end beyond all years',
    422,
    'invalid-input',
    {
      path: '/v1/grants',
      body: json({ agent: 'robot', service: 'vendor', expiresAt: '9999-12-31T23:59:59-12:00' }),
    },
  ],
  ['a change of nothing', 422, 'invalid-input', { method: 'PATCH', path: '/v1/services/vendor', body: '{}' }],
  [
    'null where nothing is none',
    422,
    'invalid-input',
    { method: 'PATCH', path: '/v1/services/vendor', body: json({ baseUrl: null }) },
  ],
  [
    'a field of the path once more',
    422,
    'invalid-input',
    { path: '/v1/agents/robot/freeze', body: json({ name: MARKER }) },
  ],
];

const addresses: readonly Row[] = [
  ['nothing there', 404, 'not-found', get(`/v1/${MARKER}`)],
  ['another version', 404, 'not-found', get(`/v2/agents?${MARKER}`)],
  ['a name with bytes', 422, 'invalid-input', get('/v1/agents/%ff%fe')],
  ['a name with a NUL', 422, 'invalid-input', get(`/v1/agents/${MARKER}%00`)],
  ['a name with a slash', 422, 'invalid-input', get(`/v1/agents/${MARKER}%2Frobot`)],
  ['a name encoded twice', 422, 'invalid-input', get('/v1/agents/rob%256ft')],
  ['a broken percent sign', 422, 'invalid-input', get('/v1/agents/robot%')],
  ['a name in capitals', 422, 'invalid-input', get(`/v1/agents/${MARKER}`)],
  ['a parameter twice', 422, 'invalid-input', get(`/v1/agents?limit=1&limit=${MARKER}`)],
  ['a parameter twice, once encoded', 422, 'invalid-input', get(`/v1/agents?limit=1&l%69mit=${MARKER}`)],
  ['an unknown parameter', 422, 'invalid-input', get(`/v1/agents?${MARKER}=1`)],
  ['a number that is none', 422, 'invalid-input', get(`/v1/agents?limit=${MARKER}`)],
  ['a number in hexadecimal', 422, 'invalid-input', get('/v1/agents?limit=0x10')],
  ['a cursor of somebody else', 422, 'invalid-input', get(`/v1/agents?cursor=${MARKER}`)],
  [
    'a rotation to nothing',
    422,
    'invalid-input',
    { path: '/v1/secrets/vendor/rotate', body: json({ graceSeconds: 60 }) },
  ],
  ['a kind that is none beside one', 422, 'invalid-input', get(`/v1/audit/events?kind=call,${MARKER}`)],
  ['a kind that is none', 422, 'invalid-input', get(`/v1/audit/events?kind=${MARKER}`)],
  ['a query that is no UTF-8', 400, 'invalid-request', get(`/v1/agents?cursor=${MARKER}%ff`)],
  ['a query with a broken percent sign', 400, 'invalid-request', get(`/v1/agents?cursor=${MARKER}%`)],
  [
    'a query where there is none',
    422,
    'invalid-input',
    { path: `/v1/agents?name=${MARKER}`, body: json({ name: 'a' }) },
  ],
  [
    'a body where there is none',
    400,
    'invalid-request',
    get('/v1/agents', { body: json({ limit: MARKER }) }),
  ],
];

const heads: readonly Row[] = [
  ['no token', 401, 'admin-required', get('/v1/agents', { authorization: '' })],
  ['a token that is none', 401, 'admin-required', get('/v1/agents', { authorization: `Bearer ${MARKER}` })],
  ['a token by Basic', 401, 'admin-required', get('/v1/agents', { authorization: `Basic ${MARKER}` })],
  [
    'a tag without quotes',
    400,
    'invalid-request',
    get('/v1/agents/robot', { headers: [`if-match: ${MARKER}`] }),
  ],
  [
    'a known tag without quotes',
    400,
    'invalid-request',
    get('/v1/agents/robot', { headers: [`if-none-match: ${MARKER}`] }),
  ],
  [
    'an idempotency key without its end',
    400,
    'invalid-request',
    { headers: [`idempotency-key: "${MARKER}`], body: json({ name: 'a' }) },
  ],
  [
    'two idempotency keys',
    400,
    'invalid-request',
    { headers: [`idempotency-key: ${MARKER}`, 'idempotency-key: b'], body: json({ name: 'a' }) },
  ],
  ['a foreign host', 421, 'host-not-allowed', get('/v1/agents', { host: `${MARKER}.test` })],
  [
    'an expectation',
    417,
    'expectation-failed',
    { headers: [`expect: ${MARKER}`], body: json({ name: MARKER }) },
  ],
  [
    'headers without number',
    431,
    'headers-too-large',
    get('/v1/agents', { headers: Array.from({ length: 250 }, () => `x: ${MARKER}`) }),
  ],
  [
    'headers without measure',
    431,
    'headers-too-large',
    get('/v1/agents', { headers: [`x: ${MARKER.repeat(2000)}`] }),
  ],
  ['an address without measure', 431, 'headers-too-large', get(`/v1/agents?${MARKER.repeat(2000)}`)],
  ['a header without a name', 400, 'invalid-request', get('/v1/agents', { headers: [`: ${MARKER}`] })],
  ['a header with a NUL', 400, 'invalid-request', get('/v1/agents', { headers: [`x: ${MARKER}\0`] })],
  ['two lengths', 400, 'invalid-request', { headers: ['content-length: 1'], body: MARKER }],
  ['an absolute address', 400, 'invalid-request', get(`http://api.test/${MARKER}`)],
];

/** Each is refused with one problem of this status and code. */
export const BAD_REQUESTS: readonly Row[] = [...bodies, ...fields, ...addresses, ...heads];

function toServiceText(auth: string): Sent {
  const { auth: _auth, ...rest } = service;
  return { path: '/v1/services', body: `${json(rest).slice(0, -1)},"auth":${auth}}` };
}
