import { describe, expect, it } from 'vitest';
import { checkHttp, checkHttpServer, plainPath, virtualHostPath } from '../../../../controller/checks/http.js';
import { fromHere } from '../../../../controller/checks/vantage.js';
import { AppError } from '../../../../shared/errors.js';
import { Secret } from '../../../../shared/model/secret.js';
import { aService, connectConfig, fakeClock, never } from './fixtures.js';
import { answering, closedPort, page, serve } from './servers.js';

const here = fromHere(fakeClock());
const limits = { path: '', timeoutMs: 5000, signal: never };

describe('virtualHostPath', () => {
  it.each([
    ['', '/plone/VirtualHostRoot/'],
    ['/', '/plone/VirtualHostRoot/'],
    ['/news/today', '/plone/VirtualHostRoot/news/today'],
    ['search?q=a+b&x=%2F', '/plone/VirtualHostRoot/search?q=a+b&x=%2F'],
    ['a page/über#part', '/plone/VirtualHostRoot/a%20page/%C3%BCber'],
  ])('asks for the path %j under the virtual host', (path, expected) => {
    expect(virtualHostPath(connectConfig(), path)).toBe(`/VirtualHostBase/http/www.example.org:80${expected}`);
  });

  it('makes the root of the Zope the virtual host when there is no entity', () => {
    expect(virtualHostPath(connectConfig({ entity: '/' }), 'x')).toBe('/VirtualHostBase/http/www.example.org:80/VirtualHostRoot/x');
  });

  it('asks the client itself when there is no public name', () => {
    expect(virtualHostPath(connectConfig({ publicName: '' }), '')).toBe('/plone/');
    expect(virtualHostPath(connectConfig({ publicName: '', entity: '' }), '/x')).toBe('/x');
  });

  it('keeps a port that the public name has already, and an entity of several parts', () => {
    expect(virtualHostPath(connectConfig({ publicName: 'intra:8443', entity: '/sites/main/' }), '')).toBe(
      '/VirtualHostBase/http/intra:8443/sites/main/VirtualHostRoot/',
    );
  });

  it('asks an HttpServer for the path as it stands', () => {
    expect(plainPath('/server-status?auto')).toBe('/server-status?auto');
  });
});

describe('checkHttp', () => {
  it('asks for the virtual host and is well with a page', async () => {
    await using server = await serve(answering(page('home')));
    expect(await checkHttp(here, server, connectConfig(), limits)).toMatchObject({ ok: true, status: 200, bytes: 4 });
    expect(server.received()).toContain('GET /VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot/ HTTP/1.1\r\n');
    expect(server.received().toLowerCase()).not.toContain('authorization');
  });

  it('is well with a redirect to itself, and does not follow it', async () => {
    await using server = await serve(answering(page('', '301 Moved Permanently', 'Location: /\r\n')));
    expect(await checkHttp(here, server, connectConfig(), limits)).toMatchObject({ ok: true, status: 301 });
    expect(server.connections()).toBe(1);
  });

  it('sends login and password as a header', async () => {
    await using server = await serve(answering(page('home')));
    await checkHttp(here, server, connectConfig({ login: 'admin', passwd: new Secret('pässword') }), limits);
    const header = /authorization: Basic (\S+)/i.exec(server.received())?.[1] ?? '';
    expect(Buffer.from(header, 'base64').toString('utf8')).toBe('admin:pässword');
    expect(server.received()).not.toContain('pässword');
  });

  it('tells where to look when the login is refused, without the password', async () => {
    await using server = await serve(answering(page('no', '401 Unauthorized')));
    const answer = await checkHttp(here, server, connectConfig({ login: 'admin', passwd: new Secret('hunter2') }), limits);
    expect(answer).toEqual({
      ok: false,
      fault: 'error',
      status: 401,
      why: `http://127.0.0.1:${server.port}/VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot/ answered with status 401 (look at login and passwd in [connect])`,
    });
  });

  it.each(['404 Not Found', '500 Internal Server Error', '503 Service Unavailable'])('is an error with status %s', async (status) => {
    await using server = await serve(answering(page('sorry', status)));
    expect(await checkHttp(here, server, connectConfig(), limits)).toMatchObject({
      ok: false,
      fault: 'error',
      status: Number(status.slice(0, 3)),
    });
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a body that is shorter than it was said to be', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort'],
    ['no answer and a closed connection', ''],
  ])('is an error with %s', async (_, answer) => {
    await using server = await serve(answering(answer));
    const outcome = await checkHttp(here, server, connectConfig({ login: 'admin', passwd: new Secret('hunter2') }), limits);
    expect(outcome).toMatchObject({ ok: false, fault: 'error' });
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|YWRtaW/);
  });

  it('is an error with a reset', async () => {
    await using server = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await checkHttp(here, server, connectConfig(), limits)).toMatchObject({ ok: false, fault: 'error' });
  });

  it('calls a client late that accepts and does not answer, and one that never comes to an end', async () => {
    await using silent = await serve(() => undefined);
    expect(await checkHttp(here, silent, connectConfig(), { ...limits, timeoutMs: 150 })).toEqual({
      ok: false,
      fault: 'late',
      why: `http://127.0.0.1:${silent.port}/VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot/ did not answer within 150 ms`,
    });
    await using endless = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = () => {
        if (!socket.destroyed) socket.write('x'.repeat(1000), () => setImmediate(more));
      };
      more();
    });
    expect(await checkHttp(here, endless, connectConfig(), { ...limits, timeoutMs: 150 })).toMatchObject({ ok: false, fault: 'late' });
  });

  it('tells no connection, and no way to measure, from an error', async () => {
    const refused = await checkHttp(here, { ip: '127.0.0.1', port: await closedPort() }, connectConfig(), limits);
    expect(refused).toMatchObject({ ok: false, fault: 'no-connection' });
    const noRoute = await checkHttp(here, { ip: '127.255.255.255', port: 9 }, connectConfig(), limits);
    expect(noRoute).toMatchObject({ ok: false, fault: 'unmeasurable' });
  });

  it('rejects only with the reason of its signal, though that be a deadline of the caller', async () => {
    const reason = new AppError('timeout', 'the roll took too long');
    const abort = new AbortController();
    await using server = await serve((socket) => socket.once('data', () => abort.abort(reason)));
    await expect(checkHttp(here, server, connectConfig(), { ...limits, signal: abort.signal })).rejects.toBe(reason);
  });
});

describe('checkHttpServer', () => {
  it('asks for its own url, without the login of Zope', async () => {
    await using server = await serve(answering(page('fine')));
    const service = aService({ type: 'HttpServer', port: server.port }, { url: '/server-status' });
    expect(await checkHttpServer(here, service, limits)).toMatchObject({ ok: true, status: 200 });
    expect(server.received()).toContain('GET /server-status HTTP/1.1\r\n');
    expect(server.received().toLowerCase()).not.toContain('authorization');
  });
});
