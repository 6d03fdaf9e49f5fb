// Requests that two readers could take apart differently, or that no client sends: as bytes, with what each is answered.

/** Where and as whom a shape is sent. */
export interface Stage {
  /** The Host header that is served there. */
  readonly host: string;
  /** What stands before the path of a call there. */
  readonly base: string;
  readonly token: string;
}

export interface Shape {
  readonly name: string;
  /** 0: the connection is closed without an answer. */
  readonly status: number;
  readonly text: (stage: Stage) => string;
}

/** What an attacker hopes will be read as a second request. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
const ENDED = '0\r\n\r\n';

interface Parts {
  readonly line?: string;
  readonly hosts?: readonly string[];
  readonly fields?: readonly string[];
  readonly body?: string;
}

function request(parts: (stage: Stage) => Parts): Shape['text'] {
  return (stage) => {
    const line = `POST ${stage.base}/v1/items HTTP/1.1`;
    const given = parts(stage);
    const lines = [
      given.line ?? line,
      ...(given.hosts ?? [`host: ${stage.host}`]),
      `authorization: Bearer ${stage.token}`,
      'connection: close',
      ...(given.fields ?? []),
    ];
    return `${lines.join('\r\n')}\r\n\r\n${given.body ?? ''}`;
  };
}

const shape = (name: string, parts: (stage: Stage) => Parts, status = 400): Shape => ({
  name,
  status,
  text: request(parts),
});
const fields = (name: string, lines: readonly string[], body = `5\r\nhello\r\n${ENDED}`) =>
  shape(name, () => ({ fields: lines, body }));
const chunked = (name: string, body: string, status = 400) =>
  shape(name, () => ({ fields: ['transfer-encoding: chunked'], body }), status);
const line = (name: string, text: (stage: Stage) => string, status = 400) =>
  shape(name, (stage) => ({ line: text(stage) }), status);
const hosts = (name: string, lines: (stage: Stage) => readonly string[], status = 400) =>
  shape(name, (stage) => ({ hosts: lines(stage), line: `GET ${stage.base}/v1/items HTTP/1.1` }), status);

const LENGTHS: readonly Shape[] = [
  fields('a length, then a coding', ['content-length: 6', 'transfer-encoding: chunked'], `${ENDED}X`),
  fields('a coding, then a length', ['transfer-encoding: chunked', 'content-length: 6'], `${ENDED}X`),
  fields('a coding and a length of none', ['transfer-encoding: chunked', 'content-length: 0']),
  fields('the same length twice', ['content-length: 5', 'content-length: 5'], 'hello'),
  fields('two lengths', ['content-length: 5', 'Content-Length: 0'], `hello${SMUGGLED}`),
  fields('a list of lengths', ['content-length: 5, 5'], 'hello'),
  fields('a length with a sign', ['content-length: +5'], 'hello'),
  fields('a length below none', ['content-length: -5'], 'hello'),
  fields('a length in hexadecimal', ['content-length: 0x5'], 'hello'),
  fields('a length with a fraction', ['content-length: 5.0'], 'hello'),
  fields('a length in two words', ['content-length: 5 5'], 'hello'),
  fields('a length of nothing', ['content-length:'], 'hello'),
  fields('a length beyond numbers', ['content-length: 99999999999999999999'], 'hello'),
  fields('a length of other digits', ['content-length: \u00b2'], 'hello'),
];

const CODINGS: readonly Shape[] = [
  fields('a coding before chunked', ['transfer-encoding: gzip, chunked']),
  fields('a coding after chunked', ['transfer-encoding: chunked, gzip']),
  fields('chunked twice in one field', ['transfer-encoding: chunked, chunked']),
  fields('chunked in two fields', ['transfer-encoding: chunked', 'transfer-encoding: chunked']),
  fields('chunked and identity', ['transfer-encoding: chunked', 'transfer-encoding: identity']),
  fields('identity', ['transfer-encoding: identity']),
  fields('trailers for a coding', ['transfer-encoding: trailers']),
  fields('a coding of nothing', ['transfer-encoding:']),
  fields('chunked behind a vertical tab', ['transfer-encoding: \u000bchunked']),
  fields('chunked in quotes', ['transfer-encoding: "chunked"']),
  fields('chunked with a weight', ['transfer-encoding: chunked;q=1']),
  fields('a word like chunked', ['transfer-encoding: xchunked']),
  fields('a space before the colon of a coding', ['transfer-encoding : chunked']),
  fields('a coding on a folded line', ['transfer-encoding:', ' chunked']),
  fields('a coding that is a folded line', ['x-a: b', ' transfer-encoding: chunked']),
  shape('chunked in HTTP/1.0', ({ base }) => ({
    line: `POST ${base}/v1/items HTTP/1.0`,
    fields: ['transfer-encoding: chunked'],
    body: ENDED,
  })),
];

const CHUNKS: readonly Shape[] = [
  chunked('an extension of a chunk', `5;a=b\r\nhello\r\n${ENDED}`),
  chunked('an extension of the last chunk', '5\r\nhello\r\n0;a\r\n\r\n'),
  chunked('a line feed in an extension', `5;a\nhello\r\n${ENDED}${SMUGGLED}`),
  chunked('a quoted extension', `5;a="\r\n${ENDED}"\r\nhello\r\n${ENDED}`),
  chunked('a chunk size that ends in a line feed', `5\nhello\r\n${ENDED}`),
  chunked('a chunk size that ends in a carriage return', `5\rXhello\r\n${ENDED}`),
  chunked('a chunk size with a sign', `+5\r\nhello\r\n${ENDED}`),
  chunked('a chunk size below none', `-5\r\nhello\r\n${ENDED}`),
  chunked('a chunk size with a prefix', `0x5\r\nhello\r\n${ENDED}`),
  chunked('a chunk size with a space', `5 \r\nhello\r\n${ENDED}`),
  chunked('a chunk size beyond numbers', `ffffffffffffffff5\r\nhello\r\n${ENDED}`),
  chunked('no chunk size', `\r\nhello\r\n${ENDED}`),
  chunked('more in a chunk than its size', `5\r\nhello!\r\n${ENDED}`),
  chunked('a chunk that ends in a line feed', `5\r\nhello\n${ENDED}`),
  chunked('a trailer that ends in a line feed', '0\r\nx-a: b\n\r\n'),
  chunked('a trailer that is folded', '0\r\nx-a: b\r\n c\r\n\r\n'),
  chunked('a trailer without a name', '0\r\n: b\r\n\r\n'),
  chunked('trailers beyond measure', `0\r\nx-a: ${'a'.repeat(9_000)}\r\n\r\n`, 431),
];

const LINES: readonly Shape[] = [
  line('two spaces before the target', ({ base }) => `GET  ${base}/v1/items HTTP/1.1`),
  line('a tab before the target', ({ base }) => `GET\t${base}/v1/items HTTP/1.1`),
  line('a space in the target', ({ base }) => `GET ${base}/v1 /items HTTP/1.1`),
  line('a control character in the target', ({ base }) => `GET ${base}/v1\u0001/items HTTP/1.1`),
  line('a method in lower case', ({ base }) => `post ${base}/v1/items HTTP/1.1`),
  line('a method nobody knows', ({ base }) => `FROB ${base}/v1/items HTTP/1.1`),
  line('no version', ({ base }) => `GET ${base}/v1/items`),
  line('a version to come', ({ base }) => `GET ${base}/v1/items HTTP/1.2`),
  line('a version in lower case', ({ base }) => `GET ${base}/v1/items http/1.1`),
  line('the preface of HTTP/2', () => 'PRI * HTTP/2.0'),
  line('a tunnel', ({ host }) => `CONNECT ${host} HTTP/1.1`),
  line('an asterisk', () => 'OPTIONS * HTTP/1.1'),
  line('a target that is no path', () => 'GET v1/items HTTP/1.1'),
  line('an absolute target at odds with Host', ({ base }) => `GET http://api.test${base}/v1/items HTTP/1.1`),
  line('an absolute target with a user', ({ host, base }) => `GET http://a@${host}${base}/v1/items HTTP/1.1`),
  line('an absolute target of another scheme', ({ host, base }) => `GET ftp://${host}${base}/v1 HTTP/1.1`),
  {
    name: 'a TLS handshake',
    status: 400,
    text: () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  },
];

const HEADS: readonly Shape[] = [
  fields('a folded header', ['x-a: b', ' c: d'], ''),
  fields('a header folded by a tab', ['x-a: b', '\tc: d'], ''),
  fields('a line feed between headers', ['x-a: b\nx-b: c'], ''),
  fields('a carriage return between headers', ['x-a: b\rx-b: c'], ''),
  fields('a line feed before the end of the head', [`x-a: b\n\r\n${SMUGGLED}`], ''),
  fields('a NUL in a header', ['x-a: b\u0000c'], ''),
  fields('a NUL in the name of a header', ['x\u0000a: b'], ''),
  fields('a header without a name', [': b'], ''),
  fields('a header without a colon', ['x-a'], ''),
  fields('a space in the name of a header', ['x a: b'], ''),
  fields('a space before a colon', ['x-a : b'], ''),
  {
    name: 'a head of line feeds alone',
    status: 400,
    text: ({ base, host, token }) =>
      `GET ${base}/v1/items HTTP/1.1\nhost: ${host}\nauthorization: Bearer ${token}\n\n`,
  },
  {
    name: 'a first header that is folded',
    status: 400,
    text: ({ base, host, token }) =>
      `GET ${base}/v1/items HTTP/1.1\r\n host: evil\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`,
  },
  {
    name: 'a line feed before the request',
    status: 400,
    text: (stage) => `\n${request(() => ({}))(stage)}`,
  },
  {
    name: 'empty lines without end before the request',
    status: 400,
    text: (stage) => `${'\r\n'.repeat(4)}${request(() => ({}))(stage)}`,
  },
  shape('too many headers', () => ({ fields: Array.from({ length: 250 }, () => 'x: y') }), 431),
  shape('headers beyond measure', () => ({ fields: [`x-a: ${'a'.repeat(40_000)}`] }), 431),
  shape('a head that only grows', () => ({ fields: [`x-a: ${'a'.repeat(200_000)}`] }), 431),
  shape('an unknown expectation', () => ({ fields: ['expect: miracles'] }), 417),
];

const HOSTS: readonly Shape[] = [
  hosts('no Host', () => []),
  hosts('two Hosts', ({ host }) => [`host: ${host}`, 'host: evil.test']),
  hosts('the same Host twice', ({ host }) => [`host: ${host}`, `Host: ${host}`]),
  hosts('an empty Host', () => ['host:'], 421),
  hosts('a foreign Host', () => ['host: rebound.evil.test'], 421),
  hosts('a list of Hosts', ({ host }) => [`host: ${host}, evil.test`], 421),
  hosts('a Host with a user', ({ host }) => [`host: a@${host}`], 421),
  hosts('a Host with another port', () => ['host: 127.0.0.1:1'], 421),
  hosts(
    'a Host by another way to write loopback',
    ({ host }) => [`host: ${host.replace('127.0.0.1', '127.1')}`],
    421,
  ),
  hosts('a Host that ends in a dot', ({ host }) => [`host: ${host.replace('127.0.0.1', 'localhost.')}`], 421),
];

export const SHAPES: readonly Shape[] = [...LENGTHS, ...CODINGS, ...CHUNKS, ...LINES, ...HEADS, ...HOSTS];
