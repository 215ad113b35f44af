import type { Measured } from '../../shared/model/observation.js';
import { type DebianProgram, findDebianProgram } from './debian-program.js';

export const findLogrotate = ({ signal }: { readonly signal: AbortSignal }): Promise<Measured<DebianProgram>> =>
  findDebianProgram(
    {
      ...{ what: 'logrotate', path: 'usr/sbin/logrotate', packages: ['logrotate', 'libpopt0', 'libacl1', 'libselinux1'] },
      ...{ ask: ['--version'], version: /logrotate (\d+\.\d+\S*)/i, fromPath: true },
    },
    signal,
  );
