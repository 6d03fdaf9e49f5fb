// OAuth 2.0 refresh (RFC 6749 §6): access tokens for what a person once allowed. Many servers give a new refresh token each
// time and take the old one no more, so the new one is stored before the access token is used.
import { MATERIAL_FORMS, OAuth2Refresh, parseMaterial, parseMaterialText } from '../../core/material.ts';
import type { Material } from './material.ts';
import { isRefused, readTokenAnswer } from './oauth2/token-answer.ts';
import { tokenRequest } from './oauth2/token-request.ts';

const KIND = 'oauth2-refresh';

export const oauth2Refresh: Material = {
  secretFields: MATERIAL_FORMS[KIND].secret,
  parse: (value) => parseMaterialText(KIND, value.toString()),
  request: (fields) => {
    const client = parseMaterial(KIND, OAuth2Refresh, fields);
    const { refresh_token } = client;
    return tokenRequest(client, { grant_type: 'refresh_token', refresh_token });
  },
  read: (answer, fields) => {
    const read = readTokenAnswer(answer);
    if (isRefused(read)) return read;
    const { token, expiresInSeconds, refreshToken } = read;
    const isNew = refreshToken !== undefined && refreshToken !== fields['refresh_token'];
    return {
      token,
      expiresInSeconds,
      ...(isNew ? { fields: { ...fields, refresh_token: refreshToken } } : {}),
    };
  },
};
