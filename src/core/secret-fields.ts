// Which fields of a JSON value an upstream may freely say: who somebody is, and where. They are placed like any other, but
// looked for in answers they would redact names and addresses everywhere.

const PUBLIC_FIELD =
  /^(?:id|name|user|username|login|email|account|org|organization|tenant|project|team|workspace|host|hostname|domain|region|site|url|instance|port|(?:[a-z0-9_]*(?:_id|_url|_name|_email|_user))|(?:[a-z0-9]+[A-Z])?[A-Za-z0-9]*(?:Id|Url|Name|Email|User))$/;
const SECRET_WORD = /key|secret|token|password|passphrase/i;

/** Whether a field of that name is looked for in answers. A name says so: `token_id` is secret, `client_id` is not. */
export function isSecretField(name: string): boolean {
  return SECRET_WORD.test(name) || !PUBLIC_FIELD.test(name);
}
