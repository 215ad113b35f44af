import type { ChildMemory, MemoryQuery, ServiceMemory } from '../model/memory.js';
import { type Measured, unmeasured } from '../model/observation.js';
import { finite, fromDouble, fromInt64, fromProcess, toInt64, toUint32, UNKNOWN_FORM } from './fields.js';
import type {
  ChildMemory as WireChild,
  MeasuredChildren,
  MeasuredKb,
  MemoriesRequest,
  ServiceMemories,
  ServiceMemory as WireMemory,
} from './gen/ctl/v1/memory.js';

type Kb = Measured<{ readonly kb: number }>;
type Tree = Measured<{ readonly children: readonly ChildMemory[] }>;

export const memoriesRequestToWire = (services: readonly string[], { tree, pss }: MemoryQuery): MemoriesRequest => ({
  services: [...services],
  tree,
  pss,
});

export const memoriesToWire = (memories: readonly ServiceMemory[]): ServiceMemories => ({ services: memories.map(memoryToWire) });
export const memoriesFromWire = ({ services }: ServiceMemories): ServiceMemory[] => services.map(memoryFromWire);

function memoryToWire(memory: ServiceMemory): WireMemory {
  const { service } = memory;
  if (!memory.ok && memory.down) return { service, result: { $case: 'down', value: { why: memory.why } } };
  if (!memory.ok) return { service, result: { $case: 'unmeasured', value: { why: memory.why } } };
  const { process, rssKb, uptimeS, pss, tree } = memory;
  const value = {
    process,
    rssKb: toInt64(rssKb, 'RSS'),
    uptimeS: finite(uptimeS, 'uptime'),
    pss: pss === null ? undefined : kbToWire(pss),
    tree: tree === null ? undefined : treeToWire(tree),
  };
  return { service, result: { $case: 'used', value } };
}

function memoryFromWire({ service, result }: WireMemory): ServiceMemory {
  if (result?.$case !== 'used') return { service, ok: false, why: result?.value.why ?? UNKNOWN_FORM, down: result?.$case === 'down' };
  const { process, rssKb, uptimeS, pss, tree } = result.value;
  return {
    service,
    ok: true,
    process: fromProcess(process),
    rssKb: fromInt64(rssKb, 'RSS'),
    uptimeS: fromDouble(uptimeS, 'uptime'),
    pss: pss === undefined ? null : kbFromWire(pss),
    tree: tree === undefined ? null : treeFromWire(tree),
  };
}

export function treeToWire(tree: Tree): MeasuredChildren {
  if (!tree.ok) return { result: { $case: 'unmeasured', value: { why: tree.why } } };
  return { result: { $case: 'children', value: { children: tree.children.map(childToWire) } } };
}

export function treeFromWire({ result }: MeasuredChildren): Tree {
  if (result?.$case !== 'children') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  return { ok: true, children: result.value.children.map(childFromWire) };
}

const childToWire = ({ process, parent, command, rss, pss }: ChildMemory): WireChild => ({
  process,
  parent: toUint32(parent, 'parent of a process'),
  command,
  rss: kbToWire(rss),
  pss: pss === null ? undefined : kbToWire(pss),
});
const childFromWire = ({ process, parent, command, rss, pss }: WireChild): ChildMemory => ({
  process: fromProcess(process),
  parent,
  command,
  rss: rss === undefined ? unmeasured(UNKNOWN_FORM) : kbFromWire(rss),
  pss: pss === undefined ? null : kbFromWire(pss),
});

export const kbToWire = (kb: Kb): MeasuredKb =>
  kb.ok ? { result: { $case: 'kb', value: toInt64(kb.kb, 'memory') } } : { result: { $case: 'unmeasured', value: { why: kb.why } } };

export function kbFromWire({ result }: MeasuredKb): Kb {
  if (result?.$case !== 'kb') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  return { ok: true, kb: fromInt64(result.value, 'memory') };
}
