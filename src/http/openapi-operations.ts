// The administrative operations in the OpenAPI document: parameters, body, answers and problems, from their contracts.
import type { ProblemCode } from '../core/problem.ts';
import type { Contract } from '../operations/contract.ts';
import { ANYWHERE, headers, json, type ProblemResponses } from './openapi-answers.ts';
import type { ContractSchemas, JsonSchema, Schemas } from './openapi-schemas.ts';

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: object;
}

interface Parts extends ContractSchemas {
  readonly contract: Contract;
  readonly schemas: Schemas;
  /** The fields that stand in the path. */
  readonly inPath: readonly string[];
  /** Whether it is about a record with a revision, which ETag and If-Match are made of. */
  readonly isTagged: boolean;
}

export function operationRoutes(schemas: Schemas, problems: ProblemResponses): Route[] {
  const contracts = [...schemas.contracts.keys()];
  const tagged = contracts.filter((contract) => contract.method === 'GET' && hasRevision(schemas, contract));
  return contracts.map((contract) => {
    const found = schemas.contracts.get(contract);
    if (found === undefined) throw new Error(`${contract.name} has no schemas`);
    const inPath = [...contract.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const isTagged =
      hasRevision(schemas, contract) ||
      tagged.some(({ path }) => contract.path === path || contract.path.startsWith(`${path}/`));
    const operation = toOperation({ ...found, contract, schemas, inPath, isTagged }, problems);
    return { method: contract.method.toLowerCase(), path: contract.path, operation };
  });
}

function toOperation(parts: Parts, problems: ProblemResponses): object {
  const { contract } = parts;
  const [noun = ''] = contract.name.split('.');
  const body = bodyOf(parts);
  return {
    operationId: operationId(contract.name),
    summary: contract.summary,
    description: `Needs the permission \`${contract.permission}\`.`,
    tags: [noun],
    security: [{ adminToken: [] }],
    parameters: parametersOf(parts),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...problems.of(problemsOf(parts)), ...successOf(parts) },
  };
}

function successOf(parts: Parts): object {
  const { contract, isTagged } = parts;
  const creates = contract.creates === true;
  const tag = isTagged && contract.method !== 'DELETE' ? ['ETag'] : [];
  const always = ['X-Request-Id', 'X-Client-Request-Id', 'Doorward-Source', 'Cache-Control'];
  const more = [
    ...tag,
    ...(creates ? ['Location', 'Idempotent-Replayed'] : []),
    ...(isList(parts) ? ['Link'] : []),
    ...(contract.file === undefined ? [] : ['Doorward-Estimated-Bytes']),
  ];
  const success = {
    description: contract.summary,
    headers: headers(...always, ...more),
    content: contract.file === undefined ? json(parts.output) : { [contract.file]: {} },
    ...linksOf(parts),
  };
  if (!isConditional(parts)) return { [creates ? '201' : '200']: success };
  return {
    '200': success,
    '304': { description: 'It is as it was.', headers: headers(...always, ...tag) },
  };
}

/** A record that is asked for again by who knows its tag. */
function isConditional({ contract, isTagged }: Parts): boolean {
  return contract.method === 'GET' && isTagged;
}

/** `secret.create` → `secretCreate`, a name in every language. */
function operationId(name: string): string {
  return name.replaceAll(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

function parametersOf(parts: Parts): object[] {
  const { contract, input, required, inPath, isTagged } = parts;
  const fields = Object.entries(input.properties);
  const inQuery = contract.method === 'GET' ? fields.filter(([name]) => !inPath.includes(name)) : [];
  const examples = pathExamples(parts);
  return [
    ...inPath.map((name) => ({
      name,
      in: 'path',
      required: true,
      ...described(input.properties[name] ?? {}),
      ...(name in examples ? { example: examples[name] } : {}),
    })),
    ...inQuery.map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...described(schema),
    })),
    ...(contract.creates === true ? [parameter('IdempotencyKey')] : []),
    ...(isTagged && isChange(contract) && contract.creates !== true ? [parameter('IfMatch')] : []),
    ...(isConditional(parts) ? [parameter('IfNoneMatch')] : []),
  ];
}

/** A parameter has its description beside its schema. */
function described({ description, ...schema }: JsonSchema): object {
  return { ...(description === undefined ? {} : { description }), schema };
}

