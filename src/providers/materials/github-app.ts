// A GitHub App's installation: a short JWT signed with the app's key (RS256) is exchanged for an installation token.
import { z } from 'zod';
import { GitHubApp, MATERIAL_FORMS, parseMaterial, parseMaterialText } from '../../core/material.ts';
import { parseRsaPrivateKey, signRs256 } from '../../crypto/rs256.ts';
import type { Material, Refused } from './material.ts';
import { answeredJson } from './oauth2/token-answer.ts';

const KIND = 'github-app';
/** GitHub takes at most ten minutes from `iat` to `exp`, and its clock may be behind ours. */
const BACK_SECONDS = 60;
const AHEAD_SECONDS = 480;

const Answer = z.object({
  token: z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[\x21-\x7e]+$/),
  expires_at: z.string().optional(),
});

export const githubApp: Material = {
  secretFields: MATERIAL_FORMS[KIND].secret,
  echoes: (fields) => keyLines(String(fields['private_key'])),
  parse: (value) => {
    const fields = parseMaterialText(KIND, value.toString());
    parseRsaPrivateKey(String(fields['private_key']));
    return fields;
  },
  request: (fields, now) => {
    const { app_id, installation_id, private_key, api_url } = parseMaterial(KIND, GitHubApp, fields);
    const nowSeconds = Math.floor(now.getTime() / 1000);
    const jwt = signRs256(parseRsaPrivateKey(private_key), {
      iat: nowSeconds - BACK_SECONDS,
      exp: nowSeconds + AHEAD_SECONDS,
      iss: app_id,
    });
    return {
      url: `${api_url.replace(/\/$/, '')}/app/installations/${installation_id}/access_tokens`,
      headers: [
        ['accept', 'application/vnd.github+json'],
        ['content-type', 'application/json'],
        ['x-github-api-version', '2022-11-28'],
        ['authorization', `Bearer ${jwt}`],
      ],
      body: Buffer.from('{}'),
    };
  },
  read: (answer, _, now) => {
    const json = answeredJson(answer);
    if ('reason' in json) return json;
    const parsed = Answer.safeParse(json.body);
    if (answer.status >= 400 || !parsed.success) return refusedBy(answer.status);
    const { token, expires_at: end } = parsed.data;
    const seconds = end === undefined ? Number.NaN : (Date.parse(end) - now.getTime()) / 1000;
    return { token, expiresInSeconds: seconds > 0 ? seconds : undefined };
  },
};

function refusedBy(status: number): Refused {
  const base = { code: `status-${status}` };
  switch (status) {
    case 401:
      return {
        ...base,
        kind: 'final',
        reason: 'did not take the signature (401): the app id and the private key do not belong together',
        advice: 'Store the right ones: doorward secret rotate NAME',
      };
    case 403:
    case 404:
      return {
        ...base,
        kind: 'final',
        reason: `answered ${status}: the app has no such installation, or it is suspended`,
        advice: 'Store the right installation_id: doorward secret rotate NAME',
      };
    default:
      return { ...base, kind: 'passing', reason: `answered ${status} without a token` };
  }
}

const LINE = 24;

/** The lines of a PEM text that are its key: an echo may break them as it likes. */
function keyLines(pem: string): readonly Buffer[] {
  return pem
    .split(/\s+/)
    .filter((line) => line.length >= LINE && /^[A-Za-z0-9+/=]+$/.test(line))
    .map((line) => Buffer.from(line, 'latin1'));
}
