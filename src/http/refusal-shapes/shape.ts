// A refusal in a vendor's own words: what its SDKs parse, so that they raise the class they raise for the vendor's own
// refusals, show our sentence, and do not send the same again.
import type { Problem } from '../../core/problem.ts';

interface Refusal {
  readonly status: number;
  /** Public: what happened and what to do next. */
  readonly sentence: string;
  /** The problem's code. */
  readonly code: Problem['code'];
  /** Where the problem's page is. */
  readonly page: string;
  readonly request: string;
  /** What the client says of itself. */
  readonly client: string;
  /** Everything of the problem that the vendor's shape has no place for: RFC 9457 members, rule, what is missing. */
  readonly doorward: Readonly<Record<string, unknown>>;
}

interface ShapedRefusal {
  /** In place of the problem's own. */
  readonly status?: number;
  /** Beside those of every refusal. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

export interface RefusalFamily {
  /** What the `User-Agent` of the vendor's own clients begins with, or has in it. */
  readonly clients: RegExp;
  readonly refuse: (refusal: Refusal) => ShapedRefusal;
}
