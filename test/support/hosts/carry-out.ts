import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finished } from '../../../deploy/demo/processes.js';
import { AppError } from '../../../shared/errors.js';
import { scpTo } from './host.js';
import type { Block, Runbook } from './runbook.js';
import type { Stage } from './stage.js';

/** Does what a runbook says, as somebody would who pastes its blocks: on the host `build` in the source tree, else on the hosts of a stage. */
export interface Typist {
  /** All blocks under a heading, and the commands that they print to be pasted elsewhere; all that was printed. Rejects at the first failure. */
  follow(heading: string): Promise<string>;
  /** Headings that have been followed. */
  readonly followed: ReadonlySet<string>;
}

export async function createTypist(runbook: Runbook, stage: Stage, repository: string): Promise<Typist> {
  const bin = join(stage.folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'scp'), scpTo(join(stage.folder, 'homes')));
  await chmod(join(bin, 'scp'), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH ?? ''}` };
  const type = (host: string, lines: string): Promise<Finished> =>
    host === 'build'
      ? stage.processes.run(['bash', '-euc', lines], { timeoutMs: LIMIT_MS, cwd: repository, env })
      : stage.host(host).shell(lines, LIMIT_MS);
  const mustType = async (host: string, lines: string, what: string): Promise<string> => {
    const { code, stdout, stderr } = await type(host, lines);
    if (code !== 0) throw new AppError('failed', `${what} on ${host} ended with ${code ?? 'a signal'}:\n${stderr}${stdout}`);
    return stdout;
  };
  const followed = new Set<string>();
  const carryOut = async ({ hosts, lines, at }: Block): Promise<string> => {
    const outputs = await Promise.all(hosts.map((host) => mustType(host, lines, `the block in line ${at}`)));
    const printed = outputs.join('');
    for (const { host, command } of toPaste(printed)) await mustType(host, command, `\`${command}\``);
    return printed;
  };
  return {
    followed,
    async follow(heading) {
      followed.add(heading);
      let printed = '';
      for (const block of runbook.section(heading)) printed += await carryOut(block);
      return printed;
    },
  };
}

const LIMIT_MS = 120_000;

/** Commands that get a certificate, each under a line "on HOST:". */
function toPaste(printed: string): { readonly host: string; readonly command: string }[] {
  let host = '';
  return printed.split('\n').flatMap((line) => {
    host = /^on (\S+):$/.exec(line)?.[1] ?? host;
    const command = /^\s*((?:ctl-agent join|ctl login) .+)$/.exec(line)?.[1];
    return command === undefined ? [] : [{ host, command }];
  });
}
