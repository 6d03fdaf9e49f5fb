// A form whose field names another method than the call has: some frameworks would do what was never decided.
import type { Inspector } from '../../core/inspection/stage.ts';
import { formNames } from '../../core/method-override.ts';
import { boundaryOf, partNames } from '../../core/multipart-names.ts';
import { Problem } from '../../core/problem.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';

const URL_ENCODED = 'application/x-www-form-urlencoded';

/** Throws where it can not be told how the body would be read. */
export function inspectForm(_deps: BrokerDeps, { allowed, call }: Inspected): Inspector | undefined {
  if (allowed.target.method !== 'POST') return undefined; // of no other method do they take it
  if (call.body === undefined || call.isWebSocket === true) return undefined;
  const types = call.headers.flatMap(([name, value]) =>
    name.toLowerCase() === 'content-type' ? [value.trim()] : [],
  );
  const [type = '', ...others] = types;
  // Some readers end a media type at a comma or a space, and take a body without one for a form.
  const isForm = (text: string) => text === '' || kindOf(text) === URL_ENCODED;
  const isInParts = (text: string) => kindOf(text).startsWith('multipart/');
  if (others.length > 0 && types.some((each) => isForm(each) || isInParts(each))) throw unreadable();
  if (isForm(type)) return { body: () => formNames(refused) };
  if (!isInParts(type)) return undefined;
  const boundary = boundaryOf(type);
  if (boundary === undefined) throw unreadable();
  return { body: () => partNames(boundary, refused) };
}

function kindOf(type: string): string {
  return (/^[^;,\s]*/.exec(type)?.[0] ?? '').toLowerCase();
}

function unreadable(): Problem {
  return new Problem('invalid-request', {
    detail:
      'The form in the body could be read in two ways. Send one Content-Type, and with multipart one boundary of letters, digits and dashes.',
    extensions: { rule: 'body/method-override' },
  });
}

function refused(): Problem {
  return new Problem('invalid-request', {
    detail:
      'The form in the body has a field that names another method, or a part whose head is not as its specification has it. The method of a call is its own.',
    extensions: { rule: 'body/method-override' },
  });
}
