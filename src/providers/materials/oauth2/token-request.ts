// A token request of an OAuth client (RFC 6749 §2.3.1 and §4): form-encoded, with the client's id and secret where it wants
// them.
import type { MintRequest } from '../material.ts';

interface ClientParts {
  readonly token_url: string;
  readonly client_id: string;
  readonly client_secret?: string | undefined;
  readonly client_auth: 'basic' | 'body';
  readonly scope?: string | undefined;
  readonly params: Readonly<Record<string, string>>;
}

export function tokenRequest(client: ClientParts, grant: Readonly<Record<string, string>>): MintRequest {
  const { client_id: id, client_secret: secret, scope } = client;
  const isBasic = secret !== undefined && client.client_auth === 'basic';
  const form = new URLSearchParams({
    ...grant,
    ...(scope === undefined ? {} : { scope }),
    ...client.params,
    ...(isBasic ? {} : { client_id: id }),
    ...(isBasic || secret === undefined ? {} : { client_secret: secret }),
  });
  return {
    url: client.token_url,
    headers: [
      ['accept', 'application/json'],
      ['content-type', 'application/x-www-form-urlencoded'],
      ...(isBasic ? [['authorization', `Basic ${pair(id, secret)}`] as const] : []),
    ],
    body: Buffer.from(form.toString()),
  };
}

/** Both are form-encoded before they are joined, so that a colon in one is none between them. */
function pair(id: string, secret: string): string {
  return Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64');
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length);
}
