import { CodedError, type HealthCode } from '../wire/index.ts';

export const COLLECTOR_ERROR_CODES = [
  'COLLECTOR_UNSUPPORTED',
  'COLLECTOR_SENSOR_MISSING',
  'COLLECTOR_SENSOR_REFUSED',
  'COLLECTOR_SENSOR_PROTOCOL',
  'COLLECTOR_ESLOGGER_NOT_PRIVILEGED',
  'COLLECTOR_ESLOGGER_NOT_PERMITTED',
  'COLLECTOR_ESLOGGER_ENDED',
] as const;
export type CollectorErrorCode = (typeof COLLECTOR_ERROR_CODES)[number];

/** What it means for the health of a collector that it could not start or ended. */
export const HEALTH_OF = {
  COLLECTOR_UNSUPPORTED: 'source-unsupported',
  COLLECTOR_SENSOR_MISSING: 'sensor-missing',
  COLLECTOR_SENSOR_REFUSED: 'sensor-refused',
  COLLECTOR_SENSOR_PROTOCOL: 'sensor-other-build',
  COLLECTOR_ESLOGGER_NOT_PRIVILEGED: 'eslogger-not-privileged',
  COLLECTOR_ESLOGGER_NOT_PERMITTED: 'eslogger-not-permitted',
  COLLECTOR_ESLOGGER_ENDED: 'eslogger-ended',
} as const satisfies Readonly<Record<CollectorErrorCode, HealthCode>>;

/** A collector that could not start or had to end. */
export class CollectorError extends CodedError<CollectorErrorCode> {}
