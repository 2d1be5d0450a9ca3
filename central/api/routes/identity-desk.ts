/** What an enrolment token is to be good for. */
export interface EnrolmentWish {
  /** Empty for none. */
  readonly group: string;
  /** Agents that it enrols. */
  readonly count: number;
  /** Milliseconds from now. */
  readonly expiresMs: number;
  readonly actor: string;
}

/** What the API does about the identities of agents. Each change is audited there. */
export interface IdentityDesk {
  /** Answers the text that the operator is shown once. @throws {RangeError} where a wish is out of bounds */
  createEnrolmentToken(wish: EnrolmentWish): Promise<{ readonly id: string; readonly text: string }>;
  listTokens(): Promise<
    readonly {
      readonly id: string;
      readonly grp: string;
      readonly uses_left: number;
      readonly created: string;
      readonly created_by: string;
      readonly expires: string;
      readonly revoked: string | null;
    }[]
  >;
  /** False where there is no such token, or it was revoked before. */
  revokeToken(id: string, actor: string): Promise<boolean>;
  /** False where there is no such agent, or it was revoked before. */
  revokeAgent(id: string, actor: string): Promise<boolean>;
}
