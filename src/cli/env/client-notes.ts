// Clients that variables alone do not lead to the broker, by the catalogue's id of their service.
import type { GrantedService } from './granted.ts';

type Notes = (service: Pick<GrantedService, 'name' | 'url'>) => readonly string[];

const listener = ({ name, url }: Parameters<Notes>[0], listen: string) =>
  url === null ? `doorward service set ${name} --listen ${listen}` : `it has ${url}`;

const NOTES: Readonly<Record<string, Notes>> = {
  anthropic: () => [
    'Claude Code asks before it uses a key that it finds: start it by `doorward run -- claude`, which sets ANTHROPIC_AUTH_TOKEN ' +
      'instead, or put "apiKeyHelper": "doorward env --print ANTHROPIC_API_KEY" into its settings.json',
  ],
  openai: () => [
    'Codex reads its provider from ~/.codex/config.toml: openai_base_url, or a provider with base_url and env_key',
    'the Realtime API of the SDKs opens a WebSocket at the same address',
  ],
  github: (service) => [
    `gh takes a socket and no address: ${listener(service, 'unix:PATH')}, then gh config set http_unix_socket PATH`,
    'git asks a credential helper and goes to another host: see the recipe for git',
  ],
  gitlab: (service) => [`glab takes a host and no address: ${listener(service, '127.0.0.1:0')}`],
  stripe: (service) => [
    `Stripe's SDKs take host and port and no address: ${listener(service, '127.0.0.1:0')}; their CLI takes --api-base`,
  ],
  slack: () => ["Slack's SDKs take slackApiUrl (JavaScript) or base_url (Python) in code"],
  notion: () => ['Notion’s SDK takes baseUrl in code'],
  'docker-hub': (service) => [`Docker takes a host and no address: ${listener(service, '127.0.0.1:0')}`],
  npm: (service) => [`npm takes a registry host in .npmrc: ${listener(service, '127.0.0.1:0')}`],
  aws: () => ['AWS SDKs sign their requests: a placeholder does not do for them'],
};

/** `unset`: variables that are in the way of those that are set. */
export function clientNotes(
  service: Pick<GrantedService, 'name' | 'url' | 'catalogue' | 'variables'>,
  unset: readonly string[],
): readonly string[] {
  const inTheWay = service.variables.map(({ name }) => name).filter((name) => unset.includes(name));
  return [
    ...inTheWay.map((name) => `${name} must not be set beside it`),
    ...(NOTES[service.catalogue ?? '']?.(service) ?? []),
  ];
}
