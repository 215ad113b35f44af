/** How long one page of one service took, once: a line of a file in `perfdir`, as the tool of 2011 wrote it. */
export interface TimedPage {
  /** Epoch ms. */
  readonly at: number;
  readonly host: string;
  readonly service: string;
  /** null: not measured. */
  readonly rssKb: number | null;
  readonly url: string;
  readonly seconds: number;
}

/** `isotime;machine;name;mem_kB;url;seconds;`, by the clock of this host; nothing stands for memory that was not measured. */
export function formatPerfLine({ at, host, service, rssKb, url, seconds }: TimedPage): string {
  const fields = [localIso(at), host, service, rssKb === null ? '' : String(Math.round(rssKb)), url, seconds.toFixed(3)];
  return `${fields.map(plain).join(';')};\n`;
}

/** null: not such a line. */
export function parsePerfLine(line: string): TimedPage | null {
  const [time = '', host = '', service = '', memory = '', url = '', took = ''] = line.split(';');
  const at = timeOf(time.trim());
  const seconds = numberOf(took);
  if (at === null || seconds === null || service.trim() === '') return null;
  return { at, host: host.trim(), service: service.trim(), rssKb: numberOf(memory), url: url.trim(), seconds };
}

/** The file of a day within `perfdir`: `YYYY/M/perf_D.log`. */
export function perfFileOf(at: number): readonly [year: string, month: string, file: string] {
  const day = new Date(at);
  return [String(day.getFullYear()), String(day.getMonth() + 1), `perf_${day.getDate()}.log`];
}

const plain = (text: string): string => text.replaceAll(';', '%3B').replaceAll(/[\r\n]/g, ' ');

function localIso(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function timeOf(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$/.test(text)) return null;
  const at = Date.parse(text.replace(' ', 'T').replace(',', '.'));
  return Number.isNaN(at) ? null : at;
}

/** Also `0,123`; null for what is none. */
function numberOf(text: string): number | null {
  const value = text.trim();
  return /^\d+(?:[.,]\d*)?$/.test(value) ? Number(value.replace(',', '.')) : null;
}
