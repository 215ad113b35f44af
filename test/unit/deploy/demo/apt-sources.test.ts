import { describe, expect, it } from 'vitest';
import { sourcesFor } from '../../../../deploy/demo/apt-sources.js';

const stanza = (...lines: string[]) => lines.join('\n');

describe('package sources for another release', () => {
  it('are the main archive of the machine, with its mirror and its keys, and nothing else', () => {
    const text = [
      stanza(
        '# ours',
        'Types: deb deb-src',
        'URIs: http://mirror.example/debian',
        'Suites: bookworm bookworm-updates',
        'Components: main contrib',
        'Signed-By: /usr/share/keyrings/a.gpg',
      ),
      stanza('Types: deb', 'URIs: http://mirror.example/security', 'Suites: bookworm-security', 'Components: main'),
      stanza('Types: deb', 'URIs: http://vendor.example/apt', 'Suites: bookworm', 'Components: stable'),
      stanza('Enabled: no', 'Types: deb', 'URIs: http://off.example/debian', 'Suites: bookworm', 'Components: main'),
      stanza('Types: deb-src', 'URIs: http://src.example/debian', 'Suites: bookworm', 'Components: main'),
    ].join('\n\n');
    expect(sourcesFor([{ name: 'debian.sources', text }], 'bookworm', 'trixie')).toEqual([
      stanza(
        'Types: deb',
        'Suites: trixie',
        'Components: main',
        'URIs: http://mirror.example/debian',
        'Signed-By: /usr/share/keyrings/a.gpg',
      ),
    ]);
  });

  it('are understood in the form of one line as well', () => {
    const text = [
      '# deb http://old.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian bookworm main contrib # ours',
      'deb http://mirror.example/debian bookworm-updates main',
      'deb-src http://mirror.example/debian bookworm main',
      'deb http://other.example/debian/ bookworm non-free',
    ].join('\n');
    expect(sourcesFor([{ name: 'sources.list', text }], 'bookworm', 'trixie')).toEqual([
      stanza(
        'Types: deb',
        'Suites: trixie',
        'Components: main',
        'URIs: http://mirror.example/debian',
        'Signed-By: /usr/share/keyrings/a.gpg',
      ),
    ]);
  });
});
