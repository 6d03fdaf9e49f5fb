// A tool for one action of a granted service, made from the catalogue. It makes calls of that action and of no other; what
// the agent may do is decided by the broker all the same.
import { z } from 'zod';
import { canonicalAddress, EVERY_OPT_IN } from '../../core/address.ts';
import { type AddressPattern, matchesPattern } from '../../core/address-pattern.ts';
import { Problem } from '../../core/problem.ts';
import type { GrantedAction, GrantedService } from '../granted.ts';
import { type CallInput, makeCall, type QueryValue } from '../make-call.ts';
import { type Tool, tool } from '../tool.ts';
import { Body, Headers, MaxBytes, Query } from './call-service.ts';

export function actionTool({ service, entry }: GrantedService, action: GrantedAction): Tool {
  const { name, risk, summary, patterns } = action;
  const shape = shapeOf(patterns);
  return tool({
    name: `${service.name}_${name}`,
    title: `${entry?.name ?? service.name}: ${name}`,
    description: `${summary} (${risk}) ${describe(patterns)}`,
    input: z.strictObject({
      ...shape.fields,
      query: Query,
      headers: Headers,
      ...bodyField(patterns),
      max_bytes: MaxBytes,
    }),
    annotations: {
      readOnlyHint: risk === 'read',
      destructiveHint: risk !== 'read' && risk !== 'write',
      openWorldHint: true,
    },
    call: (context, input) => {
      const fields: Readonly<Record<string, unknown>> = input;
      const call = { service: service.name, ...shape.target(fields), ...restOf(fields) };
      requireWithin(call, action);
      return makeCall(context, call);
    },
  });
}

type Target = Pick<CallInput, 'method' | 'path'>;

interface Shape {
  readonly fields: z.ZodRawShape;
  readonly target: (input: Readonly<Record<string, unknown>>) => Target;
}

/** One plain address: a field for each `{name}` of it. Anything else: the method and the path. */
function shapeOf(patterns: readonly AddressPattern[]): Shape {
  const [only] = patterns;
  if (only !== undefined && patterns.length === 1 && !only.isOpen && only.method !== '*')
    return filledShape(only);
  const methods = [...new Set(patterns.map(({ method }) => method))];
  const [first = 'GET'] = methods;
  const method = methods.includes('*') ? z.string().max(16) : z.enum(methods).default(first);
  return {
    fields: { method, path: z.string().min(1).max(20_000).describe('One of the addresses of this action.') },
    target: (input) => ({ method: String(input['method']), path: String(input['path']) }),
  };
}

function filledShape({ method, segments, trailingSlash }: AddressPattern): Shape {
  const names = segments.flatMap((segment) => (segment.kind === 'parameter' ? [segment.name] : []));
  const value = z.union([z.string().min(1).max(1024), z.number()]);
  return {
    fields: Object.fromEntries(names.map((name) => [fieldName(name), value])),
    target: (input) => {
      const texts = segments.map((segment) =>
        segment.kind === 'literal'
          ? segment.text
          : `${encodeURIComponent(String(input[fieldName(segment.name)]))}${segment.suffix}`,
      );
      return { method, path: `/${texts.join('/')}${trailingSlash && texts.length > 0 ? '/' : ''}` };
    },
  };
}

const TAKEN: ReadonlySet<string> = new Set(['query', 'headers', 'body', 'max_bytes']);

function fieldName(name: string): string {
  return TAKEN.has(name) ? `${name}_` : name;
}

function bodyField(patterns: readonly AddressPattern[]): z.ZodRawShape {
  return patterns.every(({ method }) => method === 'GET' || method === 'HEAD') ? {} : { body: Body };
}

function describe(patterns: readonly AddressPattern[]): string {
  const texts = patterns.slice(0, 8).map(({ text }) => text);
  return `Calls ${texts.join(', ')}${patterns.length > texts.length ? ' and more' : ''}.`;
}

/** The schema has checked them. */
function restOf(input: Readonly<Record<string, unknown>>): Omit<CallInput, 'service' | 'method' | 'path'> {
  return {
    query: input['query'] as Readonly<Record<string, QueryValue>> | undefined,
    headers: input['headers'] as Readonly<Record<string, string>> | undefined,
    body: input['body'],
    maxBytes: input['max_bytes'] as number,
  };
}

function requireWithin({ method, path }: Target, { name, patterns }: GrantedAction): void {
  const address = canonicalAddress(path, EVERY_OPT_IN); // what the service takes is asked when it is called
  if (patterns.some((pattern) => matchesPattern(pattern, method, address))) return;
  throw new Problem('invalid-request', {
    detail: `That address is not one of the action ${name}: ${describe(patterns)} Others are called with call_service.`,
  });
}
