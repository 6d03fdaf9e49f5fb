// Names under our prefix that nothing reads: a typing error in one leaves a default in force.
import { unknownVariables } from '../../config.ts';
import { type Check, warn } from './check.ts';

export const environmentNames: Check = {
  name: 'environment-names',
  area: 'configuration',
  run: ({ environment }) =>
    unknownVariables(environment).map((name) =>
      warn(`${name} is set, and nothing reads it`, `Correct the name or unset it: unset ${name}`),
    ),
};
