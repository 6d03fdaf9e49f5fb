// What the placeholders of this vault look like: as the keys of its services, or as a token of ours.
import { PlaceholderSearch } from '../core/placeholder-search.ts';
import type { PlaceholderShape } from '../core/placeholder.ts';
import type { Authority } from '../vault/authority.ts';

/** `dw_placeholder_`, 43 random characters and six of a checksum. */
const OWN: PlaceholderShape = { prefix: 'dw_placeholder_', alphabet: 'alphanumeric', length: 49 };

export class PlaceholderLooks {
  readonly #authority: Pick<Authority, 'epoch' | 'services'>;
  readonly #shapeOf: (catalogueId: string) => PlaceholderShape | undefined;
  #search: { readonly epoch: bigint; readonly looks: PlaceholderSearch } | undefined;

  constructor(
    authority: Pick<Authority, 'epoch' | 'services'>,
    shapeOf: (catalogueId: string) => PlaceholderShape | undefined,
  ) {
    this.#authority = authority;
    this.#shapeOf = shapeOf;
  }

  get current(): PlaceholderSearch {
    const { epoch } = this.#authority;
    if (this.#search?.epoch !== epoch) this.#search = { epoch, looks: this.#made() };
    return this.#search.looks;
  }

  #made(): PlaceholderSearch {
    const entries = new Set(this.#authority.services().flatMap(({ catalogueId }) => catalogueId ?? []));
    return new PlaceholderSearch([OWN, ...[...entries].flatMap((id) => this.#shapeOf(id) ?? [])]);
  }
}
