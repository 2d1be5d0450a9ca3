import * as z from 'zod';

/** Which hosts a bundle is for, and until when it may be taken; both may be left out. */
export const validityShape = {
  /** Group of hosts that it is bound to; it is refused by all others. */
  group: z.string().min(1).max(256).exactOptional(),
  /** RFC 3339; it is not taken into force after that. One that is in force stays so. */
  expires: z.iso.datetime().exactOptional(),
} as const;

export interface Validity {
  readonly group?: string;
  readonly expires?: string;
}
