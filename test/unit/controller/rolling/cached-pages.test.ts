import { describe, expect, it } from 'vitest';
import { cachedPages } from '../../../../controller/rolling/cached-pages.js';
import { aService, connectConfig } from '../checks/fixtures.js';

const cache = aService({ name: 'squid', type: 'Squid', ip: '10.0.0.5', port: 3128 });
const LONG = '/VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot';
const pages = (url: string, over = {}) => cachedPages(connectConfig(over), cache, url).map(({ host, path }) => `${host} ${path}`);

describe('the pages that are meant by a url', () => {
  it.each(['/news', 'http://www.example.org/news', 'https://www.example.org:443/news'])(
    '%s is the long form that the cache sees',
    (url) => {
      expect(pages(url)).toEqual([`www.example.org ${LONG}/news`, `10.0.0.5:3128 ${LONG}/news`]);
    },
  );

  it('keeps the query, and escapes what a request cannot hold', () => {
    expect(pages('/a b?c=ü')).toEqual([`www.example.org ${LONG}/a%20b?c=%C3%BC`, `10.0.0.5:3128 ${LONG}/a%20b?c=%C3%BC`]);
  });

  it('leaves the long form, and urls of other hosts, as they are', () => {
    expect(pages(`${LONG}/x`)).toEqual([`www.example.org ${LONG}/x`, `10.0.0.5:3128 ${LONG}/x`]);
    expect(pages('http://other.example.org:8080/x')).toEqual(['other.example.org:8080 /x']);
  });

  it('is the plain path where there is no virtual host', () => {
    expect(pages('/x', { publicName: '', entity: '' })).toEqual(['10.0.0.5:3128 /x']);
  });

  it.each(['news', '//x/y', 'ftp://x/y', 'http:///x', 'http://user@x/'])('refuses %s', (url) => {
    expect(() => pages(url)).toThrow(`not a page: ${url}`);
  });
});
