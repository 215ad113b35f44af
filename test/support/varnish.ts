import { join } from 'node:path';
import type { Measured } from '../../shared/model/observation.js';
import { type DebianProgram, findDebianProgram } from './debian-program.js';

/** A Varnish that can be run here. It compiles its configuration, which takes the C compiler of this machine. */
export interface Varnish extends DebianProgram {
  /** Parameters that say where its files are. */
  readonly places: readonly string[];
}

export async function findVarnish({ signal }: { readonly signal: AbortSignal }): Promise<Measured<Varnish>> {
  const found = await findDebianProgram(
    {
      ...{ what: 'Varnish', path: 'usr/sbin/varnishd', ask: ['-V'], version: /varnish-(\d+\.\d+\S*)/, fromPath: false },
      packages: ['varnish', 'libvarnishapi3', 'libjemalloc2', 'libedit2', 'libbsd0', 'libmd0'],
    },
    signal,
  );
  if (!found.ok) return found;
  const share = join(found.root, 'usr/share/varnish');
  return {
    ...found,
    places: ['-p', `vcl_path=${join(share, 'vcl')}:/etc/varnish`, '-p', `vmod_path=${join(found.root, 'usr/lib/varnish/vmods')}`],
  };
}
