// Where a secret may be sent, as text that its keys are sealed with: change the text and the secret no longer opens.
import type { BaseUrl } from './service.ts';

export interface Destination extends BaseUrl {
  readonly placement: string;
  /** Header or parameter name; empty where the placement names it. */
  readonly placementName: string;
  readonly template: string;
}

/** The sorted list of destinations, one JSON array a line. SHA-256 of it is the binding hash of `security.md`, "Keys". */
export function bindingText(destinations: readonly Destination[]): string {
  return destinations
    .map(({ origin, basePath, placement, placementName, template }) =>
      JSON.stringify([origin.scheme, origin.host, origin.port, basePath, placement, placementName, template]),
    )
    .sort()
    .join('\n');
}
