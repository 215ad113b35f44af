import { readFile } from 'node:fs/promises';
import { isErrno } from '../errors.js';

/**
 * `pid@starttime` of a process of this host (`/proc/PID/stat` field 22, proc(5)); null if there is none with this pid, or only its corpse.
 * Where there is no /proc, a pid alone has to do.
 */
export async function identifyProcess(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold blanks and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : `${pid}@${fields[19] ?? ''}`;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ESRCH')) throw error;
    return process.platform === 'linux' || !exists(pid) ? null : `${pid}@?`;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}
