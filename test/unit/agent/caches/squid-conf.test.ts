import { describe, expect, it } from 'vitest';
import { parseSquidConf } from '../../../../agent/caches/squid-conf.js';

describe('squid.conf', () => {
  it('says how long Squid waits for its visitors, and where its caches are', () => {
    const text =
      '# shutdown_lifetime 1 second\ncache_dir ufs /var/spool/squid 100 16 256\n  cache_dir aufs /cache2 5 4 4\nshutdown_lifetime 1 minute # long\n';
    expect(parseSquidConf(text)).toEqual({ shutdownS: 60, folders: ['/var/spool/squid', '/cache2'] });
  });

  it.each([
    ['', 30],
    ['shutdown_lifetime 10 seconds', 10],
    ['shutdown_lifetime 5', 5],
    ['shutdown_lifetime 500 milliseconds', 0.5],
    ['shutdown_lifetime 3 seconds\nshutdown_lifetime 4 seconds', 4],
    ['shutdown_lifetime soon', 30],
  ])('takes %j for %d s', (text, seconds) => expect(parseSquidConf(text).shutdownS).toBe(seconds));
});
