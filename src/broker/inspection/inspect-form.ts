// A form whose field names another method than the call has: some frameworks would do what was never decided.
import { type Inspector, mediaTypeOf } from '../../core/inspection/stage.ts';
import { formNames } from '../../core/method-override.ts';
import { Problem } from '../../core/problem.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';

export function inspectForm(_deps: BrokerDeps, { allowed, call }: Inspected): Inspector | undefined {
  if (allowed.target.method !== 'POST') return undefined; // of no other method do they take it
  const isForm = mediaTypeOf(call.headers) === 'application/x-www-form-urlencoded';
  return isForm ? { body: () => formNames(refused) } : undefined;
}

function refused(): Problem {
  return new Problem('invalid-request', {
    detail: 'The form in the body has a field that names another method. The method of a call is its own.',
    extensions: { rule: 'body/method-override' },
  });
}
