/** A file that is written from tables of this checkout. */
export interface GeneratedFile {
  /** Relative to where the files are written. */
  readonly path: string;
  readonly text: string;
  /** Whether only its owner may read it. */
  readonly isSecret?: true;
}
