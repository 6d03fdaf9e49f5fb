// fast-check with one seed for every run, so that what is tried is no matter of luck; DOORWARD_TEST_SEED=random tries
// something else each time, and a number tries what a failure printed.
import { configureGlobal } from 'fast-check';

const SEED = 20_260_712;

const wanted = process.env['DOORWARD_TEST_SEED'];
if (wanted !== 'random') configureGlobal({ seed: wanted === undefined ? SEED : Number(wanted) });

export * from 'fast-check';
