// Marks in the data directory that keep a server from it.
import { Problem } from '../../core/problem.ts';
import { type Check, fail, withConfiguration } from './check.ts';

export const servable: Check = {
  name: 'servable',
  area: 'files',
  run: withConfiguration(async ({ inspector }) => {
    try {
      await inspector.requireServable();
      return [];
    } catch (error) {
      if (error instanceof Problem) return [fail(error.message, 'A start would end with the same message')];
      throw error;
    }
  }),
};
