// Secrets that are ordinary words: the leak guard can not tell an echo of them from text.
import { type Check, pass, warn, withConfiguration } from './check.ts';

const MOST_NAMED = 10;

export const guessableValues: Check = {
  name: 'guessable-values',
  area: 'egress',
  run: withConfiguration(async ({ server }) => {
    const view = await server();
    const names = view.state === 'answers' ? view.told?.guessable : undefined;
    if (names === undefined) {
      return [
        pass('Whether a secret is an ordinary word was not asked: only a running server tells its owner'),
      ];
    }
    if (names.length === 0) return [pass('No secret in use is an ordinary word or number')];
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
    return [
      warn(
        `Of ordinary words and numbers echoes are masked only where they stand alone: ${names.slice(0, MOST_NAMED).join(', ')}${more}`,
        'Have the vendor make a random one, then doorward secret rotate NAME',
      ),
    ];
  }),
};
