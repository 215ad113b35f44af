import { describe, expect, it } from 'vitest';
import { guessAction, parseArgs } from '../../../../../controller/ctl/typed/args.js';
import { AppError } from '../../../../../shared/errors.js';

const parse = (line: string) => parseArgs(words(line), '1.2.3');
const words = (line: string) => line.split(' ').filter((word) => word !== '');

/** `code: message → hint` of what a line is refused with. */
function refusal(line: string): string {
  try {
    return `accepted: ${JSON.stringify(parse(line))}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.code}: ${error.message} → ${error.hint ?? ''}`;
  }
}

const COMMON = { file: 'cluster.ini', json: false, verbose: false, timeoutMs: null };
const START = {
  ...COMMON,
  action: 'start',
  selectors: [],
  oldForm: false,
  dryRun: false,
  yes: false,
  force: false,
  batch: null,
  maxFail: null,
  deadlineS: null,
  path: null,
  canary: null,
  canaryWaitS: null,
  minHealthyS: null,
  rotate: false,
  purge: false,
  removeLock: false,
  noMail: false,
};
const PURGE = { action: 'purge', selectors: [], urls: [], oldForm: false, dryRun: false, yes: false, removeLock: false, noMail: false };

describe('the old form', () => {
  it('purges the caches after a roll with -P', () => {
    expect(parse('-a start -vP')).toEqual({ ...START, oldForm: true, verbose: true, purge: true });
  });

  it('is understood word for word', () => {
    expect(parse('-a start -c cluster.ini -s zeoclient1.1, zeoclient1.2')).toEqual({
      ...START,
      oldForm: true,
      selectors: ['zeoclient1.1', 'zeoclient1.2'],
    });
  });

  it.each([
    ['-a start -s a,b', ['a', 'b']],
    ['-a start -s a, b, c -v', ['a', 'b', 'c']],
    ['-s a, b -a start', ['a', 'b']],
    ['-a start -sa,b', ['a', 'b']],
    ['-a start -s a -s b', ['a', 'b']],
    ['-a start -s a, -v', ['a']],
  ])('takes the services of `%s`', (line, selectors) => {
    expect(parse(line)).toMatchObject({ action: 'start', selectors, oldForm: true });
  });

  it('gives a word to -s only after a comma', () => {
    expect(refusal('-a start -s a b')).toBe(
      'usage: a word that belongs to nothing: b → the next word belongs to -s only after a comma: `-s a, b`',
    );
  });

  it('reads short flags that are written together', () => {
    expect(parse('-va check -c/etc/x.ini')).toMatchObject({ action: 'check', verbose: true, file: '/etc/x.ini' });
  });

  it.each([
    ['-a', 'usage: -a needs a value → write `-a start`'],
    ['-a strat', 'usage: unknown action: -a strat → did you mean `ctl -a start`?'],
    ['-a start -a stop', 'usage: -a is given twice → one action at a time'],
    ['-a restart', 'usage: -a restart: there is no such action in the old form → write `ctl restart`'],
    ['-a start -s', 'usage: -s needs a value → write `-s zeoclient1.1,zeoclient1.2`'],
    ['-a stop -s ,', 'usage: no service name in `,` → leave out the option to mean all services'],
  ])('refuses `%s`', (line, said) => {
    expect(refusal(line)).toBe(said);
  });
});

