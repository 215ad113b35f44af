import fc from 'fast-check';

/** What a generated pound.cfg is about: the backends have `127.0.0.1` and one of these ports. */
export const BACKEND_PORTS = ['8001', '8002', '8003'] as const;

export interface ConfFileOptions {
  /** Ports for the listeners; `n` listeners at most. */
  readonly listenerPorts: readonly string[];
  readonly control: string;
  /** Backends that an operator has switched off already. */
  readonly withDisabled: boolean;
  /** What Pound 4.16 does not take, though later ones do: lines joined by a backslash. */
  readonly withJoins: boolean;
}

/** Files as people leave them behind: tabs, line ends of both kinds, odd comments and cases, one backend in many services. */
export function confFiles(options: ConfFileOptions): fc.Arbitrary<string> {
  const backend = fc
    .tuple(fc.constantFrom('BackEnd', 'backend', 'BACKEND', 'Emergency'), fc.constantFrom(...BACKEND_PORTS), extras(options), fc.boolean())
    .map(([keyword, port, extra, portFirst]) => {
      const address = [line('Address', ' 127.0.0.1'), options.withJoins ? line('Port', ` \\\n ${port}`) : line('Port', `  ${port}`)];
      return section(keyword, [...(portFirst ? address.toReversed() : address), ...extra]);
    });
  const use = fc.oneof(
    fc.constant([line('UseBackend', ' "shared"')]),
    // Pound takes nothing else in a stanza that only adjusts a shared one.
    extras(options).map((extra) =>
      section('BackEnd "shared"', [line('Priority', ' 3'), ...extra.filter((piece) => piece.keyword !== 'TimeOut')]),
    ),
  );
  const service = fc
    .tuple(
      fc.array(fc.oneof({ weight: 4, arbitrary: backend }, { weight: 1, arbitrary: use }), { minLength: 1, maxLength: 3 }),
      fc.subarray(CONDITIONS),
    )
    .map(([backends, conditions]) => section('Service', [...conditions.flat(), ...backends.flat()]));
  const listener = fc.array(service, { maxLength: 3 });
  const shared = fc
    .tuple(fc.constantFrom(...BACKEND_PORTS), extras(options))
    .map(([port, extra]) => section('Backend "shared"', [line('Address', ' 127.0.0.1'), line('Port', ` ${port}`), ...extra]));
  return fc
    .tuple(
      fc.array(listener, { minLength: 1, maxLength: options.listenerPorts.length }),
      fc.array(service, { maxLength: 2 }),
      shared,
      fc.subarray(GLOBALS),
      STYLE,
    )
    .map(([listeners, services, definition, globals, style]) => {
      const control = [line('Control', ` "${options.control}"`)];
      const listening = listeners.map((content, i) =>
        section('ListenHTTP', [line('Address', ' 127.0.0.1'), line('Port', ` ${options.listenerPorts[i] ?? ''}`), ...content.flat()]),
      );
      return written([...HEAD, ...globals.flat(), ...control, ...listening.flat(), ...services.flat(), ...definition], style);
    });
}

/** One directive, or a line of noise. */
interface Piece {
  readonly keyword: string;
  readonly rest: string;
}

const line = (keyword: string, rest: string): Piece => ({ keyword, rest });
const section = (keyword: string, content: readonly Piece[]): Piece[] => [line(keyword, ''), ...content, line('End', '')];

const extras = ({ withDisabled }: ConfFileOptions): fc.Arbitrary<Piece[]> =>
  fc
    .tuple(
      fc.option(
        fc.constantFrom(
          ...(withDisabled ? [' 0', ' 1', '\t1', ' yes', ' no', ' on # why', ' true'] : [' 0', '\t0', ' no', ' off # why', ' false']),
        ),
        {
          nil: undefined,
        },
      ),
      fc.subarray([line('# Disabled 1', ''), line('', ''), line('#', ' End'), line('TimeOut', ' 20')]),
      fc.boolean(),
    )
    .map(([disabled, noise, first]) => {
      const own = disabled === undefined ? [] : [line('Disabled', disabled)];
      return first ? [...own, ...noise] : [...noise, ...own];
    });

const CONDITIONS: Piece[][] = [
  [line('URL', ' "^/# no comment \\"End\\""')],
  [line('ACL', ' "office"')],
  [line('Not ACL', ''), line('"192.0.2.0/24"', ''), line('End', '')],
  section('Match OR', [line('Host', ' "a"'), ...section('Match and', [line('Host', ' "b"')])]),
  section('Rewrite response', [line('SetHeader', ' "X-A: End"'), line('Else', ''), line('SetHeader', ' "X-B: BackEnd"')]),
  section('Session', [line('Type', ' COOKIE'), line('ID', ' "BackEnd"'), line('TTL', ' 300')]),
];

const HEAD: Piece[] = [line('Daemon', ' off'), line('LogLevel', ' 0'), ...section('ACL "office"', [line('"127.0.0.0/8"', '')])];

const GLOBALS: Piece[][] = [
  section('Resolver', section('ConfigText', [line('BackEnd', ''), line('Address', ' 9.9.9.9')])),
  section('CombineHeaders', [line('"Accept"', '')]),
  section('TrustedIP', [line('"127.0.0.0/8"', '')]),
  [line('# caf\u00e9 \\', '')],
];

interface Style {
  readonly ends: readonly string[];
  readonly indents: readonly string[];
  readonly cases: readonly number[];
  readonly comments: readonly string[];
  readonly lastLineBreak: boolean;
}

const STYLE: fc.Arbitrary<Style> = fc.record({
  ends: fc.oneof(fc.constant(['\n']), fc.constant(['\r\n']), fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 1, maxLength: 7 })),
  indents: fc.array(fc.constantFrom('', '\t', '  ', '\t\t ', '        '), { minLength: 1, maxLength: 7 }),
  cases: fc.array(fc.nat(2), { minLength: 1, maxLength: 7 }),
  comments: fc.array(fc.constantFrom('', '', ' # End', ' #', '\t# "', ' # Disabled 1 \\'), { minLength: 1, maxLength: 7 }),
  lastLineBreak: fc.boolean(),
});

/** Each line takes its indent, case, comment and end from lists that go round. */
function written(pieces: readonly Piece[], style: Style): string {
  const at = <T>(list: readonly T[], index: number, otherwise: T): T => list[index % list.length] ?? otherwise;
  const text = pieces
    .map(({ keyword, rest }, i) => {
      const [word = '', ...tail] = keyword.split(' ');
      const spelt = [word, word.toLowerCase(), word.toUpperCase()][/^\w+$/.test(word) ? at(style.cases, i, 0) : 0] ?? word;
      const comment = keyword.startsWith('#') || rest.includes('#') ? '' : at(style.comments, i, '');
      // The text between ConfigText and its End belongs to another program, which knows these comments too; Pound wants that End bare.
      const isBare = word === 'End' || word === 'ConfigText';
      return `${at(style.indents, i, '')}${[spelt, ...tail].join(' ')}${rest}${isBare ? '' : comment}${at(style.ends, i, '\n')}`;
    })
    .join('');
  return style.lastLineBreak ? text : text.replace(/\r?\n$/, '');
}
