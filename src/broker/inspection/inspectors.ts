// The guards that a service's calls pass beside the leak scan, one line each, in the order in which they look. A guard
// that has nothing to do for a service costs its calls nothing.
import {
  type BodyContext,
  type Inspector,
  mediaTypeOf,
  type MessageGuard,
  type Stage,
} from '../../core/inspection/stage.ts';
import type { UpstreamHead } from '../../egress/flow.ts';
import type { BrokeredCall } from '../call.ts';
import type { CallBody } from '../call-body.ts';
import type { Allowed } from '../decide.ts';
import type { BrokerDeps } from '../deps.ts';
import { inspectAnswerContent, inspectRequestContent } from './inspect-content.ts';
import { inspectForm } from './inspect-form.ts';
import { inspectFingerprints } from './inspect-fingerprints.ts';
import { inspectLength } from './inspect-length.ts';
import { inspectMinting } from './inspect-minting.ts';
import { inspectAnswerSize, inspectRequestSize } from './inspect-size.ts';
import { inspectAnswerText, inspectRequestText } from './inspect-text.ts';
import type { Inspected } from './inspected.ts';
import { guardsInTurn } from './message-guards.ts';

type MakeInspector = (deps: BrokerDeps, inspected: Inspected) => Inspector | undefined;

const OF_REQUESTS: readonly MakeInspector[] = [
  inspectRequestSize,
  inspectLength,
  inspectForm,
  inspectFingerprints,
  inspectRequestContent,
  inspectRequestText,
];
const OF_ANSWERS: readonly MakeInspector[] = [
  inspectAnswerSize,
  inspectMinting,
  inspectAnswerContent,
  inspectAnswerText,
];

function make(makers: readonly MakeInspector[], deps: BrokerDeps, inspected: Inspected): Inspector[] {
  const inspectors: Inspector[] = [];
  for (const maker of makers) {
    const inspector = maker(deps, inspected);
    if (inspector !== undefined) inspectors.push(inspector);
  }
  return inspectors;
}

function stagesOf(inspectors: readonly Inspector[], context: BodyContext): Stage[] {
  const stages: Stage[] = [];
  for (const inspector of inspectors) {
    const stage = inspector.body?.(context);
    if (stage !== undefined) stages.push(stage);
  }
  return stages;
}

/** Looks at everything of a request but its body, and sets the guards of the body. Throws the problem that refuses the call. */
export function inspectRequest(deps: BrokerDeps, inspected: Inspected, body: CallBody): void {
  const inspectors = make(OF_REQUESTS, deps, inspected);
  if (inspectors.length === 0) return;
  const { allowed, call } = inspected;
  for (const [where, text] of textsOf(call, allowed)) {
    for (const inspector of inspectors) inspector.text?.(where, text);
  }
  const context = {
    direction: 'request',
    headers: call.headers,
    contentType: mediaTypeOf(call.headers),
    status: undefined,
  } as const;
  body.guardWith(stagesOf(inspectors, context));
}

/** The path, parameters and headers of a call, but for what carries the caller's own token. */
function* textsOf(call: BrokeredCall, { caller, target }: Allowed): Generator<readonly [string, string]> {
  yield ['path', decoded(target.address.path)];
  for (const [name, value] of target.address.decodedQuery) {
    yield ['query name', name];
    yield [`query ${name}`, value];
  }
  for (const [name, value] of call.headers) {
    if (!caller.withheld.some((token) => value.includes(token)))
      yield [`header ${name.toLowerCase()}`, value];
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The guards of one answer. */
export interface AnswerGuards {
  readonly stages: readonly Stage[];
  /** What may stand in the place of a header's value. */
  text(where: string, text: string): string;
}

/** Undefined: nothing is looked for. */
export function inspectAnswer(
  deps: BrokerDeps,
  inspected: Inspected,
  head: UpstreamHead,
): AnswerGuards | undefined {
  const inspectors = make(OF_ANSWERS, deps, inspected);
  if (inspectors.length === 0) return undefined;
  const { headers, status } = head;
  const context = { direction: 'answer', headers, contentType: mediaTypeOf(headers), status } as const;
  return {
    stages: stagesOf(inspectors, context),
    text(where, text) {
      let kept = text;
      for (const inspector of inspectors) kept = inspector.text?.(where, kept) ?? kept;
      return kept;
    },
  };
}

/** The guards of the messages of a WebSocket; undefined where nothing is looked for. */
export interface SocketGuards {
  readonly request: MessageGuard | undefined;
  readonly answer: MessageGuard | undefined;
}

export function inspectMessages(deps: BrokerDeps, inspected: Inspected): SocketGuards {
  const guardOf = (makers: readonly MakeInspector[]) =>
    guardsInTurn(make(makers, deps, inspected).flatMap((inspector) => inspector.messages?.() ?? []));
  return { request: guardOf(OF_REQUESTS), answer: guardOf(OF_ANSWERS) };
}