describe('the modern form', () => {
  it('means the same as the old one, and may ask', () => {
    expect(parse('start zeoclient1.1 zeoclient1.2')).toEqual({ ...START, selectors: ['zeoclient1.1', 'zeoclient1.2'] });
  });

  it('takes every option of a roll', () => {
    expect(
      parse(
        'restart a, b --dry-run --yes --force --batch 50% --max-fail 2 --deadline 3600 -R -u /news --canary 1 --canary-wait 600 --min-healthy 30 --timeout 2.5 --json --no-color -v -c x.ini',
      ),
    ).toEqual({
      action: 'restart',
      selectors: ['a', 'b'],
      oldForm: false,
      dryRun: true,
      yes: true,
      force: true,
      batch: '50%',
      maxFail: 2,
      deadlineS: 3600,
      path: '/news',
      canary: 1,
      canaryWaitS: 600,
      minHealthyS: 30,
      rotate: true,
      purge: false,
      removeLock: false,
      noMail: false,
      timeoutMs: 2500,
      json: true,
      verbose: true,
      file: 'x.ini',
    });
  });

  it('repairs in both forms', () => {
    const repair = { ...COMMON, action: 'repair', selectors: [], explain: false, removeLock: false, noMail: false };
    expect(parse('-a repair')).toEqual(repair);
    expect(parse('repair pool:1 --explain')).toEqual({ ...repair, selectors: ['pool:1'], explain: true });
    expect(parse('repair --dry-run --no-mail')).toEqual({ ...repair, explain: true, noMail: true });
  });

  it('rotates in both forms, and before a roll by -R', () => {
    expect(parse('rotate zeoclient1.1 --dry-run')).toEqual({
      ...COMMON,
      action: 'rotate',
      selectors: ['zeoclient1.1'],
      dryRun: true,
      removeLock: false,
      noMail: false,
    });
    expect(parse('-a rotate -s a, b --no-mail')).toEqual({
      ...COMMON,
      action: 'rotate',
      selectors: ['a', 'b'],
      dryRun: false,
      removeLock: false,
      noMail: true,
    });
    expect(parse('-a start -vR')).toMatchObject({ action: 'start', verbose: true, rotate: true });
    expect(refusal('stop -R')).toBe('usage: -R does not belong to `ctl stop` → it belongs to start, restart');
  });

  it('takes options before the action', () => {
    expect(parse('-v -c x.ini check -u /news --nagios')).toEqual({
      ...COMMON,
      action: 'check',
      verbose: true,
      file: 'x.ini',
      selectors: [],
      path: '/news',
      nagios: true,
      noMail: false,
    });
  });

  it.each([
    ['status --watch', { action: 'status', watch: true, selectors: [] }],
    ['operations list', { action: 'operations list' }],
    ['operations show op-1 --follow', { action: 'operations show', id: 'op-1', follow: true }],
    ['operations resume op-1', { action: 'operations resume', id: 'op-1' }],
    ['operations abort op-1', { action: 'operations abort', id: 'op-1' }],
    ['mem', { action: 'mem', selectors: [], tree: false, pss: false }],
    ['-a mem -s a, b', { action: 'mem', selectors: ['a', 'b'], tree: false, pss: false }],
    ['mem pool:1 --tree --pss', { action: 'mem', selectors: ['pool:1'], tree: true, pss: true }],
    ['perf a', { action: 'perf', selectors: ['a'] }],
    ['purge', PURGE],
    ['-a purge -s squid', { ...PURGE, selectors: ['squid'], oldForm: true }],
    [
      'purge /news http://x/ -s squid --dry-run --yes -r --no-mail',
      { ...PURGE, selectors: ['squid'], urls: ['/news', 'http://x/'], dryRun: true, yes: true, removeLock: true, noMail: true },
    ],
    ['config check', { action: 'config check' }],
    ['config check old.ini', { action: 'config check', file: 'old.ini' }],
    ['config show old.ini', { action: 'config show', file: 'old.ini', raw: false, secrets: false }],
    ['config upgrade old.ini --secrets', { action: 'config upgrade', file: 'old.ini', secrets: true }],
    ['start --deadline 2h --min-healthy 30s', { ...START, deadlineS: 7200, minHealthyS: 30 }],
    ['config diff', { action: 'config diff' }],
    ['config show --raw --secrets', { action: 'config show', raw: true, secrets: true }],
  ])('understands `%s`', (line, expected) => {
    expect(parse(line)).toEqual({ ...COMMON, ...expected });
  });

  it.each([
    ['chekc', 'usage: unknown action: chekc → did you mean `ctl check`?'],
    ['operations lst', 'usage: unknown action: operations lst → did you mean `ctl operations list`?'],
    ['operations', 'usage: ctl operations: what about it? → one of list, show, resume, abort; `ctl operations --help` tells what they do'],
    ['check --timout 3', 'usage: unknown option: --timout → did you mean `--timeout`?'],
    ['start -dry-run', 'usage: unknown option: -dry-run → did you mean `--dry-run`?'],
    ['start --nagios', 'usage: --nagios does not belong to `ctl start` → it belongs to check'],
    ['check --dry-run', 'usage: --dry-run does not belong to `ctl check` → it belongs to start, restart, stop, repair, rotate, purge'],
    ['start --batch none', 'usage: --batch none: not a batch size → a number, a percentage (`50%`), `pool` or `auto`'],
    ['start --batch 0', 'usage: --batch 0: not a batch size → a number, a percentage (`50%`), `pool` or `auto`'],
    ['start --max-fail -1', 'usage: --max-fail needs a value → write `--max-fail 1`'],
    ['start --timeout 0', 'usage: --timeout 0: not a duration → for example `--timeout 30` (seconds), `--timeout 90m`, `--timeout 2h`'],
    ['start -u http://www.example.org/x', 'usage: -u http://www.example.org/x: a path is wanted, not an absolute URL → write `-u /x`'],
    ['start --canary 0', 'usage: --canary 0: not a number from 1 on → for example `--canary 1`'],
    ['start --canary-wait 5', 'usage: --canary-wait: how many canaries? → for example `--canary 1 --canary-wait 10m`'],
    ['check -u http://www.example.org/x', 'usage: -u http://www.example.org/x: a path is wanted, not an absolute URL → write `-u /x`'],
  ])('refuses `%s`', (line, said) => {
    expect(refusal(line)).toBe(said);
  });

  it.each([
    ['op list', 'usage: unknown action: op → did you mean `ctl operations`?'],
    ['-a operations', 'usage: -a operations: there is no such action in the old form → write `ctl operations`'],
    ['-r', 'usage: no action given → `ctl lock -r` removes the lock, if its owner is gone'],
    ['operations show', 'usage: ctl operations show: <id> is missing → `ctl operations list` names them'],
    ['completion', 'usage: ctl completion: <bash|zsh|fish> is missing → write `ctl completion <bash|zsh|fish>`'],
    ['lock list', 'usage: ctl lock: a word that belongs to nothing: list → `ctl lock --help` tells what it takes'],
    ['check --json=yes', 'usage: --json takes no value, and yes was given → write `--json`'],
    ['check --verbose', 'usage: unknown option: --verbose → did you mean `-v`?'],
    ['check --config x.ini', 'usage: unknown option: --config → did you mean `-c`?'],
    ['start -b 50%', 'usage: unknown option: -b → did you mean `--batch`?'],
    ['start -x', 'usage: unknown option: -x → `ctl start --help` names them all'],
    ['log --follow', 'usage: --follow does not belong to `ctl log` → did you mean `-f`?'],
    ['status -f', 'usage: -f does not belong to `ctl status` → did you mean `--watch`?'],
    ['log -p -x --bogus', 'usage: unknown option: --bogus → `ctl log --help` names them all'],
    ['lock --force', 'usage: lock: --force goes with -r → `ctl lock` tells who holds it'],
    ['check --nagios --json', 'usage: --nagios and --json do not go together → Nagios reads the first'],
    ['config show --secrets', 'usage: --secrets goes with --raw: without it passwords are never shown → `ctl config show --raw --secrets`'],
    ['config check a.ini -c b.ini', 'usage: two files: -c b.ini and a.ini → one at a time'],
  ])('says of `%s` what to type instead', (line, said) => {
    expect(refusal(line)).toBe(said);
  });

  it.each(['', 'operations show', 'operations list x', 'start ,'])('refuses `%s` as a usage error with a hint', (line) => {
    expect(refusal(line)).toMatch(/^usage: .+ → .+/);
  });
});

