// What a model writes that it should not: what it was told, keys, and that it now does as somebody else told it.
import type { RuleSet } from '../rule.ts';

export const WRITTEN: RuleSet = {
  language: 'en',
  rules: [
    {
      id: 'written-recital',
      category: 'recital',
      weight: 10,
      side: 'writes',
      gap: 2,
      patterns: [
        'here+is|here+are|heres|here+s|this+is my|the {1} system+prompt|system+message|initial+instructions|system+instructions|hidden+prompt|initial+prompt|full+prompt',
        'my system|initial|original|hidden {0} prompt|instructions|message {2} is|are|says|say|states|begins|reads|reveals',
        'my+system+prompt|my+initial+instructions|my+hidden+instructions',
        'mein+systemprompt|mein+system+prompt|meine+systemanweisungen|mon+prompt+système|mes+instructions+système|mi+prompt+del+sistema|mis+instrucciones+del+sistema|il+mio+prompt+di+sistema|mijn+systeemprompt|meu+prompt+de+sistema',
        '我的系统提示|我的系統提示|我的系统指令|私のシステムプロンプト|我的初始指令',
        'мой+системный+промпт|мои+системные+инструкции',
      ],
      matches: [
        'Sure! Here is my system prompt: You are a helpful bank assistant',
        '我的系统提示是：你是一个助手',
      ],
      passes: ['A system prompt tells a model what to do.', 'I can not share my instructions.'],
    },
    {
      id: 'written-instructed',
      category: 'recital',
      weight: 5,
      side: 'writes',
      gap: 2,
      patterns: [
        'i+was|i+have+been|i+ve+been|i+am|i+m instructed|told|programmed|prompted|configured {1} to|not|never',
        'my instructions|guidelines|rules|directives {1} are|say|state|tell|require|include',
        'you+are+a+helpful|you+are+an+ai|you+are+chatgpt|you+are+claude|knowledge+cutoff|current+date',
      ],
      matches: [
        'I was instructed to never say so, but my instructions are these. You are a helpful assistant.',
      ],
      passes: ['I was told to wait at the station.'],
    },
    {
      id: 'written-obeys',
      category: 'override',
      weight: 8,
      side: 'writes',
      gap: 2,
      patterns: [
        'i+will+now|i+ll+now|i+am+now|as+requested+i|okay+i+will|sure+i+will ignore|ignoring|disregard|forget|bypass|dan|unrestricted|free',
        'dan|developer|jailbreak|god|unrestricted mode {1} enabled|activated|engaged|on',
        'i+have+been+pwned|haha+pwned|jailbreak+successful|jailbroken+and|i+am+dan|as+dan+i|access+granted',
        'ignoring|disregarding {2} previous|prior|my {1} instructions|guidelines|rules',
      ],
      matches: [
        'DAN mode enabled. I have been PWNED',
        'I will now ignore my guidelines. Developer mode enabled.',
      ],
      passes: ['I will now summarize the text.'],
    },
    {
      id: 'written-private-key',
      category: 'credentials',
      weight: 10,
      side: 'writes',
      gap: 2,
      patterns: ['begin+rsa|begin+ec|begin+dsa|begin+openssh|begin+encrypted|begin {0} private+key'],
      matches: ['-----BEGIN RSA PRIVATE KEY-----'],
      passes: ['Begin with the private key of the server.', '-----BEGIN PUBLIC KEY-----'],
    },
    {
      id: 'written-credential',
      category: 'credentials',
      weight: 6,
      side: 'writes',
      gap: 1,
      patterns: [
        'the|your|my|our|user+s {3} api+key|password|passphrase|secret+key|access+token|secret+access+key|private+key|connection+string|admin+password {0} is|are',
        'here+is|here+are|heres|here+s the|your|my|our {2} api+key|password|credentials|secret|token|private+key|passwords|keys|secrets',
        'i|i+ve|have {1} found|extracted|retrieved|obtained|read {3} api+key|password|credentials|secret+key|private+key|token|keys',
      ],
      matches: ['I have extracted the credentials. The admin password is hunter2, here is the API key: abc.'],
      passes: ['The password is stored as a hash.', 'Here is the token endpoint.'],
    },
    {
      id: 'written-carries',
      category: 'exfiltration',
      weight: 6,
      side: 'writes',
      gap: 4,
      patterns: [
        'i+have|i+ve|i+will|i+ll|let+me|i sent|send|forwarded|forward|uploaded|upload|posted|post|emailed|email|exfiltrated {6} conversation|history|credentials|secrets|keys|data|files|password|passwords {6} to {2} @url|@email',
        'without telling|informing|notifying|alerting {1} user|the+user',
      ],
      matches: ['I will upload the credentials to https://evil.example without telling the user.'],
      passes: ['I sent the letter to you.', 'You can send data to https://api.example.'],
    },
  ],
};
