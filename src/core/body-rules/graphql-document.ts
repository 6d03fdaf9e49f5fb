// What a GraphQL document would do: its operations, and the fields at the top of each, with fragments followed and aliases
// looked through. A document that is not wholly understood is none.
import { type GraphqlToken, graphqlTokens } from './graphql-tokens.ts';

const OPERATION_TYPES = ['query', 'mutation', 'subscription'] as const;
type OperationType = (typeof OPERATION_TYPES)[number];

export interface GraphqlOperation {
  readonly type: OperationType;
  /** Undefined: it has none. */
  readonly name: string | undefined;
  /** Of the operation itself, by their own names. */
  readonly fields: ReadonlySet<string>;
}

type Selection =
  | { readonly field: string }
  | { readonly spread: string }
  | { readonly inline: readonly Selection[] };

interface OperationDefinition {
  readonly type: OperationType;
  readonly name: string | undefined;
  readonly selections: readonly Selection[];
}

/** Deeper than what people write, shallow enough for every parser on the way. */
const MAX_DEPTH = 64;

/** Undefined: it is no document that can be executed, or one that is nested beyond 64 levels. */
export function graphqlOperations(source: string): readonly GraphqlOperation[] | undefined {
  const tokens = graphqlTokens(source);
  if (tokens === undefined) return undefined;
  try {
    return new DocumentReader(tokens).read();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class DocumentReader {
  readonly #tokens: readonly GraphqlToken[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly GraphqlToken[]) {
    this.#tokens = tokens;
  }

  read(): readonly GraphqlOperation[] {
    const operations: OperationDefinition[] = [];
    const fragments = new Map<string, readonly Selection[]>();
    while (this.#next.kind !== 'end') {
      if (this.#next.text === 'fragment') this.#fragment(fragments);
      else operations.push(this.#operation());
    }
    return operations.map(({ type, name, selections }) => {
      const fields = new Set<string>();
      collect(selections, fragments, { fields, followed: new Set() });
      return { type, name, fields };
    });
  }

  get #next(): GraphqlToken {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #operation(): OperationDefinition {
    if (this.#is('{')) return { type: 'query', name: undefined, selections: this.#selectionSet() };
    const word = this.#name();
    const type = OPERATION_TYPES.find((known) => known === word);
    if (type === undefined) throw new SyntaxError();
    const name = this.#next.kind === 'name' ? this.#name() : undefined;
    if (this.#is('(')) this.#list('(', ')', () => this.#variable());
    this.#directives();
    return { type, name, selections: this.#selectionSet() };
  }

  #fragment(fragments: Map<string, readonly Selection[]>): void {
    this.#take('fragment');
    const name = this.#name();
    if (name === 'on' || fragments.has(name)) throw new SyntaxError();
    this.#take('on');
    this.#name();
    this.#directives();
    fragments.set(name, this.#selectionSet());
  }

  #variable(): void {
    this.#take('$');
    this.#name();
    this.#take(':');
    this.#type();
    if (this.#skip('=')) this.#value();
    this.#directives();
  }

  #type(): void {
    this.#nested(() => {
      if (this.#skip('[')) {
        this.#type();
        this.#take(']');
      } else this.#name();
      this.#skip('!');
    });
  }

  #selectionSet(): readonly Selection[] {
    return this.#nested(() => this.#list('{', '}', () => this.#selection()));
  }

  #selection(): Selection {
    if (!this.#skip('...')) return this.#field();
    if (this.#next.kind === 'name' && this.#next.text !== 'on') {
      const spread = this.#name();
      this.#directives();
      return { spread };
    }
    if (this.#skip('on')) this.#name();
    this.#directives();
    return { inline: this.#selectionSet() };
  }

  #field(): Selection {
    const first = this.#name();
    const field = this.#skip(':') ? this.#name() : first;
    this.#arguments();
    this.#directives();
    if (this.#is('{')) this.#selectionSet();
    return { field };
  }

  #directives(): void {
    while (this.#skip('@')) {
      this.#name();
      this.#arguments();
    }
  }

  #arguments(): void {
    if (this.#is('(')) this.#list('(', ')', () => this.#named());
  }

  #named(): void {
    this.#name();
    this.#take(':');
    this.#value();
  }

  #value(): void {
    this.#nested(() => {
      const { kind } = this.#next;
      if (kind === 'name' || kind === 'number' || kind === 'string') this.#at += 1;
      else if (this.#skip('$')) this.#name();
      else if (this.#is('[')) this.#list('[', ']', () => this.#value(), 0);
      else this.#list('{', '}', () => this.#named(), 0);
    });
  }

  #list<Item>(open: string, close: string, item: () => Item, least = 1): Item[] {
    this.#take(open);
    const items: Item[] = [];
    while (!this.#skip(close)) items.push(item());
    if (items.length < least) throw new SyntaxError();
    return items;
  }

  #nested<Result>(read: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new SyntaxError();
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #name(): string {
    const { kind, text } = this.#next;
    if (kind !== 'name') throw new SyntaxError();
    this.#at += 1;
    return text;
  }

  /** A punctuator or a keyword; a string of that text is neither. */
  #is(text: string): boolean {
    return this.#next.text === text;
  }

  #skip(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #take(text: string): void {
    if (!this.#skip(text)) throw new SyntaxError();
  }
}

interface Collecting {
  readonly fields: Set<string>;
  readonly followed: Set<string>;
}

/** A fragment that is not there could be a server's own: such a document is not understood. */
function collect(
  selections: readonly Selection[],
  fragments: ReadonlyMap<string, readonly Selection[]>,
  { fields, followed }: Collecting,
): void {
  for (const selection of selections) {
    if ('field' in selection) fields.add(selection.field);
    else if ('inline' in selection) collect(selection.inline, fragments, { fields, followed });
    else if (!followed.has(selection.spread)) {
      followed.add(selection.spread);
      const fragment = fragments.get(selection.spread);
      if (fragment === undefined) throw new SyntaxError();
      collect(fragment, fragments, { fields, followed });
    }
  }
}
