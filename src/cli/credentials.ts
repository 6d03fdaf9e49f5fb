// Exchanging credentials for access tokens: the owner credential from its file, an agent key from a file or a person.
import { EXIT } from './exit-codes.ts';
import { CommandFailure, parseProblem } from './failure.ts';
import { exchangePatiently } from './starting.ts';
import type { Address } from './transport.ts';

export interface AccessToken {
  readonly text: string;
  /** On the clock of `performance.now()`. */
  readonly expiresAtMs: number;
}

export interface BasicCredential {
  readonly name: string;
  readonly credential: string;
}

/** `POST /oauth/token` by client credentials (RFC 6749 §4.4). */
export async function exchangeForToken(
  address: Address,
  basic: BasicCredential,
  say: (text: string) => void,
): Promise<AccessToken> {
  const pair = Buffer.from(`${basic.name}:${basic.credential}`).toString('base64');
  const outgoing = {
    method: 'POST',
    path: '/oauth/token',
    headers: { authorization: `Basic ${pair}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  };
  const askedAtMs = performance.now();
  const answer = await exchangePatiently(address, outgoing, say);
  if (answer.status !== 200) throw parseProblem(answer.status, answer.text);
  const { access_token: text, expires_in: seconds } = parseTokenAnswer(answer.text);
  return { text, expiresAtMs: askedAtMs + seconds * 1000 };
}

function parseTokenAnswer(text: string): { access_token: string; expires_in: number } {
  try {
    const { access_token, expires_in } = JSON.parse(text) as Record<string, unknown>; // a non-object fails below
    if (typeof access_token === 'string' && typeof expires_in === 'number')
      return { access_token, expires_in };
  } catch {
    // falls through: the same answer for every text that is not a token answer
  }
  throw new CommandFailure(
    EXIT.failed,
    'What answered is not a Doorward server: its token answer makes no sense.',
  );
}
