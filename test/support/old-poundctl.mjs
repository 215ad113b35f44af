// The poundctl of Pound 2.8 as its users see it, on the control socket of a Pound of today: numbers only, a listing that is almost XML.
import { request } from 'node:http';

const args = process.argv.slice(2);
const usage = () => {
  process.stderr.write(`Usage: poundctl -c /control/socket [ -X ] cmd\n`);
  process.exit(1);
};
let socketPath;
let command = 'X';
const numbers = [];
while (args.length > 0) {
  const word = args.shift();
  if (word === '-c') socketPath = args.shift();
  else if (/^-[XBbNn]$/.test(word)) command = word.slice(1);
  else numbers.push(word);
}
if (socketPath === undefined) usage();

const call = (method, path) =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { connection: 'close' } }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve(body));
    });
    sent.on('error', reject);
    sent.end();
  });

const enables = (command === 'B') === (process.env.POUNDCTL_LETTERS !== 'the other way round');
const backendPath = ([l, s, b]) => (l === '-1' ? `/service/${s}/${b}` : `/listener/${l}/${s}/${b}`);

try {
  if (command === 'X') process.stdout.write(list(JSON.parse(await call('GET', '/'))));
  else if (command === 'B' || command === 'b') await call(enables ? 'PUT' : 'DELETE', backendPath(numbers));
  else if (command === 'n') await call('DELETE', `/session/${numbers[0] === '-1' ? '-' : numbers[0]}/${numbers[1]}?key=${numbers[2]}`);
  else usage();
} catch (error) {
  process.stderr.write(`connect: ${error.message}\n`);
  process.exit(1);
}

function list({ listeners, services }) {
  const inner = listeners.map(
    ({ address, services: own }, l) =>
      `<listener index="${l}" protocol="http" address="${address}" status="active">\n${own.map(service).join('')}</listener>\n`,
  );
  return `<pound>\n<queue size="0"/>\n${inner.join('')}${services.map(service).join('')}</pound>\n`;
}

function service({ name, backends, sessions }, s) {
  const head = name ? `<service index="${s}" name="${name}" status="active">` : `<service index="${s}">`;
  const all = backends.map(
    ({ address, alive, enabled, priority }, b) =>
      `<backend index="${b}" address="${address ?? '(UNKNOWN):0'}" avg="0.001" priority="${priority}" alive="${alive ? 'yes' : 'DEAD'}" status="${enabled ? 'active' : 'DISABLED'}" />\n`,
  );
  const bound = (sessions ?? []).map(
    ({ key, backend }, i) => `<session index="${i}" key="${key.replaceAll('"', '\\"')}" backend="${backend}" />\n`,
  );
  return `${head}\n${all.join('')}${bound.join('')}</service>\n`;
}
