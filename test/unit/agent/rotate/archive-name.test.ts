import { describe, expect, it } from 'vitest';
import { archivedAt, archiveName, withNumber } from '../../../../agent/rotate/archive-name.js';

const at = new Date(2026, 2, 5, 7, 8, 9);

describe('the name of an archive', () => {
  it('is the one of the old tool: the folder of the month, then name, day, time and what the log is called', () => {
    expect(archiveName('zeoclient1.1', '/srv/zope/1/log/event.log', at)).toEqual({
      folder: '2026/3',
      file: 'zeoclient1.1-05-07-08-09-event.log',
    });
  });

  it('is a plain file name, whatever the service and the log are called', () => {
    expect(archiveName('../a b/c:1\n', 'D:\\zope\\log\\Z2.log', at).file).toBe('.._a b_c_1_-05-07-08-09-Z2.log');
  });

  it.each([
    ['zeoclient1.1-05-07-08-09-event.log'],
    ['zeoclient1.1-05-07-08-09-event.log.1'],
    ['zeoclient1.1-05-07-08-09-event.log.gz'],
    ['zeoclient1.1-05-07-08-09-event.log.12.zst'],
  ])('tells when %s is from', (file) => {
    expect(archivedAt('zeoclient1.1', ['/srv/log/event.log'], '2026/3', file)).toEqual(at);
  });

  it.each([
    ['another service', 'zeoclient1.10-05-07-08-09-event.log'],
    ['another log', 'zeoclient1.1-05-07-08-09-access.log'],
    ['a log of a longer name', 'zeoclient1.1-05-07-08-09-event.log.old'],
    ['a file of somebody else', 'event.log.1'],
    ['an archive that is still written', '.zeoclient1.1-05-07-08-09-event.log.part'],
    ['no time', 'zeoclient1.1-event.log'],
  ])('takes %s for none of ours', (_, file) => {
    expect(archivedAt('zeoclient1.1', ['/srv/log/event.log'], '2026/3', file)).toBeNull();
  });

  it('means nothing outside a folder of a month', () => {
    expect(archivedAt('zeoclient1.1', ['/srv/log/event.log'], '2026', 'zeoclient1.1-05-07-08-09-event.log')).toBeNull();
  });

  it('gets a number where it is taken', () => {
    expect([withNumber('event.log', 0), withNumber('event.log', 2)]).toEqual(['event.log', 'event.log.2']);
  });
});
