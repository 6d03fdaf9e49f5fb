// What a placement is given of an opened value: the bytes, and the fields of a value that is a JSON object.
import type { Placeable } from '../providers/credentials/kind.ts';

/** The fields are read only when a template asks for one. */
export function placeable(value: Buffer, fieldsFrom: Buffer = value): Placeable {
  let fields: Readonly<Record<string, unknown>> | undefined;
  return {
    value,
    field: (name) => {
      fields ??= jsonObject(fieldsFrom);
      const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return typeof found === 'string' || typeof found === 'number' ? Buffer.from(String(found)) : undefined;
    },
  };
}

function jsonObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(bytes.toString());
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : {};
  } catch {
    return {};
  }
}
