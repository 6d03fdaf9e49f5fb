// The OpenAPI document by itself: valid, whole, and without the same thing said twice.
import { describe, expect, it } from 'vitest';
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { PROBLEMS } from '../../src/core/problem.ts';
import { openApiDocument } from '../../src/http/openapi-document.ts';
import { CONTRACTS } from '../../src/operations/contracts.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };

const document = JSON.parse(
  JSON.stringify(openApiDocument({ version: '1.2.3', publicUrl: 'https://doorward.test' })),
) as JsonObject; // JSON.stringify writes JSON

/** Every object of the document with the path to it. */
function* objectsOf(value: Json, path = '#'): Generator<readonly [string, JsonObject]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value];
  for (const [name, inner] of Object.entries(value)) yield* objectsOf(inner, `${path}/${name}`);
}

function at(reference: string): Json | undefined {
  let value: Json | undefined = document;
  for (const name of reference.slice(2).split('/')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

const operations = [...objectsOf(document['paths'] ?? null)].filter(
  ([, { operationId, responses }]) => operationId !== undefined && responses !== undefined, // a link has no answers
);

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await validate('https://spec.openapis.org/oas/3.1/schema-base', document, 'BASIC')).toEqual({
      valid: true,
    });
  });

  it('says its version and its address', () => {
    expect(document).toMatchObject({
      info: { version: '1.2.3' },
      servers: [{ url: 'https://doorward.test' }],
    });
  });

  it('refers to what is there, and has nothing that is not referred to', () => {
    const references = [...objectsOf(document)].flatMap(([, { $ref }]) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.filter((reference) => at(reference) === undefined)).toEqual([]);
    const components = Object.entries(document['components'] as JsonObject)
      .filter(([kind]) => kind !== 'securitySchemes') // named by `security`, not by a reference
      .flatMap(([kind, group]) =>
        Object.keys(group as JsonObject).map((name) => `#/components/${kind}/${name}`),
      );
    expect(components.filter((name) => !references.includes(name))).toEqual([]);
  });

  it('has every operation once, under a name of its own', () => {
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
    const paths = document['paths'] as Record<string, JsonObject>;
    const missing = CONTRACTS.filter(({ method, path }) => paths[path]?.[method.toLowerCase()] === undefined);
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('gives a schema that is used twice a name', () => {
    const seen = new Map<string, string[]>();
    for (const [path, object] of objectsOf(document)) {
      const fields = object['properties'];
      const isRecord = object['type'] === 'object' && typeof fields === 'object' && fields !== null;
      if (!isRecord || Object.keys(fields).length < 4 || path.includes('/examples/')) continue;
      const text = JSON.stringify(object);
      seen.set(text, [...(seen.get(text) ?? []), path]);
    }
    expect([...seen.values()].filter((paths) => paths.length > 1)).toEqual([]);
  });

  it('says of every field what it holds', () => {
    const fields = [...objectsOf(document)].filter(([path]) => /\/properties\/\w+$/.test(path));
    expect(fields.filter(([, schema]) => Object.keys(schema).length === 0).map(([path]) => path)).toEqual([]);
  });

  it('has for every answer that is a refusal the problem with its codes, and for nothing another', () => {
    for (const [path, { responses }] of operations) {
      for (const [status, response] of Object.entries(responses as JsonObject)) {
        const { $ref } = response as JsonObject;
        const found = (typeof $ref === 'string' ? at($ref) : response) as JsonObject;
        const content = found['content'] as Record<string, JsonObject> | undefined;
        const problem = content?.['application/problem+json']?.['examples'];
        const codes = Object.keys((problem ?? {}) as JsonObject) as (keyof typeof PROBLEMS)[]; // the next line tells
        expect([path, codes.map((code) => String(PROBLEMS[code].status))]).toEqual([
          path,
          codes.map(() => status),
        ]);
        if (Number(status) < 400) expect([path, status, codes]).toEqual([path, status, []]);
      }
    }
  });

  it('says for every operation who may ask', () => {
    const schemes = Object.keys(
      (document['components'] as Record<string, JsonObject>)['securitySchemes'] ?? {},
    );
    for (const [path, { security }] of operations) {
      const named = (security as JsonObject[] | undefined)?.flatMap((one) => Object.keys(one));
      expect([path, named?.filter((name) => !schemes.includes(name))]).toEqual([path, []]);
      const isPublic =
        !path.startsWith('#//v1/') && !path.startsWith('#//call/') && !path.startsWith('#//oauth/');
      expect([path, named?.length === 0]).toEqual([path, isPublic]);
    }
  });
});
