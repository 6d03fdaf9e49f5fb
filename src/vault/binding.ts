// The binding hash of a secret: made from every service that sends it.
import { bindingText, type Destination } from '../core/binding.ts';
import type { Auth, BaseUrl } from '../core/service.ts';
import { sha256 } from '../crypto/encoding.ts';
import { credentialKind } from '../providers/credentials/registry.ts';

export function bindingHash(services: readonly (BaseUrl & { readonly auth: Auth })[]): Buffer {
  return sha256(Buffer.from(bindingText(services.map(destination))));
}

function destination({ origin, basePath, auth }: BaseUrl & { readonly auth: Auth }): Destination {
  return {
    origin,
    basePath,
    placement: auth.kind,
    placementName: auth.kind === 'header' || auth.kind === 'query' ? auth.name : '',
    template: credentialKind(auth).template(auth),
  };
}
