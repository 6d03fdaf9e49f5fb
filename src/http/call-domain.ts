// Services as hosts: below the call domain each has a name of its own, `openai.calls.example.test`, whose root is that
// service. Certificate and name service are whoever's who runs the proxy in front.
import { Name } from '../core/ids.ts';

/** The service that a Host header names, if it names one below the domain; whatever port stands in it. */
export function serviceOfHost(host: string, domain: string | undefined): string | undefined {
  if (domain === undefined) return undefined;
  const bare = host.replace(/:\d{1,5}$/, '');
  if (!bare.endsWith(`.${domain}`)) return undefined;
  const name = bare.slice(0, -domain.length - 1);
  return Name.safeParse(name).success ? name : undefined;
}

/** Where a service is called by host alone: scheme and port are the public URL's. */
export function callUrlOf(
  service: string,
  { publicUrl, domain }: { readonly publicUrl: string; readonly domain: string | undefined },
): string | undefined {
  if (domain === undefined) return undefined;
  const { protocol, port } = new URL(publicUrl);
  return `${protocol}//${service}.${domain}${port === '' ? '' : `:${port}`}`;
}
