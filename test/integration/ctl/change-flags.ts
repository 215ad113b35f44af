import type { RepairDecision } from '../../../shared/model/repair.js';
import type { LockHolder } from '../../../shared/model/lock.js';
import type { FlagCase, FlagCases } from './flag-cases.js';

/** Whoever held the lock is gone. */
const STALE: LockHolder = {
  ...{ what: 'op-0', by: 'alice@web1', host: 'web1', pid: 4242, since: '2024-09-25T14:00:00.000Z' },
  ...{ alive: false, why: 'there is no process 4242' },
};
const DOWN: RepairDecision = { service: 'zeoclient1.1', state: 'critical', action: 'start', reason: 'it does not answer' };

const ofEveryRoll = (action: 'start' | 'restart' | 'stop'): Record<string, FlagCase> => ({
  '-s': { line: `${action} -s zeoclient1.1, zeoclient1.2`, request: { action, selectors: ['zeoclient1.1', 'zeoclient1.2'] } },
  '--dry-run': { line: `${action} --dry-run`, calls: [`plan ${action}`], out: /zeoclient2\.2/ },
  '--yes': { line: `${action} --yes`, request: { action, oldForm: true } },
  '--force': { line: `${action} zeoclient1.1 --force`, request: { action, force: true } },
  '-r': { line: `${action} zeoclient1.1 -r`, script: { holder: STALE }, calls: ['removeLock', `run ${action}`], err: /op-0 by alice@web1/ },
  '--no-mail': { line: `${action} zeoclient1.1 --no-mail`, request: { action, noMail: true } },
  '--batch': { line: `${action} zeoclient1.1 --batch 50%`, request: { action, batch: '50%' } },
  '--max-fail': { line: `${action} zeoclient1.1 --max-fail 2`, request: { action, maxFail: 2 } },
  '--deadline': { line: `${action} zeoclient1.1 --deadline 2h`, request: { action, deadlineS: 7200 } },
});

const ofEveryStart = (action: 'start' | 'restart'): Record<string, FlagCase> => ({
  ...ofEveryRoll(action),
  '-u': { line: `${action} -u /news`, request: { action, path: '/news' } },
  '-R': { line: `${action} -R`, request: { action, rotate: true } },
  '-P': { line: `${action} -P`, request: { action, purge: true } },
  '--canary': { line: `${action} --canary 1`, request: { action, canary: 1 } },
  '--canary-wait': { line: `${action} --canary 1 --canary-wait 10m`, request: { action, canary: 1, canaryWaitS: 600 } },
  '--min-healthy': { line: `${action} --min-healthy 30s`, request: { action, minHealthyS: 30 } },
});

/** Options of what changes the cluster. */
export const CHANGE_FLAGS: FlagCases = {
  start: ofEveryStart('start'),
  restart: ofEveryStart('restart'),
  stop: ofEveryRoll('stop'),
  repair: {
    '-s': { line: 'repair -s zeoclient1.1', request: { action: 'repair', selectors: ['zeoclient1.1'] } },
    '--explain': { line: 'repair --explain', script: { decisions: [DOWN] }, calls: ['plan repair'], out: /it does not answer/, exit: 1 },
    '--dry-run': { line: 'repair --dry-run', script: { decisions: [DOWN] }, calls: ['plan repair'], out: /it does not answer/, exit: 1 },
    '-r': { line: 'repair -r', script: { holder: STALE }, calls: ['removeLock', 'run repair'], err: /op-0 by alice@web1/ },
    '--no-mail': { line: 'repair --no-mail', request: { action: 'repair', noMail: true } },
  },
  rotate: {
    '-s': { line: 'rotate -s zeoclient1.1', request: { action: 'rotate', selectors: ['zeoclient1.1'] } },
    '--dry-run': { line: 'rotate --dry-run', calls: ['plan rotate'], out: /rotate would do this; nothing was touched/ },
    '-r': { line: 'rotate -r', script: { holder: STALE }, calls: ['removeLock', 'run rotate'], err: /op-0 by alice@web1/ },
    '--no-mail': { line: 'rotate --no-mail', request: { action: 'rotate', noMail: true } },
  },
  purge: {
    '-s': { line: 'purge --yes -s zeoclient1.1', request: { action: 'purge', selectors: ['zeoclient1.1'] } },
    '--dry-run': { line: 'purge --dry-run', calls: ['plan purge'], out: /purge would do this; nothing was touched/ },
    // Without it it asks the plan first, and refuses where nobody can be asked.
    '--yes': { line: 'purge --yes', calls: ['run purge'] },
    '-r': { line: 'purge --yes -r', script: { holder: STALE }, calls: ['removeLock', 'run purge'], err: /op-0 by alice@web1/ },
    '--no-mail': { line: 'purge --yes --no-mail', request: { action: 'purge', noMail: true } },
  },
  'balancer out': {
    '-s': { line: 'balancer out -s zeoclient1.1', order: { wanted: 'out', selectors: ['zeoclient1.1'] } },
    '--for': { line: 'balancer out zeoclient1.1 --for 90m', order: { wanted: 'out', forS: 5400 } },
    '--reason': { line: 'balancer out zeoclient1.1 --reason disk', order: { wanted: 'out', reason: 'disk' } },
    '--force': { line: 'balancer out zeoclient1.1 --force', order: { wanted: 'out', force: true } },
  },
  'balancer in': {
    '-s': { line: 'balancer in -s zeoclient1.1', order: { wanted: 'in', selectors: ['zeoclient1.1'] } },
    '--force': { line: 'balancer in zeoclient1.1 --force', order: { wanted: 'in', force: true } },
  },
  lock: {
    '-r': { line: 'lock -r', script: { holder: STALE }, calls: ['removeLock'], out: /op-0 by alice@web1/ },
    '--force': { line: 'lock -r --force', script: { holder: { ...STALE, alive: true } }, calls: ['removeLock force'], out: /op-0/ },
  },
};
