/** Why an agent is not enrolled. `sealwatch doctor` has a cause and a fix for each. */
export const ENROLMENT_CODES = [
  'enrolment-starting',
  'token-missing',
  'token-malformed',
  'token-invalid',
  'token-expired',
  'token-revoked',
  'token-used-up',
  'revoked',
  'cloned',
  'certificate-expired',
  'certificate-refused',
  'central-not-pinned',
  'enrolment-failing',
  'enrolment-refused',
] as const;
export type EnrolmentCode = (typeof ENROLMENT_CODES)[number];

/** Central's words for a refusal, where they are not the code itself. */
const OTHER_WORDS: ReadonlyMap<string, EnrolmentCode> = new Map([
  ['certificate-invalid', 'certificate-refused'],
  ['no-certificate', 'certificate-refused'],
]);

/** The code of a refusal of central's. */
export function enrolmentCode(reason: string): EnrolmentCode {
  return ENROLMENT_CODES.find((code) => code === reason) ?? OTHER_WORDS.get(reason) ?? 'enrolment-refused';
}
