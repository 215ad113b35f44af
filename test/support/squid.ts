import { join } from 'node:path';
import type { Measured } from '../../shared/model/observation.js';
import { type DebianProgram, findDebianProgram } from './debian-program.js';

/** A Squid that can be run here; unpacked, so that a configuration has to say where its files are. */
export interface Squid extends DebianProgram {
  /** Lines for squid.conf. */
  readonly places: readonly string[];
}

export async function findSquid({ signal }: { readonly signal: AbortSignal }): Promise<Measured<Squid>> {
  const found = await findDebianProgram(
    {
      ...{ what: 'Squid', path: 'usr/sbin/squid', ask: ['-v'], version: /Version (\d+\.\d+\S*)/, fromPath: false },
      packages: [
        ...['squid', 'squid-common', 'squid-langpack', 'libecap3', 'libltdl7', 'libdb5.3'],
        ...['libnetfilter-conntrack3', 'libnfnetlink0', 'libtdb1'],
      ],
    },
    signal,
  );
  if (!found.ok) return found;
  const share = join(found.root, 'usr/share');
  const places = [
    `mime_table ${join(share, 'squid/mime.conf')}`,
    `error_directory ${join(share, 'squid-langpack/en')}`,
    `icon_directory ${join(share, 'squid/icons')}`,
    `unlinkd_program ${join(found.root, 'usr/lib/squid/unlinkd')}`,
  ];
  return { ...found, places };
}
