import { describe, expect, test } from 'vitest';
import { exampleClusterIni } from '../../../../controller/config/example.js';
import { parseCluster } from '../../../../controller/config/parse.js';
import { selectServices } from '../../../../controller/config/select.js';

const { config } = parseCluster(exampleClusterIni(), '/etc/ctl/cluster.ini', {
  secrets: { env: { CTL_PASSWD: 'x' }, passwdFile: null, mailPasswordFile: null },
});
const selected = (...selectors: string[]) => {
  if (config === null) throw new Error('the example does not load');
  return selectServices(config, selectors).map((service) => service.spec.name);
};

describe('choosing services', () => {
  test.each([
    [
      ['zeoclient1.2', 'pound'],
      ['zeoclient1.2', 'pound'],
    ],
    [[' zeoclient1.2 '], ['zeoclient1.2']],
    [['pool:1'], ['zeoclient1.1', 'zeoclient1.2']],
    [['host:web1'], ['zeoclient1.1', 'zeoclient1.2']],
    [['host:web*'], ['zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1']],
    [['type:ZeoServer'], ['zeo']],
    [['zeoclient1.*'], ['zeoclient1.1', 'zeoclient1.2']],
    [
      ['zeoclient?.1', 'pool:1'],
      ['zeoclient1.1', 'zeoclient2.1', 'zeoclient1.2'],
    ],
    [['pound', 'p*', 'type:Pound'], ['pound']],
    [[], []],
  ])('%j', (selectors, names) => {
    expect(selected(...selectors)).toEqual(names);
  });

  test.each([
    [['zeoclient1.3'], 'no service matches "zeoclient1.3"', 'did you mean "zeoclient1.1" or "zeoclient1.2" or "zeoclient2.1"?'],
    [['pound', 'poond', 'skuid'], 'no service matches "poond", "skuid"', 'did you mean "pound"? did you mean "squid"?'],
    [['pool:3'], 'no service matches "pool:3"', 'did you mean "pool:1" or "pool:2"?'],
    [['type:zeoclient'], 'no service matches "type:zeoclient"', 'did you mean "type:ZeoClient"?'],
    [['*x*'], 'no service matches "*x*"', 'services are zeoclient1.1, zeoclient1.2, zeoclient2.1, pound, squid, zeo'],
    [[''], 'no service matches ""', 'services are zeoclient1.1, zeoclient1.2, zeoclient2.1, pound, squid, zeo'],
  ])('%j is a usage error with the nearest names, even beside a good one', (selectors, message, hint) => {
    expect(() => selected(...selectors)).toThrow(expect.objectContaining({ code: 'usage', message, hint }) as Error);
  });
});
