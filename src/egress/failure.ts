// What Node and undici report, translated into problems. Details are our own sentences: nothing an upstream
// wrote is repeated to an agent.
import { Problem, type ProblemCode } from '../core/problem.ts';

/** Whether the answer's head had come when it happened. */
export type Stage = 'before-head' | 'after-head';

type Translation = readonly [code: ProblemCode, sentence: string];

const BY_CODE: Readonly<Record<string, Translation>> = {
  UND_ERR_HEADERS_TIMEOUT: ['upstream-timeout', 'It did not begin to answer in time'],
  UND_ERR_BODY_TIMEOUT: ['upstream-timeout', 'It stopped sending its answer'],
  ETIMEDOUT: ['upstream-timeout', 'The connection timed out'],
  UND_ERR_HEADERS_OVERFLOW: ['upstream-invalid', 'The head of its answer is too large'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['upstream-invalid', 'Its answer ended before its announced length'],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: [
    'invalid-request',
    'The request body does not have its announced length',
  ],
  UND_ERR_DESTROYED: ['draining', 'The call was ended by the server'],
  UND_ERR_CLOSED: ['draining', 'The call was ended by the server'],
  ECONNREFUSED: ['upstream-unreachable', 'It refused the connection'],
  ECONNRESET: ['upstream-unreachable', 'It broke the connection'],
  EPIPE: ['upstream-unreachable', 'It broke the connection'],
  EHOSTUNREACH: ['upstream-unreachable', 'There is no route to it'],
  ENETUNREACH: ['upstream-unreachable', 'There is no route to it'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['upstream-unreachable', 'Its certificate is for another host'],
  CERT_HAS_EXPIRED: ['upstream-unreachable', 'Its certificate has expired'],
  CERT_NOT_YET_VALID: ['upstream-unreachable', 'Its certificate is not valid yet'],
  CERT_REVOKED: ['upstream-unreachable', 'Its certificate is revoked'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['upstream-unreachable', 'Its certificate is self-signed and not trusted'],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'upstream-unreachable',
    'Its certificate is of an authority that is not trusted',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'upstream-unreachable',
    'Its certificate is of an authority that is not trusted',
  ],
  UNABLE_TO_GET_ISSUER_CERT: [
    'upstream-unreachable',
    'Its certificate is of an authority that is not trusted',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'upstream-unreachable',
    'Its certificate is of an authority that is not trusted',
  ],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: ['upstream-unreachable', 'It asks for a client certificate'],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ['upstream-unreachable', 'It does not take the client certificate'],
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ['upstream-unreachable', 'It does not take the client certificate'],
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: [
    'upstream-unreachable',
    'It does not take the client certificate',
  ],
  INVALID_PURPOSE: ['upstream-unreachable', 'Its certificate is not for servers'],
};

/** The problem of anything thrown while a request was on its way to `host`. */
export function toProblem(error: unknown, host: string, stage: Stage): Problem {
  if (error instanceof Problem) return error;
  const code = codeOf(error);
  const [problem, sentence] = translate(code, error, stage);
  return new Problem(problem, {
    detail: problem.startsWith('upstream-') ? `${host}: ${lowerFirst(sentence)}.` : `${sentence}.`,
    internal: `${code} ${error instanceof Error ? error.message : ''}`.trim(),
    cause: error,
  });
}

function translate(code: string, error: unknown, stage: Stage): Translation {
  const found = BY_CODE[code] ?? translateByKind(code, error);
  // With a head there was an upstream to reach.
  const isCut = stage === 'after-head' && found[0] === 'upstream-unreachable';
  return isCut ? ['upstream-invalid', 'Its answer broke off'] : found;
}

function translateByKind(code: string, error: unknown): Translation {
  if (code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError'))
    return ['upstream-invalid', 'Its answer is not valid HTTP'];
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return [
      'upstream-unreachable',
      'No TLS connection of the version that is needed (1.2 at least) could be agreed',
    ];
  }
  if (code.startsWith('UND_ERR_INVALID_') || code === 'UND_ERR_NOT_SUPPORTED') {
    return ['internal', 'The request could not be written'];
  }
  if (code === 'UND_ERR_SOCKET' && error instanceof Error && error.message.startsWith('bad ')) {
    return ['upstream-invalid', 'Its answer is not valid HTTP'];
  }
  return code === '' || code === 'ERR_ASSERTION' || error instanceof TypeError
    ? ['internal', 'The call failed inside Doorward']
    : ['upstream-unreachable', 'It closed the connection before it answered'];
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
