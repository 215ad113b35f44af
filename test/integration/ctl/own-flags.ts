import type { FlagCases } from './flag-cases.js';

/** Lies beside cluster.ini. */
export const OFFLINE_INI = `[cluster]
zeoclients = zeoclient1.1
[connect]
login = admin
passwd = tiger
[zeoclient1.1]
type = ZeoClient
machine = web1
ip = 127.0.0.1
port = 8081
service_name = Zope_1
pool = 1
`;

/** Options of what asks no controller. */
export const OWN_FLAGS: FlagCases = {
  'config show': {
    '--raw': { line: 'config show offline.ini --raw', calls: [], out: /^\[cluster\]\nzeoclients = zeoclient1\.1\n/m },
    '--secrets': { line: 'config show offline.ini --raw --secrets', calls: [], out: /^passwd = tiger$/m },
  },
  'config upgrade': {
    // On a terminal or as JSON they are hidden without it.
    '--secrets': { line: 'config upgrade offline.ini --json --secrets', calls: [], out: /passwd = tiger/ },
  },
  login: {
    '--controller': { line: 'login --controller 127.0.0.1 --token t --ca sha256:00', calls: [], exit: 2, err: /127\.0\.0\.1/ },
    '--token': { line: 'login --controller 127.0.0.1:1 --ca sha256:00', calls: [], exit: 2, err: /login: --token is missing/ },
    '--ca': { line: 'login --controller 127.0.0.1:1 --token t', calls: [], exit: 2, err: /login: --ca is missing/ },
  },
};
