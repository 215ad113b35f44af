import { describe, expect, it } from 'vitest';
import { createBalancerDriver } from '../../../../agent/balancers/index.js';
import type { BalancerSpec, ServiceSpec } from '../../../../shared/model/service.js';
import type { Argv } from '../../../../shared/ports/exec.js';
import { noRestarts } from '../../../support/balancer-deps.js';

const spec = (changes: Partial<BalancerSpec>): ServiceSpec => {
  const balancer: BalancerSpec = {
    ...{ kind: 'pound', conf: '/nowhere/pound.cfg', control: '/nowhere/pound.sock', exe: '', apply: 'auto', sessions: 'delete' },
    ...changes,
  };
  return { name: 'balancer', type: 'Pound', serviceName: 'pound', manager: 'auto', ip: '127.0.0.1', port: 80, balancer };
};

/** What a driver does first shows which one it is: nothing of what it asks is there. */
async function firstMove(service: ServiceSpec, version: string): Promise<string> {
  const asked: string[] = [];
  const exec = async ([program, ...args]: Argv) => {
    asked.push([program, ...args].join(' '));
    return {
      code: args.includes('-V') ? 0 : 1,
      signal: null,
      stdout: '',
      stderr: args.includes('-V') ? version : 'connect: no',
      truncated: false,
    };
  };
  const driver = createBalancerDriver(service, { ...noRestarts, exec });
  const why = await driver.state({ signal: new AbortController().signal, timeoutMs: 1000 }).catch((error: unknown) => String(error));
  return `${asked.filter((line) => !line.includes('-V')).join()} ${JSON.stringify(why)}`;
}

describe('the driver of a balancer', () => {
  it.each([
    ['the control socket of a Pound that speaks HTTP there', { exe: '/p416/pound' }, 'pound 4.16', 'control socket /nowhere/pound.sock'],
    ['the control socket of a Pound that does not tell its version', { exe: '/p/pound' }, '', 'control socket /nowhere/pound.sock'],
    ['poundctl, for Pound 2', { exe: '/p28/pound' }, 'Version 2.8', '/p28/poundctl -c /nowhere/pound.sock -X'],
    ['poundctl, for Pound 4.1', { exe: '/p41/pound', apply: 'control' as const }, 'pound (pound) 4.1', '/p41/poundctl'],
    ['the service manager, for a Pound without a control socket', { control: '' }, 'pound 4.16', 'nothing is started or stopped here'],
    ['the service manager, for a Pound that is to be restarted', { apply: 'restart' as const }, 'pound 4.16', 'nothing is started'],
    ['the stats socket of HAProxy', { kind: 'haproxy' as const }, '', "HAProxy's stats socket /nowhere/pound.sock"],
  ])('turns to %s', async (_, changes, version, sign) => {
    expect(await firstMove(spec(changes), version)).toContain(sign);
  });

  it('is there for balancers only', () => {
    expect(() => createBalancerDriver({ ...spec({}), balancer: undefined }, noRestarts)).toThrow(
      expect.objectContaining({ code: 'config', message: 'balancer is no balancer' }) as Error,
    );
  });
});
