/** A message as a careful receiver reads it. */
export interface SyslogMessage {
  readonly pri: number;
  readonly time: string;
  readonly host: string;
  readonly messageId: string;
  readonly data: Readonly<Record<string, string>>;
  readonly cef: Cef;
}

export interface Cef {
  /** Version, vendor, product, its version, signature, name, severity. */
  readonly header: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

const MESSAGE =
  /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) sealwatch - ([!-~]{1,32}) \[sealwatch@32473((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+)\] \ufeff(CEF:[\s\S]*)$/;

/** Parses CEF strictly: what is not escaped as the standard says is an error. */
export function parseCef(text: string): Cef {
  const match = /^CEF:((?:(?:[^|\\]|\\[\\|])*\|){7})([\s\S]*)$/.exec(text);
  if (match === null) throw new Error(`not CEF: ${text}`);
  const header = [...(match[1] ?? '').matchAll(/((?:[^|\\]|\\[\\|])*)\|/g)].map(([, field = '']) =>
    field.replaceAll(/\\([\\|])/g, '$1'),
  );
  const fields: Record<string, string> = {};
  for (const part of (match[2] ?? '').split(/ (?=[A-Za-z0-9]+=)/)) {
    const pair = /^([A-Za-z0-9]+)=((?:[^=\\]|\\[\\=nr])*)$/.exec(part);
    if (pair === null) throw new Error(`no extension: ${part}`);
    const [, key = '', value = ''] = pair;
    if (Object.hasOwn(fields, key)) throw new Error(`${key} is there twice`);
    fields[key] = value.replaceAll(/\\([\\=nr])/g, (_, one) =>
      one === 'n' ? '\n' : one === 'r' ? '\r' : one,
    );
  }
  return { header, fields };
}

/** Parses an RFC 5424 message with CEF in it. */
export function parseSyslog(text: string): SyslogMessage {
  const match = MESSAGE.exec(text);
  if (match === null) throw new Error(`not RFC 5424: ${JSON.stringify(text)}`);
  const [, pri, time = '', host = '', messageId = '', data = '', cef = ''] = match;
  const parameters = [...data.matchAll(/ ([a-z]+)="((?:[^"\\\]]|\\["\\\]])*)"/g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll(/\\(["\\\]])/g, '$1')] as const,
  );
  return {
    pri: Number(pri),
    time,
    host,
    messageId,
    data: Object.fromEntries(parameters),
    cef: parseCef(cef),
  };
}
