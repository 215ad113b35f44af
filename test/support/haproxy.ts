import type { Measured } from '../../shared/model/observation.js';
import { type DebianProgram, findDebianProgram } from './debian-program.js';

export const findHaproxy = ({ signal }: { readonly signal: AbortSignal }): Promise<Measured<DebianProgram>> =>
  findDebianProgram(
    {
      ...{ what: 'HAProxy', path: 'usr/sbin/haproxy', ask: ['-v'], version: /version (\d+\.\d+\S*)/i, fromPath: true },
      packages: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
    },
    signal,
  );
