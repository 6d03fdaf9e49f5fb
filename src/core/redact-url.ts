// Addresses as they may be shown: whom they name and where they lead, without what is secret in them.

/**
 * Scheme, user, hosts and path: no password and no parameters, which may hold one too. Outside Postgres the user goes as
 * well, since tokens stand there. A text that is no address is not repeated.
 */
export function redactUrl(url: string): string {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined) return 'the given address';
  const { scheme = '', user, rest = '' } = parts;
  const isNamed = user !== undefined && user !== '' && scheme.startsWith('postgres');
  return `${scheme}${isNamed ? `${user}@` : ''}${rest}`;
}

const URL_PARTS =
  /^(?<scheme>[a-z][a-z0-9+.-]*:\/\/)(?:(?<user>[^:@/?#]*)(?::.*)?@)?(?<rest>[^@?#]*)(?:[?#].*)?$/is;
