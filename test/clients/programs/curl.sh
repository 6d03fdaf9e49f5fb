#!/bin/sh
# The calls of `main.js`, with curl.
ask() { # step, content, more flags…
  step=$1 content=$2
  shift 2
  body=$(curl -sS -w '\n%{http_code}' "$@" -H "Authorization: Bearer $OPENAI_API_KEY" -H 'content-type: application/json' \
    -d "{\"model\":\"gpt-test\",\"messages\":[{\"role\":\"user\",\"content\":\"$content\"}],\"stream\":$stream}" \
    "$OPENAI_BASE_URL$path")
  printf '%s' "$body" | python3 -c '
import json, sys
body, _, status = sys.stdin.read().rpartition("\n")
status = int(status)
outcome = {"text": body} if status < 400 else {"error": ["curl"], "status": status, "message": body}
print(json.dumps({"step": sys.argv[1], **outcome}))' "$step"
}
path=/chat/completions stream=false
ask plain step-plain
stream=true
ask stream step-plain -N
stream=false
ask fail step-fail
path=/models
ask refused step-plain
path=/chat/completions
ask echo step-echo
