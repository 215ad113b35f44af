import { describe, expect, it } from 'vitest';
import { candidates, lossOf, type LogFacts } from '../../../../agent/rotate/choose.js';

const FACTS: LogFacts = {
  ...{ type: 'ZeoClient', platform: 'linux', fileSystem: 'ext4', canCollapse: true },
  ...{ writers: [{ pid: 42, appends: true }], complete: true, own: [42], noSignal: null },
};
const chosen = (wanted: Parameters<typeof candidates>[0], facts: Partial<LogFacts> = {}) => candidates(wanted, { ...FACTS, ...facts });
const usable = (wanted: Parameters<typeof candidates>[0], facts: Partial<LogFacts> = {}) =>
  chosen(wanted, facts).flatMap(({ method, refused }) => (refused === null ? [method] : []));

describe('how a log is rotated', () => {
  it('is by collapse on ext4 and xfs, and by copy as the last resort', () => {
    expect(usable('auto')).toEqual(['collapse', 'copy']);
    expect(usable('auto', { fileSystem: 'xfs' })).toEqual(['collapse', 'copy']);
    expect(usable('auto', { fileSystem: null })).toEqual(['collapse', 'copy']);
    expect(usable('auto', { fileSystem: 'tmpfs' })).toEqual(['copy']);
    expect(usable('auto', { canCollapse: false })).toEqual(['copy']);
  });

  it('is by signal for a ZEO server, never by itself for a client: a WSGI Zope would die of it', () => {
    expect(usable('auto', { type: 'ZeoServer' })[0]).toBe('signal');
    for (const type of ['ZeoClient', 'HttpServer', 'Pound', 'Squid'] as const) expect(usable('auto', { type })).not.toContain('signal');
  });

  it('is by signal for a client only where its operator says so, and it is seen to handle the signal', () => {
    expect(usable('signal')).toEqual(['signal']);
    expect(chosen('signal', { noSignal: 'USR2 would kill it' })).toEqual([{ method: 'signal', refused: 'USR2 would kill it' }]);
    expect(chosen('signal', { type: 'Pound' })).toEqual([{ method: 'signal', refused: 'a Pound gets no signal' }]);
  });

  it('is by itself for a Squid', () => {
    expect(usable('auto', { type: 'Squid' })[0]).toBe('squid');
  });

  it('is by copy alone on Windows', () => {
    expect(usable('auto', { platform: 'win32', fileSystem: null, canCollapse: false, writers: [], complete: false })).toEqual(['copy']);
    expect(chosen('pause', { platform: 'win32' })).toEqual([{ method: 'pause', refused: 'pause does not exist on Windows' }]);
  });

  it('is never by something that loses lines where another method is wanted', () => {
    expect(chosen('collapse', { fileSystem: 'tmpfs' })).toEqual([{ method: 'collapse', refused: 'tmpfs cannot collapse a file' }]);
    expect(chosen('pause').map(({ method }) => method)).toEqual(['pause']);
  });

  it('never cuts a log under a writer that does not append: it would write on behind a hole', () => {
    const writers = [{ pid: 7, appends: false }];
    expect(chosen('auto', { writers })).toEqual([
      { method: 'collapse', refused: 'process 7 writes to it without O_APPEND' },
      { method: 'copy', refused: 'process 7 writes to it without O_APPEND' },
    ]);
  });

  it('stops nobody for a pause but the service itself', () => {
    expect(usable('pause', { own: [42, 43] })).toEqual(['pause']);
    expect(chosen('pause', { own: [1000] })).toEqual([{ method: 'pause', refused: 'process 42 writes to it, and is not of this service' }]);
    expect(chosen('pause', { writers: [], complete: false })).toEqual([{ method: 'pause', refused: 'it cannot be seen who writes to it' }]);
  });

  it('can lose lines only by copy, and only while somebody writes or may write', () => {
    expect((['collapse', 'signal', 'pause', 'rename', 'squid'] as const).map((method) => lossOf(method, FACTS))).toEqual(
      Array.from({ length: 5 }, () => null),
    );
    expect(lossOf('copy', FACTS)).toMatch(/^lines written between the last read and the cut/);
    expect(lossOf('copy', { ...FACTS, writers: [] })).toBeNull();
    expect(lossOf('copy', { ...FACTS, writers: [], complete: false })).not.toBeNull();
  });
});
