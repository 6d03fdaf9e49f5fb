// What is asked for alike in many languages: drop what the developer said, hand over keys or the conversation, act on somebody's
// alleged word. One table of words for each language, one set of rules made from it.
import type { Rule, RuleSet } from '../rule.ts';

/** Words as patterns write them, of one language. */
interface OrderWords {
  readonly language: string;
  readonly notFollow: string;
  readonly orders: string;
  readonly developer: string;
  readonly reveal: string;
  readonly hidden: string;
  readonly configuration: string;
  readonly include: string;
  readonly key: string;
  readonly answer: string;
  readonly user: string;
  /** `already`, where the language says it apart. */
  readonly already?: string;
  readonly approved?: string;
  /** Both in one. */
  readonly consented?: string;
  readonly remove: string;
  readonly thing: string;
  readonly unasked: string;
  readonly notice: string;
  readonly model: string;
  readonly unmentioned: string;
  readonly unbound: string;
  readonly repeat: string;
  readonly everything: string;
  readonly above: string;
  readonly send: string;
  readonly conversation: string;
  /** One for each rule, in their order, and one that is none. */
  readonly examples: readonly [string, string, string, string, string];
  readonly harmless: string;
}

export function sharedOrders(words: OrderWords): RuleSet {
  const { language: id, examples, harmless } = words;
  const [developer, keys, pressure, above, conversation] = examples;
  const make = (name: string, rule: Omit<Rule, 'id' | 'matches' | 'passes'>, example: string): Rule => ({
    id: `${id}-${name}`,
    ...rule,
    matches: [example],
    passes: [harmless],
  });
  return {
    language: id,
    words: Object.fromEntries(
      Object.entries(words).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    rules: [
      make('developer', { category: 'override', weight: 8, gap: 4, patterns: DEVELOPER }, developer),
      make('keys', { category: 'credentials', weight: 10, gap: 5, patterns: KEYS }, keys),
      make(
        'pressure',
        {
          category: 'authority',
          weight: 4,
          gap: 3,
          patterns: [
            ...PRESSURE,
            words.consented === undefined ? '<user> {2}<already> <approved>' : '<user> <consented>',
          ],
        },
        pressure,
      ),
      make('above', { category: 'prompt', weight: 10, gap: 3, patterns: ABOVE }, above),
      make(
        'conversation',
        { category: 'exfiltration', weight: 10, gap: 6, patterns: CONVERSATION },
        conversation,
      ),
    ],
  };
}

const DEVELOPER = [
  '<notFollow> <orders> <developer>',
  '<developer> <orders> <notFollow>',
  '<notFollow> <developer> <orders>',
  '<reveal> <hidden> <configuration>',
  '<reveal> <configuration> <hidden>',
  '<hidden> <configuration> <reveal>',
];
const KEYS = [
  '<include> <key> <answer>',
  '<answer> <key> <include>',
  '<key> <answer> <include>',
  '<include> <answer> <key>',
  '<key> <include> <answer>',
];
const PRESSURE = [
  '<remove> <thing>',
  '<thing> <remove>',
  '<unasked>',
  '<notice> <model>',
  '<model> {1} <notice>',
  '<unmentioned>',
  '<model> <unbound>',
  '<unbound> <model>',
];
const ABOVE = [
  '<repeat> <everything> <above>',
  '<repeat> <above> <everything>',
  '<everything> <above> <repeat>',
  '<above> <everything> <repeat>',
];
const CONVERSATION = [
  '<send> <conversation> @url|@email',
  '<conversation> @url|@email <send>',
  '<conversation> <send> @url|@email',
  '<send> @url|@email <conversation>',
];
