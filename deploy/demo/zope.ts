// A stand-in for a WSGI Zope client: slow to start, logs "Ready" and writes its pid before it listens, answers virtual-host URLs over
// connections that it keeps, and dies of SIGTERM at once with whatever it was doing, its pid file left behind.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectToZeo } from './zope-zeo.js';
import { parseSiteUrl } from './zope-urls.js';

const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    port: { type: 'string' },
    folder: { type: 'string' },
    zeo: { type: 'string' },
    entity: { type: 'string', default: 'site' },
    'start-ms': { type: 'string', default: '1000' },
    'page-ms': { type: 'string', default: '2' },
  },
});
const { name, port, folder, zeo, entity } = values;
if (name === undefined || port === undefined || folder === undefined || zeo === undefined) {
  throw new Error('usage: zope --name NAME --port PORT --folder FOLDER --zeo PORT [--entity NAME] [--start-ms MS] [--page-ms MS]');
}
const pageMs = Number(values['page-ms']);

mkdirSync(join(folder, 'log'), { recursive: true });
const log = (level: string, logger: string, message: string) =>
  appendFileSync(join(folder, 'log/event.log'), `${localTime(new Date())} ${level} [${logger}][MainThread] ${message}\n`);

const database = await connectToZeo(Number(zeo), (level, message) => log(level, 'ZEO.asyncio.base:103', message));
// Products, profiles, page templates …
await sleep(Number(values['start-ms']));
log('INFO', 'Zope:42', 'Ready to handle requests');
const pidFile = join(folder, 'Z4.pid');
rmSync(pidFile, { force: true });
writeFileSync(pidFile, String(process.pid));

const server = createServer((request, response) => void answer(request, response));
// As waitress: it waits two minutes for the next request.
server.keepAliveTimeout = 120_000;
server.listen(Number(port), '127.0.0.1', 1024, () => log('INFO', 'waitress:449', `Serving on http://127.0.0.1:${port}`));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { site, page, query } = parseSiteUrl(request.url ?? '/');
  await sleep(page === 'slow' ? Number(query.get('ms') ?? 1000) : pageMs);
  response.setHeader('X-Served-By', `${name} ${process.pid}`);
  response.setHeader('Content-Type', 'text/html;charset=utf-8');
  if (!database.connected()) {
    send(response, 503, 'the database is away');
    return;
  }
  if ((site !== null && site !== entity) || !PAGES.has(page)) {
    send(response, 404, `nothing at ${request.url ?? ''}`);
    return;
  }
  send(response, 200, `<h1>${page === '' ? 'Home' : page}</h1><p>by ${name} (pid ${process.pid})</p>`);
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = `<!DOCTYPE html><html><body>${text}</body></html>\n`;
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body);
}

const PAGES = new Set(['', 'news', 'contact', 'slow']);

function localTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
