import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPLETION_SCRIPTS } from '../../../controller/ctl/completion/scripts.js';
import type { Shell } from '../../../controller/ctl/typed/actions/completion.js';
import { type Argv, exec } from '../../../shared/ports/exec.js';
import { findDebianProgram } from '../../support/debian-program.js';
import { realPart, setUpLimit } from '../../support/real.js';

const CTL = join(import.meta.dirname, '../../../dist/ctl.js');
const signal = setUpLimit();
const bash = { what: 'bash', path: 'bin/bash', packages: ['bash'], ask: ['--version'], version: /version (\d\S*)/, fromPath: true };
const zsh = { what: 'zsh', path: 'bin/zsh', packages: ['zsh', 'zsh-common'], ask: ['--version'], version: /zsh (\d\S*)/, fromPath: true };
const fish = {
  ...{ what: 'fish', path: 'usr/bin/fish', packages: ['fish', 'fish-common', 'libpcre2-32-0'] },
  ...{ ask: ['--version'], version: /version (\d\S*)/, fromPath: true },
};

/** How each shell is made to complete a line without a terminal. */
const ASK: Readonly<Record<Shell, (line: string) => string>> = {
  bash: (line) => `COMP_LINE=$LINE COMP_POINT=\${#LINE}; compopt() { echo FILES; }; _ctl; printf '%s\\n' "\${COMPREPLY[@]}" # ${line}`,
  // The functions of its completion system are those of a terminal; what they are called with is what would be offered.
  zsh: () =>
    '_describe() { shift; printf "%s\\n" "${described[@]%%:*}"; }; _files() { echo FILES; }; words=("${(@s: :)LINE}"); CURRENT=$#words; _ctl',
  fish: () => 'complete -C $LINE',
};

describe.each([
  ['bash', await realPart('bash', findDebianProgram(bash, signal))],
  ['zsh', await realPart('zsh', findDebianProgram(zsh, signal))],
  ['fish', await realPart('fish', findDebianProgram(fish, signal))],
] as const)('completion in %s', (shell, program) => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-completion-'));
    await writeFile(join(folder, 'cluster.ini'), '[zeoclient1.1]\ntype = ZeoClient\nmachine = web1\n[zeoclient1.2]\ntype = ZeoClient\n');
    await writeFile(join(folder, 'script'), COMPLETION_SCRIPTS[shell]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function offered(line: string): Promise<string[]> {
    const functions = join(program?.root ?? '', 'usr/share/fish/functions');
    const own =
      shell === 'fish'
        ? `set -p fish_function_path ${functions}; function ctl; ${process.execPath} ${CTL} $argv; end`
        : `ctl() { ${process.execPath} ${CTL} "$@"; }`;
    const compdef = shell === 'zsh' ? 'compdef() { :; }; ' : '';
    const script = `${own}\n${compdef}source ${join(folder, 'script')}\n${ASK[shell](line)}`;
    const argv: Argv = [
      program?.exe ?? shell,
      ...(shell === 'bash' ? ['--norc'] : shell === 'zsh' ? ['-f'] : ['--no-config']),
      '-c',
      script,
    ];
    const env = { PATH: process.env.PATH ?? '', LINE: line, HOME: folder, TERM: 'dumb' };
    const { stdout, stderr, code } = await exec(argv, { timeoutMs: 30_000, signal: AbortSignal.timeout(30_000), env, cwd: folder });
    expect({ stderr, code }).toMatchObject({ stderr: '' });
    return stdout
      .split('\n')
      .map((one) => one.split('\t')[0] ?? '')
      .filter((one) => one !== '');
  }

  it.runIf(program !== null)('offers actions, options and the services of cluster.ini', async () => {
    expect((await offered('ctl sta')).sort()).toEqual(['start', 'status']);
    expect(await offered('ctl start --dr')).toEqual(['--dry-run']);
    expect(await offered('ctl start zeo')).toEqual(['zeoclient1.1', 'zeoclient1.2']);
    expect(await offered('ctl start -s zeoclient1.1,zeo')).toEqual(['zeoclient1.1,zeoclient1.1', 'zeoclient1.1,zeoclient1.2']);
  });

  it.runIf(program !== null)('offers files after -c', async () => {
    expect(await offered('ctl check -c ')).toContain(shell === 'fish' ? 'cluster.ini' : 'FILES');
  });

  it.runIf(program !== null)('runs nothing of what stands on the line', async () => {
    await offered('ctl start $(echo>done) `echo>done` ;echo>done ');
    expect(await readdir(folder)).not.toContain('done');
  });
});
