/** What a request asks of a site, once Zope's virtual-host machinery has taken the URL apart. */
export interface SiteUrl {
  /** The object that is the site's root; null: the URL is a plain one, the root of Zope. */
  readonly site: string | null;
  /** Path within the site, without slashes at its ends. */
  readonly page: string;
  readonly query: URLSearchParams;
}

/** Reads `/VirtualHostBase/http/HOST:80/SITE/VirtualHostRoot/PATH` as well as plain paths. */
export function parseSiteUrl(url: string): SiteUrl {
  const { pathname, searchParams } = new URL(url, 'http://zope/');
  const match = /^\/VirtualHostBase\/https?\/[^/]+\/(.*?)\/?VirtualHostRoot(?:\/(.*))?$/.exec(pathname);
  const [site, page] = match === null ? [null, pathname] : [match[1] ?? '', match[2] ?? ''];
  return { site, page: page.replace(/^\/+|\/+$/g, ''), query: searchParams };
}
