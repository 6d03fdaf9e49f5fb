# The calls of `main.js`, with Python's requests and with its standard library.
import json
import os
import sys
import urllib.error
import urllib.request

import requests

BASE = os.environ["OPENAI_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}


def ask(content, **more):
    return json.dumps({"model": "gpt-test", "messages": [{"role": "user", "content": content}], **more}).encode()


def text_of(answer):
    return answer["choices"][0]["message"]["content"]


def deltas(lines):
    chunks = [line[6:] for line in lines if line.startswith("data: ") and line != "data: [DONE]"]
    return "".join(json.loads(chunk)["choices"][0]["delta"].get("content", "") for chunk in chunks)


def by_requests(content):
    answer = requests.post(BASE + "/chat/completions", headers=HEADERS, data=ask(content), timeout=30)
    answer.raise_for_status()
    return text_of(answer.json())


def stream_by_requests():
    data = ask("step-plain", stream=True)
    answer = requests.post(BASE + "/chat/completions", headers=HEADERS, data=data, stream=True, timeout=30)
    return deltas(answer.iter_lines(decode_unicode=True))


def refused_by_requests():
    requests.get(BASE + "/models", headers=HEADERS, timeout=30).raise_for_status()


def opened(path, data=None):
    return urllib.request.urlopen(urllib.request.Request(BASE + path, data=data, headers=HEADERS), timeout=30)


def by_urllib(content):
    return text_of(json.load(opened("/chat/completions", ask(content))))


def stream_by_urllib():
    return deltas(line.decode().rstrip("\n") for line in opened("/chat/completions", ask("step-plain", stream=True)))


STEPS = {
    "requests": {
        "plain": lambda: by_requests("step-plain"),
        "stream": stream_by_requests,
        "fail": lambda: by_requests("step-fail"),
        "refused": refused_by_requests,
        "echo": lambda: by_requests("step-echo"),
    },
    "urllib": {
        "plain": lambda: by_urllib("step-plain"),
        "stream": stream_by_urllib,
        "fail": lambda: by_urllib("step-fail"),
        "refused": lambda: opened("/models"),
        "echo": lambda: by_urllib("step-echo"),
    },
}

for step, call in STEPS[sys.argv[1]].items():
    try:
        outcome = {"text": call()}
    except (requests.HTTPError, urllib.error.HTTPError) as error:
        status = error.code if isinstance(error, urllib.error.HTTPError) else error.response.status_code
        body = error.read().decode() if isinstance(error, urllib.error.HTTPError) else error.response.text
        classes = [each.__name__ for each in type(error).__mro__ if each is not object]
        outcome = {"error": classes, "status": status, "message": body}
    print(json.dumps({"step": step, **outcome}), flush=True)
