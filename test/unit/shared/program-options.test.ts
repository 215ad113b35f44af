import { describe, expect, it } from 'vitest';
import { AppError, ERROR_CODES, type ErrorCode } from '../../../shared/errors.js';
import { exitCodeOf, parseOptions, printError } from '../../../shared/program-options.js';

const parse = (...argv: string[]) => parseOptions(argv, 'cluster.ini');
function refusal(...argv: string[]): Pick<AppError, 'code' | 'message' | 'hint'> {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('taken');
}

describe('the options of a daemon', () => {
  it('are the file in the current folder and the level info where nothing is said', () => {
    expect(parse()).toEqual({ file: 'cluster.ini', logLevel: 'info', only: null });
  });

  it.each([['-c', '/etc/ctl.ini'], ['-c/etc/ctl.ini'], ['--config', '/etc/ctl.ini'], ['--config=/etc/ctl.ini']])(
    'take a file as %s %s',
    (...argv) => {
      expect(parse(...argv)).toMatchObject({ file: '/etc/ctl.ini' });
    },
  );

  it('take a level, and name the levels there are for one that is none', () => {
    expect(parse('--log-level', 'debug')).toMatchObject({ logLevel: 'debug' });
    expect(refusal('--log-level', 'loud')).toEqual({
      code: 'usage',
      message: '--log-level loud is not a level',
      hint: 'one of debug, info, warn, error, silent',
    });
  });

  it('may only ask for the version or the usage', () => {
    expect(parse('--version')).toMatchObject({ only: 'version' });
    expect(parse('-V')).toMatchObject({ only: 'version' });
    expect(parse('--help')).toMatchObject({ only: 'help' });
    expect(parse('-h')).toMatchObject({ only: 'help' });
  });

  it.each([
    [['--colour'], /^Unknown option '--colour'/],
    [['start'], /^Unexpected argument 'start'/],
    [['-c'], /argument missing/],
  ])('%j are refused with what is wrong about them', (argv, message) => {
    expect(refusal(...argv)).toMatchObject({ code: 'usage', message: expect.stringMatching(message) as string, hint: 'see --help' });
  });
});

describe('a daemon that could not start', () => {
  it('says what failed, and on the next line what to do about it', () => {
    expect(printError('ctl-agent', new AppError('config', 'agent.ini: no [agent]', { hint: 'see ctl-agent init' }))).toBe(
      'ctl-agent: agent.ini: no [agent]\n  see ctl-agent init\n',
    );
    expect(printError('ctl-agent', new AppError('config', 'no [agent]'))).toBe('ctl-agent: no [agent]\n');
    expect(printError('ctl-agent', new TypeError('x is not a function'))).toBe('ctl-agent: x is not a function\n');
  });

  it('exits with 2 for what its operator can mend, 4 if somebody else holds it, else 1', () => {
    const exits = Object.fromEntries(ERROR_CODES.map((code: ErrorCode) => [code, exitCodeOf(new AppError(code, 'no'))]));
    expect(exits).toMatchObject({ usage: 2, config: 2, conflict: 4, failed: 1, internal: 1, unreachable: 1 });
    expect(Object.values(exits).every((exit) => exit > 0)).toBe(true);
    expect(exitCodeOf(new TypeError('no'))).toBe(1);
  });
});
