// JSON Schemas (2020-12) of the contracts, for the OpenAPI document. What has an id of its own in zod's registry becomes a
// component and is referred to; everything else stands where it is used.
import { z } from 'zod';
import type { Contract } from '../operations/contract.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ContractSchemas {
  readonly input: JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> };
  /** Names of the fields of the input that must be sent. */
  readonly required: readonly string[];
  readonly output: JsonSchema;
}

export interface Schemas {
  readonly contracts: ReadonlyMap<Contract, ContractSchemas>;
  readonly components: Readonly<Record<string, JsonSchema>>;
}

export function schemasOf(contracts: readonly Contract[]): Schemas {
  const inputs = convert(contracts, 'input');
  const outputs = convert(contracts, 'output');
  const found = new Map<Contract, ContractSchemas>();
  for (const contract of contracts) {
    const input = inputs.schemas[contract.name] ?? {};
    const output = outputs.schemas[contract.name] ?? {};
    found.set(contract, {
      input: { ...input, properties: (input['properties'] ?? {}) as Record<string, JsonSchema> }, // inputs are objects
      required: (input['required'] ?? []) as readonly string[],
      output: withoutShownOnce(contract, output),
    });
  }
  return { contracts: found, components: { ...inputs.components, ...outputs.components } };
}

/** Of an input that belongs to no contract; what has a name is among the components of those. */
export function inputSchemaOf(input: z.ZodObject): JsonSchema {
  const {
    $schema: _dialect,
    $defs: _named,
    ...schema
  } = z.toJSONSchema(input, {
    io: 'input',
    override: ({ jsonSchema }) => shorten(jsonSchema),
  });
  return referring(schema) as JsonSchema;
}

/** A member that is told once is missing where a repeated request is answered. */
function withoutShownOnce({ shownOnce = [] }: Contract, output: JsonSchema): JsonSchema {
  if (shownOnce.length === 0) return output;
  const required = (output['required'] ?? []) as readonly string[];
  return { ...output, required: required.filter((name) => !shownOnce.includes(name)) };
}

/** One conversion of all of them together, in which zod tells apart what is named. */
function convert(contracts: readonly Contract[], io: 'input' | 'output') {
  const all = z.object(Object.fromEntries(contracts.map((contract) => [contract.name, contract[io]])));
  const { properties = {}, $defs = {} } = z.toJSONSchema(all, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => shorten(jsonSchema),
  });
  const schemas = referring(properties) as Record<string, JsonSchema>;
  const components = referring($defs) as Record<string, JsonSchema>;
  return { schemas, components };
}

const MOMENT_PATTERN = z.toJSONSchema(z.iso.datetime()).pattern;

/** Leaves out what says nothing: the bounds of exact numbers, and the pattern by which zod reads a `date-time`. */
function shorten(schema: Record<string, unknown>): void {
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['format'] === 'date-time' || schema['pattern'] === MOMENT_PATTERN) delete schema['pattern'];
  delete schema['id'];
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : referring(inner),
    ]),
  );
}
