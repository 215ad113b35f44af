import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { perf } from '../../../../controller/actions/perf.js';
import { figuresOf } from '../../../../controller/perf/figures.js';
import { formatPerfLine, parsePerfLine, perfFileOf, type TimedPage } from '../../../../controller/perf/perf-line.js';
import { createPerfLog } from '../../../../controller/perf/perf-log.js';
import { AppError } from '../../../../shared/errors.js';
import { wellClient } from '../../../support/well-cluster.js';
import { aClient, aCluster, aService, never } from '../checks/fixtures.js';

/** By the clock of this host, as the files are. */
const local = (...date: [number, number, number, number, number, number]) => new Date(...date).getTime();
const NOON = local(2011, 10, 3, 12, 6, 7);
const page: TimedPage = { at: NOON, host: 'web1', service: 'zeoclient1.1', rssKb: 626_688, url: '/', seconds: 0.0842 };

describe('a line of a perf file', () => {
  it('is as the tool of 2011 wrote it', () => {
    expect(formatPerfLine(page)).toBe('2011-11-03T12:06:07;web1;zeoclient1.1;626688;/;0.084;\n');
  });

  it('has nothing for memory that was not measured, never a zero', () => {
    expect(formatPerfLine({ ...page, rssKb: null })).toBe('2011-11-03T12:06:07;web1;zeoclient1.1;;/;0.084;\n');
  });

  it('stays one line of six fields, whatever a url holds', () => {
    const line = formatPerfLine({ ...page, url: '/a;b\nc' });
    expect(line).toBe('2011-11-03T12:06:07;web1;zeoclient1.1;626688;/a%3Bb c;0.084;\n');
    expect(parsePerfLine(line.trimEnd())?.url).toBe('/a%3Bb c');
  });

  it.each([
    ['2011-11-03T12:06:07;web1;zeoclient1.1;626688;/;0.084;', { seconds: 0.084, rssKb: 626_688 }],
    ['2011-11-03 12:06:07;web1;zeoclient1.1;;/;1;', { seconds: 1, rssKb: null }],
    ['2011-11-03T12:06:07.123456;web1;zeoclient1.1;1;http://x/y;0,5', { seconds: 0.5, url: 'http://x/y' }],
    ['2011-11-03T12:06:07,123;web1;zeoclient1.1;n/a;/;12;', { seconds: 12, rssKb: null }],
  ])('is read from %j', (line, expected) => {
    expect(parsePerfLine(line)).toMatchObject({ host: 'web1', service: 'zeoclient1.1', ...expected });
    expect(Math.floor((parsePerfLine(line)?.at ?? 0) / 1000)).toBe(NOON / 1000);
  });

  it.each([
    '',
    'isotime;machine;name;mem_kB;url;seconds;',
    '2011-11-03T12:06:07;web1;zeoclient1.1;1;/;',
    '2011-11-03T12:06:07;web1;;1;/;1;',
  ])('is not %j', (line) => expect(parsePerfLine(line)).toBeNull());

  it('stands in the file of its day, without leading zeros', () => {
    expect(perfFileOf(local(2011, 0, 3, 0, 0, 0))).toEqual(['2011', '1', 'perf_3.log']);
    expect(perfFileOf(local(2011, 10, 30, 23, 59, 59))).toEqual(['2011', '11', 'perf_30.log']);
  });
});

describe('figuresOf', () => {
  it('counts, and finds median, 95th percentile and maximum', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => (100 - i) / 100);
    expect(figuresOf(hundred)).toEqual({ count: 100, p50: 0.5, p95: 0.95, max: 1 });
    expect(figuresOf([0.3])).toEqual({ count: 1, p50: 0.3, p95: 0.3, max: 0.3 });
    expect(figuresOf([3, 1, 2])).toEqual({ count: 3, p50: 2, p95: 3, max: 3 });
  });
  it('is nothing where nothing was timed', () => expect(figuresOf([])).toBeNull());
});

