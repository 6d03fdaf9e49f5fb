// Names under our prefix that nothing reads: a typing error in one leaves a default in force.
import { knownVariables, unknownVariables } from '../../config.ts';
import { nearest } from '../nearest.ts';
import { type Check, warn } from './check.ts';

export const environmentNames: Check = {
  name: 'environment-names',
  area: 'configuration',
  run: ({ environment }) =>
    unknownVariables(environment).map((name) => {
      const [meant] = nearest(name, knownVariables());
      const correct = meant === undefined ? 'Correct the name' : `Correct the name (${meant}?)`;
      return warn(`${name} is set, and nothing reads it`, `${correct} or unset it: unset ${name}`);
    }),
};