export function parameter(name: 'IdempotencyKey' | 'IfMatch' | 'IfNoneMatch'): object {
  return { $ref: `#/components/parameters/${name}` };
}

/** The names in the path as the example of a create has them: of the record's own, else of one that has all of them. */
function pathExamples({ contract, inPath, schemas }: Parts): Readonly<Record<string, unknown>> {
  const creates = [...schemas.contracts].filter(([{ creates }]) => creates === true);
  const own = creates.filter(([{ path }]) => contract.path.startsWith(`${path}/`));
  const examples = [...own, ...creates].flatMap(([, { input }]) => examplesOf(input));
  return examples.find((example) => inPath.every((name) => name in example)) ?? {};
}

function examplesOf(schema: JsonSchema): readonly Readonly<Record<string, unknown>>[] {
  const { examples } = schema;
  return Array.isArray(examples) ? (examples as Record<string, unknown>[]) : []; // of an object
}

function bodyOf({ contract, input, required, inPath }: Parts): object | undefined {
  if (contract.method === 'GET') return undefined;
  const inBody = Object.entries(input.properties).filter(([name]) => !inPath.includes(name));
  if (inBody.length === 0) return undefined;
  const needed = required.filter((name) => !inPath.includes(name));
  const { required: _all, ...rest } = input;
  const examples = examplesOf(input).map((example) => without(example, inPath));
  const schema: JsonSchema = {
    ...rest,
    properties: Object.fromEntries(inBody),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(examples.length === 0 ? {} : { examples }),
  };
  return { required: needed.length > 0, content: json(schema) };
}

function without(fields: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** What an operation of this shape can be refused with, and what its contract adds. */
function problemsOf({ contract, inPath, isTagged }: Parts): ProblemCode[] {
  const codes: ProblemCode[] = [
    ...ANYWHERE,
    'admin-required',
    'forbidden',
    'invalid-input',
    'draining',
    'not-ready',
    'database-unavailable',
    'record-altered',
    ...(contract.problems ?? []),
  ];
  if (inPath.length > 0) codes.push('not-found');
  if (contract.name.startsWith('audit.')) codes.push('audit-unavailable'); // looking is recorded too
  if (!isChange(contract)) return codes;
  codes.push('body-too-large', 'unsupported-media-type', 'audit-unavailable', 'not-settled');
  if (contract.creates === true) codes.push('already-exists', 'idempotency-key-reused');
  else if (isTagged) codes.push('precondition-failed');
  return codes;
}

function isChange({ method }: Contract): boolean {
  return method !== 'GET';
}

/** Its answer leads to the next page. */
function isList({ output, input }: Parts): boolean {
  const members = output['properties'];
  return (
    'cursor' in input.properties && typeof members === 'object' && members !== null && 'nextCursor' in members
  );
}

/** A create leads to what shows, changes and removes what it made. */
function linksOf({ contract, schemas }: Parts): object {
  if (contract.creates !== true) return {};
  const member = contract.recordMember === undefined ? '' : `${contract.recordMember}/`;
  const next = [...schemas.contracts.keys()].filter(
    ({ path }) =>
      path.startsWith(`${contract.path}/{`) && !path.slice(contract.path.length + 2).includes('{'),
  );
  const links = next.map(({ name, path }) => {
    const field = /\{(\w+)\}/.exec(path)?.[1] ?? '';
    const parameters = { [field]: `$response.body#/${member}${field}` };
    return [operationId(name), { operationId: operationId(name), parameters }];
  });
  return links.length === 0 ? {} : { links: Object.fromEntries(links) };
}

function hasRevision(schemas: Schemas, contract: Contract): boolean {
  let output: JsonSchema | undefined = schemas.contracts.get(contract)?.output;
  const members = output?.['properties'];
  if (contract.recordMember !== undefined && typeof members === 'object' && members !== null) {
    output = (members as Readonly<Record<string, JsonSchema>>)[contract.recordMember];
  }
  const name = typeof output?.['$ref'] === 'string' ? output['$ref'].split('/').at(-1) : undefined;
  const record = name === undefined ? output : schemas.components[name];
  const fields = record?.['properties'];
  return typeof fields === 'object' && fields !== null && 'revision' in fields;
}
