// The environment of a run's child: addresses and the placeholder where its clients look for them, nothing of ours.

export interface RunVariables {
  readonly run: string;
  readonly placeholder: string;
  /** The broker's address, without a slash at the end. */
  readonly brokerUrl: string;
  readonly services: readonly {
    readonly keyEnv: string | null;
    readonly baseUrlEnv: string | null;
    /** Path below the broker's address. */
    readonly path: string;
  }[];
}

export interface ChildEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  /** Key variables that held something else before: probably a key the child must not see. */
  readonly replaced: readonly string[];
}

/** Everything of ours goes, database addresses with passwords too; then what the run needs is set. */
export function childEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  { run, placeholder, brokerUrl, services }: RunVariables,
): ChildEnvironment {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && !isOurs(name)) environment[name] = value;
  }
  const replaced: string[] = [];
  for (const { keyEnv, baseUrlEnv, path } of services) {
    if (keyEnv !== null) {
      const earlier = environment[keyEnv];
      if (earlier !== undefined && earlier !== '' && earlier !== placeholder) replaced.push(keyEnv);
      environment[keyEnv] = placeholder;
    }
    if (baseUrlEnv !== null) environment[baseUrlEnv] = `${brokerUrl}${path}`;
  }
  passProxiesBy(environment, new URL(brokerUrl).hostname);
  Object.assign(environment, { DOORWARD_URL: brokerUrl, DOORWARD_TOKEN: placeholder, DOORWARD_RUN: run });
  return { environment, replaced };
}

function isOurs(name: string): boolean {
  return /^(DOORWARD_.*|DATABASE_URL(_FILE)?)$/.test(name);
}

/** Where a proxy is set, clients would take the way to the broker through it, and show it the placeholder. */
function passProxiesBy(environment: Record<string, string>, host: string): void {
  if (!Object.keys(environment).some((name) => /^(https?|all)_proxy$/i.test(name))) return;
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const listed = environment[name] ?? '';
    if (listed.split(',').includes(host) || listed === '*') continue;
    environment[name] = listed === '' ? host : `${listed},${host}`;
  }
}
