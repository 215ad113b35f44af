import type { Sample } from '../history/samples.js';
import type { ServiceReport } from '../../shared/model/check-report.js';

/** What of a report is kept as a sample. `path`: the page that its clients were asked for. */
export function sampleOf({ name, at, state, type, tcp, http, memory }: ServiceReport, path: string): Sample | null {
  if (at === null) return null;
  return {
    service: name,
    at,
    state,
    process: memory?.ok === true ? memory.process : null,
    rssKb: memory?.ok === true ? memory.rssKb : null,
    tcpMs: tcp?.ok === true ? tcp.ms : null,
    url: type === 'ZeoClient' ? `/${path.replace(/^\/+/, '')}` : null,
    httpStatus: http?.ok === true ? http.status : (http?.status ?? null),
    httpMs: http?.ok === true ? http.ms : null,
  };
}