it('names the actions that there are, and none that nobody types', () => {
  expect(refusal('frobnicate')).toBe(
    'usage: unknown action: frobnicate → one of start, restart, stop, repair, rotate, purge, check, status, log, mem, perf, events, balancer, operations, lock, mail, config, login, completion; `ctl --help` tells what they do',
  );
});

it('answers help and the version', () => {
  for (const line of ['--version', '-V', 'version', 'start --version']) expect(parse(line)).toEqual({ action: 'print', text: '1.2.3\n' });
  expect(parse('--help')).toMatchObject({ action: 'print', text: expect.stringContaining('ctl -a start|stop|check') as string });
  for (const line of ['start --help', 'help start', '-a start -h']) {
    expect(parse(line)).toMatchObject({ action: 'print', text: expect.stringContaining('--max-fail <n>') as string });
  }
  for (const line of ['balancer --help', 'help balancer']) {
    expect(parse(line)).toMatchObject({ action: 'print', text: expect.stringContaining('  balancer in [services...] ') as string });
  }
});

it.each([
  ['-c x.ini check --bogus', 'check'],
  ['operations resume --json', 'operations resume'],
  ['-a start --bogus', 'start'],
  ['check --timeout', 'check'],
  ['--json', null],
])('guesses the action of `%s`', (line, action) => {
  expect(guessAction(words(line))).toBe(action);
});
