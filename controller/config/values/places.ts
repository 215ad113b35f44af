import { isAbsolutePath, isWindowsPath } from '../../../shared/ini/host-path.js';
import { HOST_NAME, isIp, splitAddress } from '../../../shared/ini/address.js';
import { lastPart, resolveBeside } from '../paths.js';
import { linesOf } from './texts.js';
import { bad, continuationHint, doubtful, good, MISSING, shown, type ValueType } from './value-type.js';

/** A file or folder of the controller's own. A Windows path in a file that was carried to another system keeps its name only. */
export const ownPath: ValueType<string> = {
  name: "path, relative to this file's folder",
  blank: '',
  parse(value, iniPath) {
    if (value === '') return good('');
    if (value.includes('\n')) return bad(`${shown(value)} is not a path`, continuationHint(value));
    if (!isWindowsPath(value) || !iniPath.startsWith('/')) return good(resolveBeside(iniPath, value));
    const path = resolveBeside(iniPath, lastPart(value));
    return doubtful(path, `${shown(value)} is a Windows path: ${path} is used here`);
  },
};

/** A path on the host of a service: absolute, POSIX or Windows. '' if there is none. */
export const hostPath: ValueType<string> = {
  name: "absolute path on the service's host",
  blank: '',
  parse(value) {
    if (value === '') return good('');
    if (value.includes('\n')) return bad(`${shown(value)} is not a path`, continuationHint(value));
    return isAbsolutePath(value) ? good(value) : bad(notAbsolute(value));
  },
};

export const neededHostPath: ValueType<string> = {
  ...hostPath,
  parse: (value, iniPath) => (value === '' ? MISSING : hostPath.parse(value, iniPath)),
};

export const hostPaths: ValueType<readonly string[]> = {
  name: "absolute paths on the service's host, one a line",
  blank: [],
  parse(value) {
    const paths = linesOf(value);
    const wrong = paths.find((path) => !isAbsolutePath(path));
    return wrong === undefined ? good(paths) : { ...bad(notAbsolute(wrong)), part: wrong };
  },
};

/** A program on the host of a service: an absolute path, or a bare name that is found on its PATH. */
export const hostProgram: ValueType<string> = {
  name: "program on the service's host",
  blank: '',
  parse: (value) => (isAbsolutePath(value) || !/[\\/\n]/.test(value) ? good(value) : bad(notAbsolute(value))),
};

const notAbsolute = (path: string): string => `${shown(path)} is not an absolute path: it is on the service's host`;

/** An address to connect to. A name works too, but a balancer knows its backends by number. */
export const ip: ValueType<string> = {
  name: 'IP address',
  blank: '',
  parse(value) {
    if (value === '') return MISSING;
    const plain = value.replace(/^\[(.*)\]$/, '$1');
    if (isIp(plain)) return good(plain.toLowerCase());
    if (/^[\d.]+$/.test(value) || !HOST_NAME.test(value)) return bad(`${shown(value)} is not an IP address`, continuationHint(value));
    return doubtful(value, `${shown(value)} is not an IP address: a balancer knows its backends by number`);
  },
};

/** host[:port]; '' if there is none. */
export const hostPort: ValueType<string> = {
  name: 'host:port',
  blank: '',
  parse: (value) =>
    value === '' || splitAddress(value) !== null ? good(value) : bad(`${shown(value)} is not host or host:port`, continuationHint(value)),
};

/** Where the controller listens; null: nowhere (embedded mode). */
export const listenAddress: ValueType<string | null> = {
  name: 'host:port or unix:/path',
  blank: null,
  parse(value) {
    if (value === '') return good(null);
    if (value.startsWith('unix:'))
      return value.startsWith('unix:/') ? good(value) : bad('the path of a unix socket must be absolute', 'unix:/run/ctl.sock');
    const address = splitAddress(value);
    return address?.port === undefined ? bad(`${shown(value)} is not host:port or unix:/path`, continuationHint(value)) : good(value);
  },
};
