/** Emphasis in text for people; without colours all of it is the identity. */
export interface Style {
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
  /** To tell many things apart. */
  readonly palette: readonly Paint[];
  readonly glyphs: Glyphs;
}

export type Paint = (text: string) => string;

export interface Glyphs {
  readonly done: string;
  readonly failed: string;
  readonly active: string;
  readonly waiting: string;
  readonly skipped: string;
  readonly dot: string;
  readonly arrow: string;
  readonly ellipsis: string;
}

export function createStyle(options: { readonly color: boolean; readonly unicode: boolean }): Style {
  const sgr = (code: number) => (text: string) => (options.color && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text);
  return {
    good: sgr(32),
    bad: sgr(31),
    warn: sgr(33),
    dim: sgr(2),
    bold: sgr(1),
    palette: [36, 35, 34, 32, 33, 96, 95, 94].map(sgr),
    glyphs: options.unicode ? UNICODE : ASCII,
  };
}

const UNICODE: Glyphs = { done: '✔', failed: '✘', active: '▶', waiting: '·', skipped: '–', dot: '·', arrow: '→', ellipsis: '…' };
const ASCII: Glyphs = { done: '+', failed: 'x', active: '>', waiting: '.', skipped: '-', dot: '-', arrow: '->', ellipsis: '~' };
