import { describe, expect, it } from 'vitest';
import { createBalancerDriver } from '../../../../agent/balancers/index.js';
import type { BalancerSpec, ServiceSpec } from '../../../../shared/model/service.js';

const spec = (changes: Partial<BalancerSpec>): ServiceSpec => {
  const balancer: BalancerSpec = {
    kind: 'pound',
    conf: '/etc/pound.cfg',
    control: '/run/pound.sock',
    exe: '',
    apply: 'auto',
    sessions: 'delete',
    ...changes,
  };
  return { name: 'balancer', type: 'Pound', serviceName: 'pound', manager: 'auto', ip: '127.0.0.1', port: 80, balancer };
};
const make = (service: ServiceSpec) => () => createBalancerDriver(service, { exec: () => Promise.reject(new Error('not to be run')) });

describe('the driver of a balancer', () => {
  it('is there for a Pound with a control socket', () => {
    expect(make(spec({}))).not.toThrow();
    expect(make(spec({ apply: 'control' }))).not.toThrow();
  });
  it.each([
    ['no control socket', { control: '' }],
    ['apply = restart', { apply: 'restart' as const }],
  ])('does not exist yet for %s, and says what to do', (_, changes) => {
    const wrong = {
      code: 'unsupported',
      message: 'balancer: Pound without a control socket is not supported yet',
      hint: expect.stringContaining('Control') as string,
    };
    expect(make(spec(changes))).toThrow(expect.objectContaining(wrong) as Error);
  });
  it('does not exist yet for HAProxy, and never for what is no balancer', () => {
    expect(make(spec({ kind: 'haproxy' }))).toThrow(expect.objectContaining({ code: 'unsupported' }) as Error);
    expect(make({ ...spec({}), balancer: undefined })).toThrow(expect.objectContaining({ code: 'config' }) as Error);
  });
});
