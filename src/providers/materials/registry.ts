// The kinds of material that are exchanged for access tokens: one line each. `static` is none of them.
import type { MintedKind } from '../../core/material.ts';
import { githubApp } from './github-app.ts';
import type { Material } from './material.ts';
import { oauth2Client } from './oauth2-client.ts';
import { oauth2Refresh } from './oauth2-refresh.ts';

export const MATERIALS: { readonly [K in MintedKind]: Material } = {
  'oauth2-client': oauth2Client,
  'oauth2-refresh': oauth2Refresh,
  'github-app': githubApp,
};
