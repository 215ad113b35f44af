import type { SampleStore } from '../history/samples.js';
import { messageOf } from '../../shared/errors.js';
import type { ServiceReport } from '../../shared/model/check-report.js';

/** The reports, with how fast the memory of each process grows. Without the history they are told all the same, with a complaint. */
export function createGrowth(
  samples: Pick<SampleStore, 'growthKbPerH'>,
): (reports: readonly ServiceReport[], complaints: string[]) => Promise<ServiceReport[]> {
  return async (reports, complaints) => {
    const grown: ServiceReport[] = [];
    try {
      for (const report of reports) grown.push(await withGrowth(report));
      return grown;
    } catch (error) {
      complaints.push(messageOf(error));
      return [...reports];
    }
  };

  async function withGrowth(report: ServiceReport): Promise<ServiceReport> {
    const { memory, at, name } = report;
    if (memory?.ok !== true || at === null) return report;
    const of = { service: name, process: memory.process, startedAt: at - memory.uptimeS * 1000 };
    return { ...report, memory: { ...memory, growthKbPerH: await samples.growthKbPerH(of, at) } };
  }
}
