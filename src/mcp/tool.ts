// A tool as the protocol lists and calls it. Its input is one schema, which the listing and the check both come from.
import type { CallToolResult, Tool as ListedTool, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { issueWords } from '../core/issue-words.ts';
import { Problem } from '../core/problem.ts';
import type { ToolContext } from './deps.ts';

export interface Tool {
  readonly listed: ListedTool;
  call(context: ToolContext, input: unknown): Promise<CallToolResult>;
}

interface Definition<I extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly annotations: ToolAnnotations;
  readonly call: (context: ToolContext, input: z.output<I>) => Promise<CallToolResult>;
}

export function tool<I extends z.ZodObject>({ input: schema, call, ...facts }: Definition<I>): Tool {
  const inputSchema = z.toJSONSchema(schema, { io: 'input' }) as ListedTool['inputSchema']; // it is an object's
  return {
    listed: { ...facts, inputSchema },
    call: async (context, input) => {
      const parsed = schema.safeParse(input, { error: issueWords });
      if (!parsed.success) return failed(issuesText(parsed.error));
      try {
        return await call(context, parsed.data);
      } catch (error) {
        if (error instanceof Problem && error.code !== 'internal') return problemResult(context, error);
        throw error;
      }
    },
  };
}

/** What a tool tells as data: the same for people, models and programs. */
export function told(data: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(data) }], structuredContent: data };
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** A refusal, with the problem itself for programs. */
export function problemResult(
  { deps, request }: Pick<ToolContext, 'deps' | 'request'>,
  problem: Problem,
  next?: string,
): CallToolResult {
  const body = problem.toBody(request, deps.operations.server.publicUrl());
  const said = `Doorward refused: ${problem.code}. ${problem.message} (${request})`;
  const text = next === undefined ? said : `${said}\n${next}`;
  return { ...failed(text), _meta: { 'doorward/problem': body } };
}

/** Names and reasons only: a value may stand in the wrong field. */
function issuesText({ issues }: z.ZodError): string {
  const lines = issues.slice(0, 10).map((issue) => {
    return `${issue.path.map(String).join('.').slice(0, 100) || 'arguments'}: ${issue.message}`;
  });
  return `The arguments are not valid: ${lines.join('; ')}.`;
}
