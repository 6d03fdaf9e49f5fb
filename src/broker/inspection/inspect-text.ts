// Text that a model reads or writes, in both directions of a call: told, refused, stripped or wrapped, as the service says.
import { type Direction, type FindingAction, Findings } from '../../core/inspection/finding.ts';
import type { BodyContext, Inspector, MessageGuard, Stage } from '../../core/inspection/stage.ts';
import { schemaStage } from '../../core/model-text/answer-schema.ts';
import {
  type AnswerTextOptions,
  answerTextStage,
  JsonTextStage,
  PlainTextStage,
} from '../../core/model-text/answer-stages.ts';
import type { Around } from '../../core/model-text/around.ts';
import { canaryOf, canarySentence, wrapped } from '../../core/model-text/marking.ts';
import { RequestTextStage } from '../../core/model-text/request-stage.ts';
import type { Side } from '../../core/model-text/rule.ts';
import { Watch } from '../../core/model-text/watch.ts';
import { Problem } from '../../core/problem.ts';
import {
  mayAsk,
  mayRefuse,
  type ModelTextProtection,
  textAction,
  watchedSides,
} from '../../core/protection/model-text.ts';
import type { BrokerDeps } from '../deps.ts';
import { tellGuardAlarm } from './guard-alarm.ts';
import type { Inspected } from './inspected.ts';
import { guardsInTurn } from './message-guards.ts';
import { atOnce, joinedText, schemaOfMessages, type Telling, textOfMessages } from './message-text.ts';

export function inspectRequestText(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call } = inspected;
  const { text: settings } = allowed.service.protection;
  const { canary, wrap } = settings;
  const sides = watchedSides(settings);
  if (sides.size === 0 && !canary && !wrap) return undefined;
  const isEnforced = mayRefuse(settings);
  const isWebSocket = call.isWebSocket === true;
  if (call.body === undefined && !isWebSocket) return undefined;
  const found = finding(deps, inspected, 'request');
  const whose = () => whoseOf(inspected);
  const watch = () =>
    new Watch({ texts: deps.texts.texts, sides, onRule: found.rule, isLocated: mayAsk(settings) });
  const stage = (telling: Telling) =>
    new RequestTextStage({
      watch: telling.watch,
      isHeld: isEnforced || canary || wrap,
      canary: canary ? canarySentence(canaryOf(deps.fieldHash, whose())) : undefined,
      wrap: wrap ? (text) => wrapped(deps.fieldHash, whose(), text) : undefined,
      onWrapped: () => telling.tell(() => found.add('wrapped', 'wrap')),
    });
  if (isWebSocket)
    return {
      messages: () =>
        textOfMessages({ direction: 'request', watch, stage: (_context, telling) => stage(telling) }),
    };
  return {
    body: (context) => {
      if (!isCoded(context)) return stage(atOnce(watch()));
      if (isEnforced) throw unreadable('A compressed body');
      return undefined;
    },
  };
}

export function inspectAnswerText(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  const { allowed, call } = inspected;
  const { text: settings } = allowed.service.protection;
  const { canary, hidden } = settings;
  const schema = deps.texts.schemaOf(settings);
  const isLookedAt = watchedSides(settings).size > 0 || canary || hidden !== 'off';
  if ((!isLookedAt && schema === undefined) || call.method === 'HEAD') return undefined;
  const found = finding(deps, inspected, 'answer');
  const reading = answerReading(deps, inspected, found);
  const onMismatch = () => found.rule('answer-schema', 'writes');
  const isHeld = /^(?:ask|block)$/.test(textAction(settings, 'answer-schema', 'writes'));
  const body = ({ contentType, status = 0 }: BodyContext): Stage | undefined => {
    const stages = [
      isLookedAt ? answerTextStage(contentType, reading.options(atOnce(reading.watch()))) : undefined,
      schema === undefined || status < 200 || status > 299
        ? undefined
        : schemaStage({ schema, isHeld, onMismatch }),
    ].filter((stage) => stage !== undefined);
    const stage = stages.length > 1 ? inTurn(stages) : stages[0];
    return stage === undefined || !mayAsk(settings) ? stage : heldBack(stage, inspected);
  };
  const messages = () =>
    guardsInTurn([
      ...(isLookedAt ? [answeredMessages(deps, inspected, reading)] : []),
      ...(schema === undefined ? [] : [schemaOfMessages(schema, onMismatch)]),
    ]);
  return { body, messages };
}

/** How texts of answers are read. */
interface AnswerReading {
  readonly watch: () => Watch;
  readonly options: (telling: Telling) => AnswerTextOptions;
}

function answerReading(deps: BrokerDeps, inspected: Inspected, found: Found): AnswerReading {
  const { text: settings } = inspected.allowed.service.protection;
  const { canary, hidden } = settings;
  return {
    watch: () =>
      new Watch({
        texts: deps.texts.texts,
        sides: watchedSides(settings),
        canary: canary ? canaryOf(deps.fieldHash, whoseOf(inspected)) : undefined,
        onRule: found.rule,
        isLocated: mayAsk(settings),
      }),
    options: ({ watch, tell }) => ({
      watch,
      mayCut: mayRefuse(settings),
      hidden,
      onHidden: (kind) => tell(() => found.add(`hidden-${kind}`, hidden === 'strip' ? 'strip' : 'flag')),
    }),
  };
}

