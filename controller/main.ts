import { addressOf, startController } from './app.js';
import { IDENTITY_USAGE, isIdentityCommand } from './identity/usage.js';
import { loadCluster } from './config/load.js';
import { watchCluster } from './config/watch.js';
import { formatProblem, hasErrors } from '../shared/ini/ini.js';
import { AppError } from '../shared/errors.js';
import { createLifecycle, shutdownOnSignals } from '../shared/lifecycle.js';
import { createLogger } from '../shared/log.js';
import { systemClock } from '../shared/ports/clock.js';
import { formatAddress } from '../shared/rpc/address.js';
import { exitCodeOf, parseOptions, printError } from '../shared/program-options.js';

const version = process.env.CTL_VERSION ?? 'development';
const USAGE = `usage: ctl-controller [-c cluster.ini] [--log-level debug|info|warn|error]\n       ${IDENTITY_USAGE.join('\n       ')}\n`;

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (isIdentityCommand(argv)) return void process.stdout.write(await identityCommand(argv));
  const options = parseOptions(argv, 'cluster.ini');
  if (options.only !== null) return void process.stdout.write(options.only === 'version' ? `${version}\n` : USAGE);
  const { config, document } = await load(options.file);
  const log = createLogger({ name: 'ctl-controller', level: options.logLevel, file: config.logFile });
  const lifecycle = createLifecycle({ log });
  shutdownOnSignals(lifecycle, { source: process, exit: (code) => process.exit(code) });
  const deps = { clock: systemClock, log, lifecycle };
  try {
    const source = watchCluster({ ...deps, env: process.env }, { file: options.file, loaded: { config, document } });
    lifecycle.onShutdown('watch', () => source.stop());
    const { address } = await startController(deps, {
      source,
      address: addressOf(config),
      version,
      owner: { what: 'ctl-controller', by: config.path },
      embedded: null,
    });
    process.stdout.write(`ctl-controller listens on ${formatAddress(address)}, its log is ${config.logFile}\n`);
  } catch (error) {
    await lifecycle.shutdown('it could not start');
    throw error;
  }
}

/** `worst`: only what keeps the file from being used is told. */
async function load(file: string, told: 'all' | 'worst' = 'all') {
  const { config, document, problems } = await loadCluster(file, process.env);
  for (const problem of problems) if (told === 'all' || problem.severity === 'error') process.stderr.write(`${formatProblem(problem)}\n`);
  if (config === null || hasErrors(problems))
    throw new AppError('config', `${file} has errors: nothing was done`, { hint: 'mend them; ctl config check shows them again' });
  return { config, document };
}

async function identityCommand(argv: readonly string[]): Promise<string> {
  const { runIdentityCommand } = await import('./identity/commands.js');
  return runIdentityCommand(argv, {
    load: async (file) => (await load(file, 'worst')).config,
    tell: (text) => void process.stderr.write(text),
    now: () => systemClock.now(),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(printError('ctl-controller', error));
  process.exit(exitCodeOf(error));
});
