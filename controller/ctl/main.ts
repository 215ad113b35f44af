import { hostname, userInfo } from 'node:os';
import type { CtlDeps, Interrupt } from './deps.js';
import type { Certified } from '../../shared/pki/certificate.js';

/** The program `ctl`: the only place that knows of argv, the environment and the end of the process. Everything dear is loaded on demand. */
const version = process.env.CTL_VERSION ?? 'development';
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) process.stdout.write(`${version}\n`);
else void main();

async function main(): Promise<void> {
  const { runCtl, createTerminal, controllerAddress, createOperatorIdentity, systemClock, worstExit, EXIT } = await import('./program.js');
  const by = `${userName()}@${hostname()}`;
  const listeners: ((kind: Interrupt) => void)[] = [];
  const tell = (kind: Interrupt) => listeners.at(-1)?.(kind);
  process.on('SIGINT', () => tell('interrupt'));
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) process.on(signal, () => tell('hangup'));
  // Whoever read our output has gone away (`ctl status | head`): nobody is left to be told anything. A disk that is full is another matter.
  let lost: string | null = null;
  const note = (error: NodeJS.ErrnoException | null | undefined) => {
    if (error != null && error.code !== 'EPIPE') lost ??= error.message;
  };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    note(error);
    tell('hangup');
  });
  process.stderr.on('error', () => tell('hangup'));

  const identity = createOperatorIdentity(process.env);
  const deps: CtlDeps & { readonly version: string } = {
    version,
    terminal: createTerminal(process, process.env, () => tell('interrupt')),
    clock: systemClock,
    by,
    interrupts: {
      listen(listener) {
        listeners.push(listener);
        return () => void listeners.splice(listeners.indexOf(listener), 1);
      },
    },
    controllerAddress,
    async connect(address) {
      const certified = await identity.credentials(address);
      const login = certified === null ? null : { certified, keep: (next: Certified) => identity.keep(address, next) };
      return (await import('../../shared/rpc/control-client.js')).connectControl(address, login);
    },
    login: (invitation, signal) => identity.login(invitation, signal),
    embedded: async (file) => (await import('../embedded.js')).openEmbedded({ file, env: process.env, version, by }),
    offline: async () => (await import('../config/offline.js')).createOfflineConfig(process.env),
  };
  const code = await runCtl(argv, deps);
  process.exitCode = code;
  // Output to a pipe is written in the background: the process ends when the last of it has gone.
  process.stdout.write('', (error) => {
    note(error);
    if (lost === null) process.exit(code);
    process.stderr.write(`ctl: the output could not be written: ${lost}\n`);
    process.exit(worstExit([code, EXIT.unreached]));
  });
}

/** A container may run us as a user whom nobody has named. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
