/** What an XML-RPC answer can hold, as far as supervisor uses it: neither dates nor base64. */
export type RpcValue = string | number | boolean | null | readonly RpcValue[] | RpcStruct;
export interface RpcStruct {
  readonly [name: string]: RpcValue;
}

/** An answer that was understood: a value, or the fault that the other side chose. */
export type RpcAnswer =
  { readonly ok: true; readonly value: RpcValue } | { readonly ok: false; readonly code: number; readonly message: string };

export function encodeCall(method: string, params: readonly (string | number | boolean)[]): string {
  const values = params.map((param) => `<param><value>${encodeValue(param)}</value></param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${escape(method)}</methodName><params>${values}</params></methodCall>`;
}

/** Throws a plain Error that says where, if the text is not exactly an XML-RPC answer. */
export function decodeAnswer(text: string): RpcAnswer {
  const reader = createReader(text);
  reader.prolog();
  const answer = reader.inside('methodResponse', () =>
    reader.opens('fault')
      ? faultOf(reader.inside('fault', () => readValue(reader, 0)))
      : { ok: true as const, value: reader.inside('params', () => reader.inside('param', () => readValue(reader, 0))) },
  );
  reader.end();
  return answer;
}

const MAX_DEPTH = 16;

function encodeValue(value: string | number | boolean): string {
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  return typeof value === 'number' ? `<int>${value}</int>` : `<string>${escape(value)}</string>`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function faultOf(value: RpcValue): RpcAnswer {
  if (isStruct(value) && typeof value.faultCode === 'number' && typeof value.faultString === 'string')
    return { ok: false, code: value.faultCode, message: value.faultString };
  throw new Error('a fault without faultCode and faultString');
}

export const isStruct = (value: RpcValue): value is RpcStruct => typeof value === 'object' && value !== null && !Array.isArray(value);

function readValue(reader: Reader, depth: number): RpcValue {
  if (depth > MAX_DEPTH) reader.fail(`values within more than ${MAX_DEPTH} others`);
  if (reader.empty('value')) return '';
  return reader.inside('value', () => {
    // Without a type it is a string.
    const type = reader.nextTag();
    if (type === '/value') return reader.text();
    switch (type) {
      case 'string':
        return reader.leaf('string');
      case 'int':
      case 'i4':
        return readNumber(reader, type, /^[+-]?\d{1,10}$/);
      case 'double':
        return readNumber(reader, type, /^[+-]?\d+(?:\.\d+)?$/);
      case 'boolean':
        return readNumber(reader, type, /^[01]$/) === 1;
      case 'nil':
        reader.leaf('nil');
        return null;
      case 'array':
        return reader.inside('array', () => reader.all('data', 'value', () => readValue(reader, depth + 1)));
      case 'struct':
        return Object.fromEntries(
          reader.all('struct', 'member', () =>
            reader.inside('member', (): [string, RpcValue] => [reader.leaf('name'), readValue(reader, depth + 1)]),
          ),
        );
      default:
        return reader.fail(`a value of type <${type}>`);
    }
  });
}

function readNumber(reader: Reader, type: string, form: RegExp): number {
  const text = reader.leaf(type).trim();
  return form.test(text) ? Number(text) : reader.fail(`"${text.slice(0, 40)}" as ${type}`);
}

type Reader = ReturnType<typeof createReader>;

/** Elements without attributes and text: XML-RPC has nothing else. Blanks between elements do not count. */
function createReader(source: string) {
  let at = 0;

  const fail = (found: string): never => {
    throw new Error(`not an XML-RPC answer: ${found} at character ${at}`);
  };
  const skipBlanks = () => {
    while (/\s/.test(source.charAt(at))) at += 1;
  };
  const take = (token: string): boolean => {
    skipBlanks();
    if (!source.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const expect = (token: string) => {
    if (!take(token)) fail(`"${source.slice(at, at + 20)}" instead of ${token}`);
  };
  const text = (): string => {
    const end = source.indexOf('<', at);
    const raw = source.slice(at, end === -1 ? source.length : end);
    at += raw.length;
    return raw.replace(/&([^;]*;)?/g, (entity) => characterOf(entity) ?? fail(`the entity "${entity.slice(0, 20)}"`));
  };
  const empty = (name: string): boolean => take(`<${name}/>`);
  const inside = <T>(name: string, read: () => T): T => {
    expect(`<${name}>`);
    const value = read();
    expect(`</${name}>`);
    return value;
  };

  const opens = (name: string): boolean => {
    skipBlanks();
    return source.startsWith(`<${name}>`, at) || source.startsWith(`<${name}/>`, at);
  };

  return {
    fail,
    text,
    empty,
    inside,
    prolog() {
      if (!take('<?xml')) return;
      const end = source.indexOf('?>', at);
      at = end === -1 ? fail('an open prolog') : end + 2;
    },
    end() {
      skipBlanks();
      if (at < source.length) fail('more');
    },
    opens,
    /** Name of the tag that comes before any text but blanks; '/value' if there is none, or text first. Takes nothing. */
    nextTag: (): string => /^\s*<(\w+)\s*\/?>/.exec(source.slice(at, at + 200))?.[1] ?? '/value',
    leaf: (name: string): string => (empty(name) ? '' : inside(name, text)),
    /** One `list` with nothing but elements called `name`. */
    all<T>(list: string, name: string, read: () => T): T[] {
      const found: T[] = [];
      if (empty(list)) return found;
      return inside(list, () => {
        while (opens(name)) found.push(read());
        return found;
      });
    },
  };
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function characterOf(entity: string): string | null {
  const name = entity.slice(1, -1);
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
  if (digits === null) return entity.endsWith(';') && Object.hasOwn(NAMED, name) ? (NAMED[name] ?? null) : null;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : null;
}