/** Each message by itself, and all of them joined: what that finds beside the first is told once. */
function answeredMessages(deps: BrokerDeps, inspected: Inspected, reading: AnswerReading): MessageGuard {
  const apart = { ...inspected, findings: new Findings() };
  const ofAll = answerReading(deps, apart, finding(deps, apart, 'answer'));
  return textOfMessages({
    direction: 'answer',
    watch: reading.watch,
    stage: ({ contentType }, telling) => {
      if (contentType === 'application/json') return new JsonTextStage(reading.options(telling));
      return contentType === 'text/plain' ? new PlainTextStage(reading.options(telling)) : undefined;
    },
    joined: joinedText({
      watch: ofAll.watch(),
      found: apart.findings,
      told: inspected.findings,
      options: ofAll.options,
    }),
  });
}

interface Found {
  readonly rule: (id: string, side: Exclude<Side, 'both'>, around?: () => Around) => void;
  readonly add: (id: string, action: FindingAction) => void;
}

/** Tells of a finding, and refuses where the service says so. */
function finding(deps: BrokerDeps, inspected: Inspected, direction: Direction): Found {
  const { allowed, call, findings } = inspected;
  const { caller, service } = allowed;
  const settings: ModelTextProtection = service.protection.text;
  const add: Found['add'] = (rule, action) => findings.add({ direction, guard: guardOf(rule), rule, action });
  return {
    add,
    rule: (rule, side, around) => {
      let action = textAction(settings, rule, side);
      if (action === 'off') return;
      // A message has no way back to it, and nobody can repeat all that came before it.
      if (action === 'ask' && call.isWebSocket === true) action = 'block';
      if (action === 'ask') {
        asks(inspected, { direction, rule, around });
        return;
      }
      add(rule, action);
      if (action === 'flag') return;
      tellGuardAlarm(deps, { call, caller, service }, { alarm: 'text', done: 'call-blocked', where: 'body' });
      throw blocked(service.name, { direction, rule });
    },
  };
}

interface AskingRule {
  readonly direction: Direction;
  readonly rule: string;
  readonly around: (() => Around) | undefined;
}

/** Noted, so that a person is asked about all of it at once; in an answer unless somebody let such text pass. */
function asks({ asking, findings }: Inspected, { direction, rule, around }: AskingRule): void {
  const guard = guardOf(rule);
  const approval = direction === 'answer' ? asking.passesAnswer(rule) : undefined;
  if (approval !== undefined) {
    findings.add({ direction, guard, rule, action: 'flag', approval });
    return;
  }
  asking.note(direction, { guard, rule }, around);
  if (direction === 'answer') findings.add({ direction, guard, rule, action: 'ask' });
}

/** Of an answer in which something asks, nothing more passes. */
function heldBack(stage: Stage, { allowed, asking }: Inspected): Stage {
  const passed = (bytes: Buffer): Buffer => {
    const [first] = asking.asked('answer');
    if (first === undefined) return bytes;
    asking.isHeldBack = true;
    throw blocked(allowed.service.name, { direction: 'answer', rule: first.rule });
  };
  return {
    changesLength: stage.changesLength,
    mayCut: stage.mayCut === true,
    push: (chunk) => passed(stage.push(chunk)),
    end: () => passed(stage.end()),
  };
}

function guardOf(rule: string): 'schema' | 'text' {
  return rule === 'answer-schema' ? 'schema' : 'text';
}

/** A canary and a wrapping are of one agent at one service. */
function whoseOf({ allowed }: Inspected): string {
  return `${allowed.service.id} ${allowed.caller.agent.id}`;
}

function isCoded({ headers }: BodyContext): boolean {
  const coding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? '';
  return coding !== '' && coding.trim().toLowerCase() !== 'identity';
}

/** Two stages as one. */
function inTurn([first, second]: readonly Stage[]): Stage | undefined {
  if (first === undefined || second === undefined) return first;
  const both = (chunk: Buffer) => (chunk.length === 0 ? chunk : second.push(chunk));
  return {
    changesLength: first.changesLength || second.changesLength,
    mayCut: first.mayCut === true || second.mayCut === true,
    push: (chunk) => both(first.push(chunk)),
    end: () => Buffer.concat([both(first.end()), second.end()]),
  };
}

function blocked(
  service: string,
  { direction, rule }: { readonly direction: Direction; readonly rule: string },
): Problem {
  const said =
    direction === 'request'
      ? `The call holds text that is not handed to ${service} (${rule}). It was not sent on. Leave that text out.`
      : `The answer of ${service} held text that is not handed on (${rule}), so it was cut. The call itself was made: do not repeat it for that.`;
  return new Problem('text-blocked', { detail: said, extensions: { rule } });
}

function unreadable(what: string): Problem {
  return new Problem('text-blocked', {
    detail: `${what} can not be looked into, and this service has text refused. Send it plainly.`,
    extensions: { rule: 'unreadable' },
  });
}
