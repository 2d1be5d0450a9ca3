/** A setting as a table of the documentation describes it. */
export interface DocRow {
  readonly key: string;
  /** What it is, in the documentation's markup. */
  readonly words: string;
  /** What holds where it is not given, in words; empty where the table says nothing. */
  readonly fallback: string;
}

/** Columns by what stands above them. */
const WORDS = ['is', 'meaning'] as const;
const FALLBACK = ['unless told', 'default'] as const;

/** Rows of all tables of settings on a page: those whose first column is called `key`. */
export function settingRows(page: string): readonly DocRow[] {
  const rows: DocRow[] = [];
  let columns: readonly string[] | null = null;
  for (const line of page.split('\n')) {
    const cells = line.startsWith('|') ? cellsOf(line) : null;
    if (cells === null) columns = null;
    else if (columns === null) columns = cells;
    else if (columns[0]?.startsWith('key') === true && !/^-+$/.test(cells[0] ?? '')) {
      rows.push(rowOf(cells, columns));
    }
  }
  return rows;
}

function cellsOf(line: string): readonly string[] {
  const inner = line.replace(/^\|/, '').replace(/\|\s*$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function rowOf(cells: readonly string[], columns: readonly string[]): DocRow {
  const under = (names: readonly string[]) => cells[columns.findIndex((name) => names.includes(name))] ?? '';
  return { key: (cells[0] ?? '').replaceAll('`', ''), words: under(WORDS), fallback: under(FALLBACK) };
}
