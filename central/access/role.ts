/** Roles, each of which may do what the ones before it may. */
export const ROLES = ['viewer', 'analyst', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What can be permitted, with the lowest role that has it. */
const PERMISSIONS = {
  /** Look at alerts, servers, hosts, approvals and bundles. */
  read: 'viewer',
  /** Say what an alert is and whose it is. */
  triage: 'analyst',
  /** Decide what may run on the fleet. */
  approve: 'approver',
  /** Tokens, identities, bundles, the audit log. */
  administer: 'admin',
} as const satisfies Readonly<Record<string, Role>>;
export type Permission = keyof typeof PERMISSIONS;

/** Whether a role has a permission. */
export function permits(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission]);
}

/** The lowest role that has a permission. */
export function lowestRole(permission: Permission): Role {
  return PERMISSIONS[permission];
}
