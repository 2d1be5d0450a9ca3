import { RoffPage } from './roff.ts';

/** A page that others point to. */
export interface PageReference {
  readonly name: string;
  readonly section: number;
}

/** What all pages of one edition share. */
export interface Edition {
  readonly version: string;
  /** Day of the edition as YYYY-MM-DD. */
  readonly date: string;
}

const MANUALS = {
  1: 'Sealwatch commands',
  5: 'Sealwatch file formats',
  8: 'Sealwatch administration',
} as const satisfies Readonly<Record<number, string>>;

/** A page with its title line. */
export function startPage(of: {
  readonly name: string;
  readonly section: keyof typeof MANUALS;
  readonly edition: Edition;
}): RoffPage {
  const { name, section, edition } = of;
  return new RoffPage({
    name,
    section,
    date: edition.date,
    source: `Sealwatch ${edition.version}`,
    manual: MANUALS[section],
  });
}
