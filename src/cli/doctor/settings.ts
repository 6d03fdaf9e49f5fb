// The configuration itself: what is in force and where it comes from, and all that keeps a server from taking it.
import { configurationTrouble, describeSettings } from '../../config.ts';
import { type Check, fail, pass } from './check.ts';

export const settings: Check = {
  name: 'settings',
  area: 'configuration',
  run: ({ environment }) => {
    const trouble = configurationTrouble(environment).map(({ sentence }) =>
      fail(sentence, 'Correct it; what each variable means: doorward help environment'),
    );
    const given = describeSettings(environment)
      .filter(({ source }) => source !== 'default')
      .map(({ name, value, source }) => pass(`${name} is ${value ?? 'not set'} (from the ${source})`));
    if (trouble.length > 0) return [...trouble, ...given];
    return [
      ...given,
      pass(given.length === 0 ? 'Nothing is set: every default holds' : 'Everything else is at its default'),
    ];
  },
};
