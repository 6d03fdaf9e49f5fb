// What git and a credential helper tell each other: lines of NAME=VALUE (gitcredentials(7)). What git says is compared and
// never said back.

interface AskedCredential {
  /** Scheme, host and port in URL form; undefined where git did not name both. */
  readonly origin: string | undefined;
}

const MAX_LINES = 64;

export function parseAsked(text: string): AskedCredential {
  const fields = new Map<string, string>();
  for (const line of text.split('\n').slice(0, MAX_LINES)) {
    const at = line.indexOf('=');
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1));
  }
  const protocol = fields.get('protocol');
  const host = fields.get('host');
  return {
    origin: protocol === undefined || host === undefined ? undefined : originOf(`${protocol}://${host}`),
  };
}

/** The user name is what GitHub calls an app's; the broker looks at the password alone. */
export function answerOf(token: string): string {
  return `username=x-access-token\npassword=${token}\n`;
}

/** Undefined for what is no http(s) URL. */
export function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.origin : undefined;
}