describe('perfdir', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'perf-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const client = aClient({ name: 'zeoclient1.1' }, { host: 'web1' });
  const proxy = aService({ name: 'proxy', type: 'HttpServer' }, { host: 'web1', url: '/up' });
  const cluster = () => aCluster([client, proxy], { perfDir: dir });
  const clock = { now: () => NOON, sleep: async () => undefined };
  const report = { ...wellClient('zeoclient1.1'), at: NOON };
  const select = () => [client];

  it('gets a line for each page that a check timed, and none for one that it did not', async () => {
    const log = createPerfLog({ config: cluster, clock });
    const failed = { ...report, name: 'c2', http: { ok: false, why: 'status 500', status: 500 } } as const;
    const unmeasured = { ...report, memory: { ok: false, why: 'no pid file' } } as const;
    await log.checked([report, failed, { ...report, name: 'proxy', type: 'HttpServer', memory: null }], '');
    await log.checked([unmeasured], 'news');
    expect(await readFile(join(dir, '2011', '11', 'perf_3.log'), 'utf8')).toBe(
      [
        '2011-11-03T12:06:07;web1;zeoclient1.1;626688;/;0.084;',
        '2011-11-03T12:06:07;web1;proxy;;/up;0.084;',
        '2011-11-03T12:06:07;web1;zeoclient1.1;;/news;0.084;\n',
      ].join('\n'),
    );
  });

  it('gets a line for each page of a warm-up', async () => {
    const log = createPerfLog({ config: cluster, clock });
    await log.warmed(client, [
      { url: '/news', result: { ok: true, status: 200, ms: 3100, bytes: 1 } },
      { url: '/broken', result: { ok: false, fault: 'error', why: 'status 500', status: 500 } },
    ]);
    expect(await readFile(join(dir, '2011', '11', 'perf_3.log'), 'utf8')).toBe('2011-11-03T12:06:07;web1;zeoclient1.1;;/news;3.100;\n');
  });

  it('says which file cannot be written', async () => {
    await writeFile(join(dir, '2011'), 'in the way');
    await expect(createPerfLog({ config: cluster, clock }).checked([report], '')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(`access times cannot be kept in ${join(dir, '2011', '11', 'perf_3.log')}`) as string,
    });
  });

  const lineOf = (daysAgo: number, seconds: number, over: Partial<TimedPage> = {}) =>
    ({ ...page, at: local(2011, 10, 3 - daysAgo, 8, 0, 0), seconds, ...over }) satisfies TimedPage;
  const keep = async (pages: readonly TimedPage[]) => {
    for (const one of pages) {
      const path = join(dir, ...perfFileOf(one.at));
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, formatPerfLine(one), { flag: 'a' });
    }
  };

  it('tells each page of each service, the week against the week before, over the end of a month', async () => {
    const pages = [0, 1, 2, 6].map((day) => lineOf(day, 0.1 * (day + 1)));
    await keep([
      ...pages,
      lineOf(8, 0.05),
      lineOf(13, 0.07),
      lineOf(20, 99),
      lineOf(1, 2, { url: '/news' }),
      lineOf(3, 5, { service: 'c9' }),
    ]);
    const { rows, from, to, warnings } = await perf({ config: cluster, select, clock }, { selectors: [] }, never);
    expect({ from, to, warnings }).toEqual({ from: NOON - 604_800_000, to: NOON, warnings: [] });
    expect(rows).toEqual([
      { service: 'c9', host: 'web1', url: '/', now: { count: 1, p50: 5, p95: 5, max: 5 }, before: null },
      {
        ...{ service: 'zeoclient1.1', host: 'web1', url: '/' },
        now: { count: 4, p50: 0.2, p95: 0.7, max: 0.7 },
        before: { count: 2, p50: 0.05, p95: 0.07, max: 0.07 },
      },
      { service: 'zeoclient1.1', host: 'web1', url: '/news', now: { count: 1, p50: 2, p95: 2, max: 2 }, before: null },
    ]);
    const chosen = await perf({ config: cluster, select, clock }, { selectors: ['zeoclient1.1'] }, never);
    expect(chosen.rows.map(({ service }) => service)).toEqual(['zeoclient1.1', 'zeoclient1.1']);
  });

  it('tells of lines that are none, and reads on', async () => {
    await keep([lineOf(0, 1)]);
    const path = join(dir, ...perfFileOf(NOON));
    await writeFile(path, 'half a li\n\n', { flag: 'a' });
    await keep([lineOf(0, 2)]);
    const { rows, warnings } = await perf({ config: cluster, select, clock }, { selectors: [] }, never);
    expect(rows[0]?.now?.count).toBe(2);
    expect(warnings).toEqual([`${path}: 1 line is none of a perf file`]);
  });

  it('says what is missing: the key, or the folder', async () => {
    const without = () => aCluster([client]);
    await expect(perf({ config: without, select, clock }, { selectors: [] }, never)).rejects.toBeInstanceOf(AppError);
    await expect(perf({ config: without, select, clock }, { selectors: [] }, never)).rejects.toMatchObject({
      code: 'config',
      message: '/etc/cluster.ini has no perfdir: access times are not kept',
    });
    await rm(dir, { recursive: true });
    await expect(perf({ config: cluster, select, clock }, { selectors: [] }, never)).rejects.toMatchObject({
      code: 'config',
      hint: 'it is made with the first page that is timed: ctl check',
    });
  });
});
