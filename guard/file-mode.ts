/** Mode bits by which somebody else than the owner may write (inode(7)). */
export const WRITABLE_BY_OTHERS = 0o022;
