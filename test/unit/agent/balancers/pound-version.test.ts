import { describe, expect, it } from 'vitest';
import { createPoundVersions, parseVersion, speaksHttp } from '../../../../agent/balancers/pound-version.js';
import { AppError } from '../../../../shared/errors.js';

describe('the version of a Pound', () => {
  it.each([
    ['pound 4.16\nCopyright (C) 2002-2010 Apsis GmbH\n', '4.16'],
    ['pound (pound) 4.2\n', '4.2'],
    ['starting...\nVersion 2.8\n  Configuration switches:\n', '2.8'],
    ['24/Sep/2024:10:00:00 +0000 pound: Version 2.8a\n', '2.8a'],
    ['pound (stand-in) 4.16\n', '4.16'],
  ])('is found in %j', (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });
  it('is not known where nothing says it', () => {
    expect(parseVersion('usage: pound [-f FILE]')).toBeNull();
  });
  it.each([
    ['2.8', false],
    ['3.0', false],
    ['4.0', false],
    ['4.1', false],
    ['4.2', true],
    ['4.16', true],
    ['5.0', true],
  ])('%s speaks HTTP on its control socket: %s', (version, http) => {
    expect(speaksHttp(version)).toBe(http);
  });

  it('is asked for once in a while only, and again after an upgrade', async () => {
    let now = 0;
    let asked = 0;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const exec = async () => ({ code: 0, signal: null, stdout: `pound 4.${++asked}`, stderr: '', truncated: false });
    const versions = createPoundVersions();
    const ask = () => versions('/usr/sbin/pound', { exec, clock }, { signal: new AbortController().signal, timeoutMs: 1000 });
    expect([await ask(), await ask()]).toEqual(['4.1', '4.1']);
    now = 120_000;
    expect(await ask()).toBe('4.2');
  });

  it('is not known of a program that cannot be run, and a timeout is told', async () => {
    const clock = { now: () => 0, sleep: () => Promise.resolve() };
    const asking = (code: 'failed' | 'timeout') =>
      createPoundVersions()(
        'pound',
        { exec: () => Promise.reject(new AppError(code, 'no')), clock },
        { signal: new AbortController().signal, timeoutMs: 1000 },
      );
    expect(await asking('failed')).toBeNull();
    await expect(asking('timeout')).rejects.toMatchObject({ code: 'timeout' });
  });
});
