import { worstExit } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { memoryToJson } from '../format/json-report.js';
import { formatMemory } from '../format/memory.js';
import type { MemInvocation } from '../typed/actions/mem.js';
import type { Connected } from '../session.js';

export async function mem({ api, deps, options, style, signal }: Connected, { selectors, tree, pss }: MemInvocation): Promise<number> {
  const report = await api.memory({ selectors, tree, pss }, signal);
  deps.terminal.out(options.json ? toLine(memoryToJson(report)) : formatMemory(report, style));
  return worstExit([report.exit]);
}
