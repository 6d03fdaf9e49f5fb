// Which bodies are text, by their media type. What does not say what it is counts as text.

const TEXT =
  /^(?:text\/|multipart\/|message\/|application\/(?:json|xml|javascript|ecmascript|graphql|x-www-form-urlencoded|x-ndjson|ndjson|jsonl|json-seq|yaml|x-yaml|toml|sql|csv|rtf|x-sh|ld\+json)$)|[/+](?:json|xml|yaml|x-ndjson)$/;

export function isText(contentType: string): boolean {
  return contentType === '' || TEXT.test(contentType);
}
