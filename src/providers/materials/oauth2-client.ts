// OAuth 2.0 client credentials (RFC 6749 §4.4): the client itself is who the access token is for.
import { MATERIAL_FORMS, OAuth2Client, parseMaterial, parseMaterialText } from '../../core/material.ts';
import type { Material } from './material.ts';
import { isRefused, readTokenAnswer } from './oauth2/token-answer.ts';
import { tokenRequest } from './oauth2/token-request.ts';

const KIND = 'oauth2-client';

export const oauth2Client: Material = {
  secretFields: MATERIAL_FORMS[KIND].secret,
  parse: (value) => parseMaterialText(KIND, value.toString()),
  request: (fields) => {
    const client = parseMaterial(KIND, OAuth2Client, fields);
    return tokenRequest(client, { grant_type: 'client_credentials' });
  },
  read: (answer) => {
    const read = readTokenAnswer(answer);
    if (!isRefused(read)) return { token: read.token, expiresInSeconds: read.expiresInSeconds };
    if (read.code !== 'invalid_grant') return read;
    return {
      ...read,
      reason: 'refused the client credentials (invalid_grant)',
      advice: 'Store the right ones: doorward secret rotate NAME',
    };
  },
};
