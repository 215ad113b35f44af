import { describe, expect, it } from 'vitest';
import { check, exitOf, type CheckDeps } from '../../../../controller/actions/check.js';
import { AppError } from '../../../../shared/errors.js';
import type { Finding } from '../../../../shared/model/check-report.js';
import { aClient, aService, fakeClock, never } from '../checks/fixtures.js';
import { aReport } from './reports.js';

const finding = (event: Finding['event'], kind: Finding['kind']): Finding => ({ event, kind, message: 'm', expected: null, got: null });
const client = aClient({ name: 'client1' });
const pound = aService({ name: 'pound', type: 'Pound' }, { host: 'lb1' });

interface Asked {
  readonly names: string[];
  readonly path: string;
  readonly by: string;
}

function deps(over: Partial<CheckDeps> = {}): CheckDeps & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    select: () => [pound, client],
    rounds: {
      measure: async (services, { path, by }) => {
        asked.push({ names: services.map((service) => service.spec.name), path, by });
        return { reports: services.map((service) => aReport({ name: service.spec.name })), lasting: [], complaints: [], silent: new Set() };
      },
    },
    hosts: () => [],
    mails: () => ({ waiting: [], givenUp: [] }),
    clock: fakeClock(5000),
    ...over,
  };
}

describe('check', () => {
  it('measures what was selected, by hand, with the path that was asked for', async () => {
    const given = deps();
    const report = await check(given, { selectors: [], path: '/news' }, never);
    expect(given.asked).toEqual([{ names: ['pound', 'client1'], path: '/news', by: 'hand' }]);
    expect(report).toMatchObject({ at: 5000, exit: 0, services: [{ name: 'pound' }, { name: 'client1' }], warnings: [] });
  });

  it('asks for the home page without a path', async () => {
    const given = deps();
    await check(given, { selectors: [], path: null }, never);
    expect(given.asked[0]?.path).toBe('');
  });

  it.each(['http://www.example.org/', 'HTTPS://x', '//www.example.org/x'])(
    'refuses the URL %s before anything is measured',
    async (path) => {
      const given = deps();
      await expect(check(given, { selectors: [], path }, never)).rejects.toMatchObject({
        code: 'usage',
        message: `-u takes a path of the site, not a whole URL: ${path}`,
      });
      expect(given.asked).toEqual([]);
    },
  );

  it('takes a path that holds a URL in its query', async () => {
    const given = deps();
    await check(given, { selectors: [], path: 'login?from=http://x/' }, never);
    expect(given.asked[0]?.path).toBe('login?from=http://x/');
  });

  it('tells of mails that nobody gets, since no mail can', async () => {
    const DAY = 86_400_000;
    const mail = (at: number, lastError: string | null) => ({ ...{ id: 'm', subject: 's', to: ['a@x.org'], attempts: 1 }, at, lastError });
    const mails = () => ({
      waiting: [mail(0, 'ECONNREFUSED'), mail(0, 'no answer in time'), mail(0, null)],
      givenUp: [mail(-1, 'an old one'), mail(1, '550 no such user')],
    });
    const { exit, warnings } = await check(deps({ mails, clock: fakeClock(DAY) }), { selectors: [], path: null }, never);
    expect(warnings).toEqual([
      '2 mails could not be sent yet (no answer in time): `ctl mail status`',
      '1 mail of the last 24 hours will never be sent (550 no such user): `ctl mail status`',
    ]);
    expect(exit).toBe(0);
  });

  it('of a cluster without services is no good news', async () => {
    await expect(check(deps({ select: () => [] }), { selectors: [], path: null }, never)).rejects.toMatchObject({
      ...{ code: 'config', message: 'cluster.ini names no services: there is nothing to check' },
    });
  });

  it('measures nothing when a name is not known', async () => {
    const unknown = new AppError('usage', 'no service is called clinet1');
    const given = deps({
      select: () => {
        throw unknown;
      },
    });
    await expect(check(given, { selectors: ['clinet1'], path: null }, never)).rejects.toBe(unknown);
    expect(given.asked).toEqual([]);
  });

  it('names the agents that are away, of the hosts that it is about', async () => {
    const host = (name: string, connected: boolean) => ({ host: name, connected, lastSeen: null, version: null, skewMs: null });
    const given = deps({ hosts: () => [host('web1', false), host('lb1', true), host('other', false)] });
    expect((await check(given, { selectors: [], path: null }, never)).warnings).toEqual([
      'the agent of web1 is away: what only it can see is unknown',
    ]);
  });

  it('says when -u has no effect', async () => {
    const given = deps({ select: () => [pound] });
    expect((await check(given, { selectors: ['pound'], path: '/x' }, never)).warnings).toEqual([
      '-u has no effect: it is for Zope clients, and none was chosen',
    ]);
  });

  it('still tells what it measured when that cannot be kept', async () => {
    const given = deps({
      rounds: {
        measure: async () => ({ reports: [aReport(), aReport()], lasting: [], complaints: ['the disk is full'], silent: new Set() }),
      },
    });
    expect(await check(given, { selectors: [], path: null }, never)).toMatchObject({
      exit: 0,
      services: [{}, {}],
      warnings: ['the disk is full'],
    });
  });
});

describe('exitOf', () => {
  it('is 0 where all is well, warnings included', () => {
    expect(exitOf([])).toBe(0);
    expect(exitOf([aReport(), aReport({ findings: [finding(null, 'zeo')] })])).toBe(0);
  });

  it('is 5 where something is not known', () => {
    expect(exitOf([aReport(), aReport({ findings: [finding(null, 'unmeasured')] })])).toBe(5);
  });

  it('is 1 with any critical event, whatever else is not known', () => {
    expect(exitOf([aReport({ findings: [finding(null, 'unmeasured')] }), aReport({ findings: [finding(4, 'log')] })])).toBe(1);
  });
});
