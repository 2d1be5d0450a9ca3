import type { Role } from './role.ts';

/** Who makes a request. */
export type Principal =
  | { readonly kind: 'token'; readonly id: string; readonly name: string; readonly role: Role }
  | { readonly kind: 'login'; readonly id: string; readonly name: string; readonly role: Role }
  /** Nobody in particular, on the loopback of a single host only. */
  | { readonly kind: 'anonymous'; readonly id: ''; readonly name: 'anonymous'; readonly role: 'viewer' };

export const ANONYMOUS: Principal = { kind: 'anonymous', id: '', name: 'anonymous', role: 'viewer' };

/** The name under which the audit log, notes and triage keep somebody. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case 'token':
      return `token:${principal.name}`;
    case 'login':
      return `user:${principal.name}`;
    case 'anonymous':
      return 'anonymous';
  }
}
