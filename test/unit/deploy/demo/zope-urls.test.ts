import { expect, it } from 'vitest';
import { parseSiteUrl } from '../../../../deploy/demo/zope-urls.js';

it.each([
  ['/', { site: null, page: '' }],
  ['/news/', { site: null, page: 'news' }],
  ['/VirtualHostBase/http/www.example.org:80/site/VirtualHostRoot/', { site: 'site', page: '' }],
  ['/VirtualHostBase/http/www.example.org:80/site/VirtualHostRoot', { site: 'site', page: '' }],
  ['/VirtualHostBase/https/www.example.org:443/a/b/VirtualHostRoot/news', { site: 'a/b', page: 'news' }],
  ['/VirtualHostBase/http/www.example.org:80/VirtualHostRoot/news', { site: '', page: 'news' }],
])('reads %s', (url, expected) => {
  expect(parseSiteUrl(url)).toMatchObject(expected);
});

it('keeps the query apart', () => {
  expect(parseSiteUrl('/VirtualHostBase/http/h:80/site/VirtualHostRoot/slow?ms=7').query.get('ms')).toBe('7');
});
