/** A package source as apt writes it down: one stanza of a `.sources` file. */
export type SourceStanza = string;

/**
 * From the text of the machine's own source files, the stanzas of its main archive, moved to the release `wanted`. Mirror, options and
 * keys stay as they are: what the machine trusts and reaches is used, and nothing else.
 */
export function sourcesFor(
  files: readonly { readonly name: string; readonly text: string }[],
  own: string,
  wanted: string,
): SourceStanza[] {
  return files.flatMap(({ name, text }) => (name.endsWith('.sources') ? fromStanzas(text, own, wanted) : fromLines(text, own, wanted)));
}

function fromStanzas(text: string, own: string, wanted: string): SourceStanza[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const lines = stanza.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const field = (name: string): string[] =>
      lines
        .find((line) => line.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim()
        .split(/\s+/) ?? [];
    const enabled = field('enabled')[0]?.toLowerCase() !== 'no';
    if (!enabled || !field('types').includes('deb') || !field('suites').includes(own) || !field('components').includes('main')) return [];
    const kept = lines.filter((line) => !/^(types|suites|components|enabled):/i.test(line));
    return [['Types: deb', `Suites: ${wanted}`, 'Components: main', ...kept].join('\n')];
  });
}

function fromLines(text: string, own: string, wanted: string): SourceStanza[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (match === null) return [];
    const [, options = '', uri = '', suite, components = ''] = match;
    if (suite !== own || !components.split(/\s+/).includes('main')) return [];
    const signedBy = /signed-by=(\S+)/i.exec(options)?.[1];
    return [
      [
        'Types: deb',
        `Suites: ${wanted}`,
        'Components: main',
        `URIs: ${uri}`,
        ...(signedBy === undefined ? [] : [`Signed-By: ${signedBy}`]),
      ].join('\n'),
    ];
  });
}
