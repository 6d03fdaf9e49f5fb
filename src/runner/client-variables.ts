// The variables that lead the clients of granted services to the broker: what each is set to, and which must not be set
// beside them. Services that are not granted are left alone, whatever is set for them.

export interface ClientService {
  readonly name: string;
  /** Path below the broker's address. */
  readonly path: string;
  /** The address of its own listener. */
  readonly url: string | null;
  readonly placeholder: string;
  readonly variables: readonly {
    readonly name: string;
    readonly holds: 'key' | 'base-url';
    /** Stands after the address. */
    readonly suffix: string;
  }[];
}

export interface ClientVariables {
  readonly set: Readonly<Record<string, string>>;
  /** The variables among them that hold a key. */
  readonly keys: readonly string[];
  /** Of granted services too, but in the way of what is set. */
  readonly unset: readonly string[];
  /** Services whose variables stand for another one already, by the name of that one. */
  readonly shadowed: ReadonlyMap<string, string>;
}

/**
 * Two variables for one key, of which a client may see only one. Claude Code takes a token without asking and stumbles over
 * a key beside it; every other client of that vendor knows the key.
 */
const RIVALS = [{ token: 'ANTHROPIC_AUTH_TOKEN', key: 'ANTHROPIC_API_KEY', tokenFor: /^claude$/ }] as const;

/** `command` is the name of the program that will read them, where it is known. */
export function clientVariables(
  services: readonly ClientService[],
  { brokerUrl, command = '' }: { readonly brokerUrl: string; readonly command?: string },
): ClientVariables {
  const set = new Map<string, string>();
  const owners = new Map<string, string>();
  const keys: string[] = [];
  const unset: string[] = [];
  const shadowed = new Map<string, string>();
  for (const service of services) {
    const names = service.variables.map(({ name }) => name);
    const owner = names.map((name) => owners.get(name)).find((name) => name !== undefined);
    if (owner !== undefined) {
      shadowed.set(service.name, owner); // half of its variables beside half of another's would fit neither
      continue;
    }
    const inTheWay = RIVALS.filter(({ token, key }) => names.includes(token) && names.includes(key)).map(
      ({ token, key, tokenFor }) => (tokenFor.test(command) ? key : token),
    );
    unset.push(...inTheWay);
    for (const { name, holds, suffix } of service.variables) {
      owners.set(name, service.name);
      if (inTheWay.some((other) => other === name)) continue;
      if (holds === 'key') keys.push(name);
      set.set(name, holds === 'key' ? service.placeholder : `${addressOf(service, brokerUrl)}${suffix}`);
    }
  }
  return { set: Object.fromEntries(set), keys, unset, shadowed };
}

/** Its own listener where clients can be pointed at it; a socket has no address that fits a variable. */
export function addressOf({ url, path }: Pick<ClientService, 'url' | 'path'>, brokerUrl: string): string {
  return url?.startsWith('http') === true ? url.replace(/\/+$/, '') : `${brokerUrl}${path}`;
}
