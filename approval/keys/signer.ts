/** Something that signs with one Ed25519 key: a key file, or an agent that holds the key. */
export interface Signer {
  /** SHA-256 of the key's SubjectPublicKeyInfo in DER, lower-case hex; the `keyid` of its signatures. */
  readonly id: string;
  /** What people call it: a file name, or the comment of an agent's key. */
  readonly name: string;
  /** The raw Ed25519 signature (64 bytes, RFC 8032) of a message. @throws {ApprovalError} */
  sign(message: Uint8Array): Promise<Buffer>;
}
