/** What a backup was found to hold when it was read through. */
export interface BackupContent {
  /** Version of the database in it. */
  readonly version: number;
  readonly alerts: number;
}

export interface BackupReport extends BackupContent {
  readonly path: string;
  readonly bytes: number;
}
