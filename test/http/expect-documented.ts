// Holds an answer to what an OpenAPI document says of it: status, headers, media type and body.
import { validate } from '@hyperjump/json-schema/openapi-3-1';
import { expect } from 'vitest';
import type { Answer, Document, ResponseObject } from './openapi-shapes.ts';

/** `id`: under which the document is registered as a schema. */
export interface Described {
  readonly document: Document;
  readonly id: string;
}

export async function expectDocumented(
  { document, id }: Described,
  operationId: string,
  { status, headers, data }: Answer,
): Promise<void> {
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, one]) =>
      one.operationId === operationId ? [{ path, method, one }] : [],
    ),
  )[0];
  if (found === undefined) throw new Error(`no operation ${operationId}`);
  const key = String(status) in found.one.responses ? String(status) : 'default';
  const { $ref } = found.one.responses[key] ?? {};
  expect([operationId, status, found.one.responses[key]]).not.toContain(undefined);
  const pointer = $ref ?? `#/paths/${escaped(found.path)}/${found.method}/responses/${key}`;
  const response = at(document, pointer) as ResponseObject;
  for (const [name, { $ref: header = '' }] of Object.entries(response.headers ?? {})) {
    const isRequired = (at(document, header) as { required?: boolean } | undefined)?.required === true;
    if (isRequired)
      expect([operationId, status, Object.keys(headers)]).toEqual([
        operationId,
        status,
        expect.arrayContaining([name.toLowerCase()]),
      ]);
  }
  const type = headers['content-type']?.split(';')[0] ?? '';
  const media = response.content?.[type] === undefined ? '*/*' : type;
  if (response.content === undefined) return;
  expect([operationId, status, type, Object.keys(response.content)]).toEqual([
    operationId,
    status,
    type,
    expect.arrayContaining([media]),
  ]);
  if (response.content[media]?.schema === undefined) return;
  const schema = `${id}${pointer}/content/${escaped(media)}/schema`;
  expect([operationId, data, await validate(schema, data as never, 'BASIC')]).toEqual([
    operationId,
    data,
    { valid: true },
  ]);
}

function at(document: Document, pointer: string): unknown {
  let value: unknown = document;
  for (const name of pointer.slice(2).split('/')) {
    value = (value as Readonly<Record<string, unknown>>)[
      decodeURI(name).replaceAll('~1', '/').replaceAll('~0', '~')
    ];
  }
  return value;
}

/** As a segment of a JSON pointer in a URI (RFC 6901 §6). */
function escaped(name: string): string {
  return encodeURI(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
