import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../../shared/model/observation.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';
import { findDebianProgram } from '../debian-program.js';

/** An iptables that can be run here, and a kernel that can lose packets by chance. */
export interface Iptables {
  readonly command: Argv;
}

/** Where it cannot be had, or this kernel has not what it takes, the answer says why. */
export async function findIptables({ signal }: { readonly signal: AbortSignal }): Promise<Measured<Iptables>> {
  if (process.getuid?.() !== 0) return unmeasured('only root can make networks');
  const found = await findDebianProgram(LEGACY, signal);
  if (!found.ok) return found;
  const command = await commandOf(found);
  try {
    // In a network of its own, which it takes with it.
    const trial = ['-A', 'INPUT', '-m', 'statistic', '--mode', 'random', '--probability', '0.5', '-j', 'DROP'];
    const { code, stderr } = await exec(['unshare', '--net', ...command, ...trial], { timeoutMs: 10_000, signal });
    return code === 0 ? measured({ command }) : unmeasured(`iptables does not work here: ${stderr.trim().slice(-300)}`);
  } catch (error) {
    return unmeasured(`iptables cannot be run here: ${messageOf(error)}`);
  }
}

/** The older one of its two programs: it needs no module beyond those of the rules themselves. */
const LEGACY = {
  what: 'iptables',
  path: 'usr/sbin/xtables-legacy-multi',
  packages: ['iptables', 'libip4tc2', 'libip6tc2', 'libxtables12', 'libmnl0', 'libnftnl11', 'libnfnetlink0', 'libnetfilter-conntrack3'],
  ask: ['iptables', '--version'],
  version: /iptables v(\S+)/,
  fromPath: false,
};

async function commandOf({ exe, root }: { readonly exe: string; readonly root: string }): Promise<Argv> {
  const lib = join(root, 'usr', 'lib');
  const triple = (await readdir(lib)).find((name) => name.endsWith('-linux-gnu')) ?? '';
  return [
    'env',
    `XTABLES_LIBDIR=${join(lib, triple, 'xtables')}`,
    `XTABLES_LOCKFILE=${join(tmpdir(), 'ctl-xtables.lock')}`,
    exe,
    'iptables',
  ];
}
