import { describe, expect, it } from 'vitest';
import { createFakeControl } from '../../../../support/fake-control.js';
import { printed } from '../harness.js';

describe('ctl purge', () => {
  const away = ['squid is away for up to 34 s: requests to it fail meanwhile'];
  const asking = () => createFakeControl({ plan: { steps: [], warnings: away, interrupts: ['squid'] } });

  it('asks on a terminal, saying how long the proxy is away', async () => {
    const no = asking();
    const refused = await printed('purge', { control: no, canAsk: true, answers: ['n'] });
    expect(refused.questions).toEqual([`${away[0] ?? ''}. Go on? [y/N] `]);
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining('not confirmed: nothing was done') as string });
    expect(no.calls).toEqual(['plan purge']);
    const yes = asking();
    expect((await printed('purge', { control: yes, canAsk: true, answers: ['y'] })).exit).toBe(0);
    expect(yes.calls).toEqual(['plan purge', 'run purge']);
  });

  it('does nothing without a terminal, unless it is told that it is meant', async () => {
    const control = asking();
    expect(await printed('purge', { control })).toMatchObject({ exit: 2, err: expect.stringContaining('say `--yes`') as string });
    expect(control.calls).toEqual(['plan purge']);
    expect((await printed('purge --yes', { control: asking() })).exit).toBe(0);
  });

  it('never asks in the old form, nor where nothing is away for it', async () => {
    const old = asking();
    expect((await printed('-a purge', { control: old, canAsk: true })).questions).toEqual([]);
    expect(old.calls).toEqual(['run purge']);
    const pages = createFakeControl({ plan: { steps: [], warnings: [], interrupts: [] } });
    expect((await printed('purge /news -s squid', { control: pages, canAsk: true })).questions).toEqual([]);
    expect(pages.requests).toMatchObject([{ action: 'purge', selectors: ['squid'], urls: ['/news'], oldForm: false }]);
  });

  it('shows with --dry-run what it would do, and does nothing', async () => {
    const steps = [{ step: 'purge', service: 'squid', batch: 1, pool: null, detail: 'stop, start' }] as const;
    const control = createFakeControl({ plan: { steps, warnings: away, interrupts: ['squid'] } });
    const { out } = await printed('purge --dry-run', { control });
    expect(out).toBe(`purge would do this; nothing was touched:\n  squid  stop, start\nwarning  ${away[0] ?? ''}\n`);
    expect(control.calls).toEqual(['plan purge']);
  });
});
