import { describe, expect, it } from 'vitest';
import { membersOf } from '../../../../agent/services/members.js';
import type { ProcessFacts } from '../../../../agent/services/processes.js';
import { processId } from '../../../../shared/model/process.js';

const process = (pid: number, parent: number, more: Partial<ProcessFacts> = {}): ProcessFacts => ({
  pid,
  id: processId(pid, pid),
  parent,
  cpuTicks: 0,
  group: pid,
  session: pid,
  terminal: 0,
  startTicks: pid,
  ...more,
});
const init = process(1, 0);
const agent = process(50, 1);
const pids = (target: ProcessFacts, others: ProcessFacts[], startedPid: number | null = null, managed = false) =>
  membersOf(target, [init, agent, target, ...others], { startedPid, managed, self: agent.pid }).map(({ pid }) => pid);

describe('membersOf', () => {
  it('takes a service that leads its session with all of that session', () => {
    expect(pids(process(10, 1), [process(11, 10, { session: 10 }), process(12, 1, { session: 10 }), process(13, 1)])).toEqual([10, 11, 12]);
  });

  it('takes descendants that made sessions of their own', () => {
    expect(pids(process(10, 1), [process(11, 10), process(12, 11)])).toEqual([10, 11, 12]);
  });

  it('takes the session of the command that we started, when the service is its child', () => {
    const session = { session: 20, group: 20 };
    expect(pids(process(10, 20, session), [process(20, 50, session), process(21, 1, session)], 20)).toEqual([10, 20, 21]);
  });

  it('takes the daemon that would start the service again', () => {
    const session = { session: 20, group: 20 };
    expect(pids(process(10, 20, session), [process(20, 1, session)])).toEqual([10, 20]);
  });

  it('leaves a service manager alone that starts several services in its session', () => {
    const session = { session: 20 };
    expect(pids(process(10, 20, session), [process(20, 1, session), process(11, 10, session), process(12, 20, session)], 10, true)).toEqual(
      [10, 11],
    );
  });

  it('leaves a neighbour alone that was started from the same login', () => {
    const login = { session: 30, group: 30 };
    expect(pids(process(10, 1, login), [process(11, 10, login), process(12, 1, login)])).toEqual([10, 11]);
  });

  it('leaves the shell alone from which the service was started', () => {
    const login = { session: 30, group: 30, terminal: 34816 };
    expect(pids(process(10, 30, login), [process(30, 1, login), process(12, 30, login)])).toEqual([10]);
  });

  it('never takes the agent, what it runs under, or init', () => {
    const target = process(10, 1, { session: 40, group: 40 });
    const table = [init, process(40, 1, { session: 40, group: 40 }), process(50, 40, { session: 40, group: 40 }), target];
    expect(membersOf(target, table, { startedPid: 40, self: 50 }).map(({ pid }) => pid)).toEqual([10]);
  });
});
