import type { MemoryReport, MemoryRequest, MemoryRow } from '../model/memory-report.js';
import { serviceReportFromWire, serviceReportToWire } from './check-report.js';
import { fromTime, known, toInt64, toUint32 } from './fields.js';
import type { MemoryReport as WireReport, MemoryRequest as WireRequest, MemoryRow as WireRow } from './gen/ctl/v1/memory_report.js';
import { kbFromWire, kbToWire, treeFromWire, treeToWire } from './memory.js';

export const memoryRequestToWire = (request: MemoryRequest): WireRequest => ({ ...request, selectors: [...request.selectors] });
export const memoryRequestFromWire = ({ selectors, tree, pss }: WireRequest): MemoryRequest => ({ selectors, tree, pss });

export const memoryReportToWire = ({ at, exit, services, warnings }: MemoryReport): WireReport => ({
  atMs: toInt64(at, 'time of the measurement'),
  exit: toUint32(exit, 'exit code'),
  services: services.map(rowToWire),
  warnings: [...warnings],
});
export const memoryReportFromWire = ({ atMs, exit, services, warnings }: WireReport): MemoryReport => ({
  at: fromTime(atMs, 'time of the measurement'),
  exit,
  services: services.map(rowFromWire),
  warnings,
});

const rowToWire = ({ report, pss, tree }: MemoryRow): WireRow => ({
  report: serviceReportToWire(report),
  pss: pss === null ? undefined : kbToWire(pss),
  tree: tree === null ? undefined : treeToWire(tree),
});
const rowFromWire = ({ report, pss, tree }: WireRow): MemoryRow => ({
  report: serviceReportFromWire(known(report, 'service', 'nothing')),
  pss: pss === undefined ? null : kbFromWire(pss),
  tree: tree === undefined ? null : treeFromWire(tree),
});
