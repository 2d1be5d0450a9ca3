import { CodedError } from '../wire/index.ts';

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

/** A collector that could not start or had to end. */
export class CollectorError extends CodedError<CollectorErrorCode> {}
