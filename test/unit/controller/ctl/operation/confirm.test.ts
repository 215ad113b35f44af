import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../shared/errors.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { type } from '../harness.js';

const ran = (calls: readonly string[]) => calls.filter((call) => call.startsWith('run '));

describe('on a terminal', () => {
  it('start asks before running clients are restarted', async () => {
    const control = createFakeControl();
    const seat = type('start zeoclient1.1 zeoclient1.2', { control, canAsk: true, answers: ['y'] });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual(['This restarts 2 running clients: zeoclient1.1, zeoclient1.2. Go on? [y/N] ']);
  });

  it('stop says that the site will be down', async () => {
    const seat = type('stop', { control: createFakeControl(), canAsk: true, answers: ['yes'] });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual([
      'This stops 4 running clients: zeoclient1.1, zeoclient1.2, zeoclient2.1, zeoclient2.2. The site will be down. Go on? [y/N] ',
    ]);
  });

  it('calls what is no client a service', async () => {
    const steps = [{ step: 'stop', service: 'zeo', batch: 1, pool: null, detail: null }] as const;
    const control = createFakeControl({ plan: { steps, warnings: [], interrupts: ['zeo'] } });
    const seat = type('stop zeo', { control, canAsk: true, answers: ['n'] });
    expect(await seat.exit).toBe(2);
    expect(seat.questions).toEqual(['This stops 1 running service: zeo. Go on? [y/N] ']);
  });

  it.each(['n', '', 'yess', 'Y e s'])('the answer `%s` does nothing, exit 2', async (answer) => {
    const control = createFakeControl();
    const seat = type('start', { control, canAsk: true, answers: [answer] });
    expect(await seat.exit).toBe(2);
    expect(ran(control.calls)).toEqual([]);
    expect(seat.err()).toBe('ctl: not confirmed: nothing was done\n  → `--yes` answers beforehand\n');
  });

  it.each(['restart', 'start --yes', 'stop --yes', '-a start', '-a stop'])('`%s` never asks', async (line) => {
    const control = createFakeControl();
    const seat = type(line, { control, canAsk: true });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual([]);
  });

  it('does not ask if nobody is interrupted', async () => {
    const control = createFakeControl();
    control.plan = async () => ({ steps: [], warnings: [], interrupts: [] });
    const seat = type('start', { control, canAsk: true });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual([]);
  });

  it('a cluster of one client is restarted if the operator accepts it', async () => {
    const one = new AppError('precondition', 'zeoclient1.1 is the only client');
    const control = createFakeControl({ clients: ['zeoclient1.1'], refuseUnlessAccepted: one });
    const seat = type('start', { control, canAsk: true, answers: ['y'] });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual(['zeoclient1.1 is the only client.\nThis restarts 1 running client: zeoclient1.1. Go on? [y/N] ']);
  });

  it('what is refused for another reason is not asked about', async () => {
    const control = createFakeControl({ refuse: new AppError('precondition', 'below min_active', { hint: '--force does it' }) });
    const seat = type('start', { control, canAsk: true });
    expect(await seat.exit).toBe(2);
    expect(seat.questions).toEqual([]);
    expect(seat.err()).toBe('ctl: below min_active\n  → --force does it\n');
  });
});

describe('without a terminal', () => {
  it.each(['stop', 'stop *'])('`%s` refuses to stop everything without --yes', async (line) => {
    const control = createFakeControl();
    const seat = type(line, { control });
    expect(await seat.exit).toBe(2);
    expect(control.calls).toEqual([]);
    expect(seat.err()).toBe('ctl: this would stop everything, and there is no terminal to ask on\n  → say `--yes` if it is meant\n');
  });

  it.each(['start', 'stop zeoclient1.1', 'stop --yes', '-a stop'])('`%s` runs without a question', async (line) => {
    const control = createFakeControl();
    expect(await type(line, { control }).exit).toBe(0);
    expect(ran(control.calls)).toHaveLength(1);
  });

  it('a modern start does not claim that interruption is accepted', async () => {
    const control = createFakeControl();
    await type('start', { control }).exit;
    expect(control.requests.map((one) => one.oldForm)).toEqual([false]);
  });
});
