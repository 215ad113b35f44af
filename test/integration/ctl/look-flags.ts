import type { LogResult } from '../../../shared/model/log-search.js';
import type { FlagCase, FlagCases } from './flag-cases.js';

const FOUND: LogResult = {
  exit: 0,
  services: [
    {
      ...{ name: 'zeoclient1.1', host: 'web1', hits: 3, matchingLines: 5, scannedBytes: 20_000, since: null, omitted: 0, notes: [] },
      ...{ why: null, stats: { entries: 9, first: null, last: null, levels: [], messages: [] } },
    },
  ],
};
const script = { logEvents: [{ type: 'result', result: FOUND }] } as const;
const log = (words: string, query: object): FlagCase => ({ line: `log ${words}`, script, query });
const stats = (words: string, query: object): FlagCase => ({ line: `log stats ${words}`, script, query: { output: 'stats', ...query } });

const HALF_FIVE = new Date(2024, 8, 25, 17, 30).getTime();

/** Options of what looks at the cluster and changes nothing. */
export const LOOK_FLAGS: FlagCases = {
  check: {
    '-s': { line: 'check -s pool:1', calls: ['check pool:1'] },
    '-u': { line: 'check -u /news', calls: ['check  /news'] },
    '--nagios': { line: 'check --nagios', calls: ['check'], out: /^CTL OK - 4 services ok \| 'zeoclient1\.1 time'=/ },
    '--no-mail': { line: 'check --no-mail', calls: ['check no-mail'] },
  },
  status: {
    '-s': { line: 'status -s host:web1', calls: ['status host:web1'] },
    '--watch': { line: 'status --watch', interruptAfter: 2, calls: ['status', 'status'], exit: 130, err: /interrupted/ },
  },
  log: {
    '-s': { ...log('-s zeoclient1.1', {}), selectors: 'zeoclient1.1' },
    '-p': log('-p Conflict.*', { what: { kind: 'pattern', pattern: 'Conflict.*', ignoreCase: false } }),
    '-i': log('-p conflict -i', { what: { kind: 'pattern', pattern: 'conflict', ignoreCase: true } }),
    '-f': log('-f', { follow: true, what: { kind: 'every' } }),
    '--tail': log('--tail 7', { tail: 7 }),
    '--level': log('--level warning', { level: 'WARNING' }),
    '--all': log('--all', { range: { kind: 'all', archives: false } }),
    '--archives': log('--archives', { range: { kind: 'all', archives: true } }),
    '--since': log('--since 2024-09-25T17:30', { range: { kind: 'between', since: HALF_FIVE, until: null } }),
    '--until': log('--until 2024-09-25T17:30', { range: { kind: 'between', since: null, until: HALF_FIVE } }),
    '--count': { ...log('--count', { output: 'count' }), out: /5/ },
    '--context': log('-p x --context 2', { context: 2 }),
    '--max': log('-p x --max 10', { max: 10 }),
  },
  'log stats': {
    '-s': { ...stats('-s zeoclient1.1', {}), selectors: 'zeoclient1.1' },
    '--all': stats('--all', { range: { kind: 'all', archives: false } }),
    '--archives': stats('--archives', { range: { kind: 'all', archives: true } }),
    '--since': stats('--since 2024-09-25T17:30', { range: { kind: 'between', since: HALF_FIVE, until: null } }),
    '--until': stats('--until 2024-09-25T17:30', { range: { kind: 'between', since: null, until: HALF_FIVE } }),
  },
  mem: {
    '-s': { line: 'mem -s type:ZeoClient', calls: ['memory type:ZeoClient'] },
    '--tree': { line: 'mem --tree', calls: ['memory  tree'] },
    '--pss': { line: 'mem --pss', calls: ['memory  pss'] },
  },
  perf: { '-s': { line: 'perf -s zeoclient1.1', calls: ['perf zeoclient1.1'] } },
  events: {
    '-s': { line: 'events -s zeoclient1.1', calls: ['incidents zeoclient1.1 open=false since=null'] },
    '--open': { line: 'events --open', calls: ['incidents  open=true since=null'] },
    '--since': { line: 'events --since 2024-09-25T17:30', calls: [`incidents  open=false since=${HALF_FIVE}`] },
  },
  'operations show': { '--follow': { line: 'operations show op-1 --follow', calls: ['events op-1 follow'], out: /completed/ } },
};
