import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gone } from '../../support/children.js';
import { programFailed, streamProgram, writeAll, type StreamedProgram } from '../../../shared/ports/stream-program.js';

async function outputOf({ output }: StreamedProgram): Promise<string> {
  let text = '';
  for await (const chunk of output as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

describe('a program whose output is streamed', () => {
  it('keeps what it has said for a reader who comes after its end', async () => {
    const program = streamProgram(['echo', 'hello'], 'pipe');
    await gone('echo');
    expect(await outputOf(program)).toBe('hello\n');
    expect(await program.ended).toMatchObject({ code: 0, signal: null });
  });

  it('gets a file of ours with its position', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stream-'));
    await writeFile(join(folder, 'x'), 'one\ntwo\n');
    const file = await open(join(folder, 'x'));
    await file.read(Buffer.alloc(4), 0, 4);
    expect(await outputOf(streamProgram(['cat'], file.fd))).toBe('two\n');
    await file.close();
    await rm(folder, { recursive: true });
  });

  it('takes what is written to it, in its time', async () => {
    const program = streamProgram(['wc', '-c'], 'pipe');
    if (program.input === null) throw new Error('it has an input');
    for (let n = 0; n < 10; n++) await writeAll(program.input, Buffer.alloc(1024 * 1024));
    program.input.end();
    expect((await outputOf(program)).trim()).toBe(String(10 * 1024 * 1024));
  });

  it('is not waited for by a writer when it has ended', async () => {
    const program = streamProgram(['true'], 'pipe');
    await program.ended;
    if (program.input === null) throw new Error('it has an input');
    await writeAll(program.input, Buffer.alloc(1024 * 1024));
  });

  it('tells how it failed', async () => {
    const program = streamProgram(['ls', '/nowhere'], 'pipe');
    const end = await program.ended;
    expect(end.code).toBe(2);
    expect(programFailed('ls', end)).toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^ls ended with code 2: ls: .*\/nowhere/) as string,
    });
  });

  it('rejects if there is no such program', async () => {
    const program = streamProgram(['/nowhere/program'], 'pipe');
    await expect(program.ended).rejects.toMatchObject({ code: 'failed', message: '/nowhere/program: no such program' });
  });

  it('is gone when it is killed', async () => {
    const program = streamProgram(['sleep', '100'], 'pipe');
    program.kill();
    expect(await program.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });
});
