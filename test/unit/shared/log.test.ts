import { mkdtemp, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import { createLogFile } from '../../../shared/log-file.js';
import { createLogger } from '../../../shared/log.js';
import { Secret } from '../../../shared/model/secret.js';

function aLog(level?: 'debug' | 'warn') {
  const lines: string[] = [];
  return { lines, log: createLogger({ name: 'ctl-agent', write: (line) => lines.push(line), ...(level === undefined ? {} : { level }) }) };
}
const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a log', () => {
  it('writes one JSON object a line: level, ISO time, program, fields, message', () => {
    const { lines, log } = aLog();
    log.child({ host: 'web1' }).info({ port: 7400 }, 'listening');
    expect(lines[0]).toMatch(/\n$/);
    expect(parsed(lines)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        name: 'ctl-agent',
        host: 'web1',
        port: 7400,
        msg: 'listening',
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { lines, log } = aLog('warn');
    log.info('quiet');
    log.warn('loud');
    expect(parsed(lines).map(({ msg }) => msg)).toEqual(['loud']);
  });

  it('never writes a password, as a Secret or under its usual names, at any depth', () => {
    const { lines, log } = aLog();
    const connect = { login: 'admin', passwd: 's3cret' };
    log.info(
      {
        secret: new Secret('s3cret'),
        connect,
        deep: { config: { connect } },
        headers: { authorization: 'Basic s3cret', Authorization: 's3cret' },
        password: 's3cret',
      },
      'x',
    );
    log.error({ error: new AppError('failed', 'no', { cause: new Secret('s3cret') }), list: [new Secret('s3cret')] }, 'y');
    expect(lines.join('')).not.toContain('s3cret');
    expect(lines[0]).toContain('"login":"admin","passwd":"[redacted]"');
  });

  it('writes an error with code, hint and causes', () => {
    const { lines, log } = aLog();
    log.error({ error: new AppError('failed', 'stop failed', { hint: 'look there', cause: new Error('exit code 3') }) }, 'stop');
    expect(parsed(lines)[0]?.error).toMatchObject({
      code: 'failed',
      hint: 'look there',
      message: expect.stringContaining('stop failed') as string,
    });
    expect(lines[0]).toContain('exit code 3');
  });
});

describe('a log file', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'ctl-log-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('has each line as soon as it is written, and goes on in an old file', async () => {
    const path = join(folder, 'ctl.log');
    const before = createLogFile(path);
    before.write('one\n');
    before.close();
    const after = createLogFile(path);
    after.write('two\n');
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
    after.close();
  });

  it('begins a new file when it is full, and keeps so many old ones', async () => {
    const path = join(folder, 'ctl.log');
    const file = createLogFile(path, { maxBytes: 4, keep: 2 });
    for (const line of ['aaaa', 'bbbb', 'cc', 'cc', 'dddd', 'e']) file.write(line);
    file.close();
    expect((await readdir(folder)).sort()).toEqual(['ctl.log', 'ctl.log.1', 'ctl.log.2']);
    expect(await Promise.all(['', '.1', '.2'].map((end) => readFile(path + end, 'utf8')))).toEqual(['e', 'dddd', 'cccc']);
  });

  it('is an error with the reason when it cannot be opened', () => {
    const path = join(folder, 'none', 'ctl.log');
    expect(() => createLogger({ name: 'x', file: path })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining(`the log ${path} cannot be opened: ENOENT`) as string }),
    );
  });

  it('writes elsewhere what it cannot take, says why once, and tries again', async () => {
    const path = join(folder, 'sub', 'ctl.log');
    await mkdir(join(folder, 'sub'));
    const elsewhere: string[] = [];
    const file = createLogFile(path, { maxBytes: 1, fallback: (line) => elsewhere.push(line) });
    file.write('one\n');
    await rm(join(folder, 'sub'), { recursive: true });
    file.write('two\n');
    file.write('three\n');
    await mkdir(join(folder, 'sub'));
    file.write('four\n');
    file.close();
    expect(elsewhere).toEqual([expect.stringContaining(`the log ${path} cannot be opened: ENOENT`), 'two\n', 'three\n']);
    expect(await readFile(path, 'utf8')).toBe('four\n');
  });
});
