/** What a receiver was given and does not answer for yet, in the order of sending. */
export class InFlight<T> {
  #entries: { readonly position: number; readonly token: T }[] = [];
  #confirmed = 0;
  #sent = 0;

  /** Notes that everything up to a position was given; `token` tells when it is confirmed. */
  add(position: number, token: T): void {
    this.#entries.push({ position, token });
    this.passed(position);
  }

  /** Notes that nothing up to a position is left to be given. */
  passed(position: number): void {
    this.#sent = Math.max(this.#sent, position);
  }

  /** Takes the oldest entries as confirmed while they are. */
  settle(isConfirmed: (token: T) => boolean): void {
    const open = this.#entries.findIndex(({ token }) => !isConfirmed(token));
    const settled = this.#entries.splice(0, open < 0 ? this.#entries.length : open);
    this.#confirmed = settled.at(-1)?.position ?? this.#confirmed;
  }

  /** Position up to which all is confirmed; 0 where nothing is. */
  get confirmed(): number {
    return this.#entries.length === 0 ? this.#sent : this.#confirmed;
  }

  get tokens(): readonly T[] {
    return this.#entries.map((entry) => entry.token);
  }

  clear(): void {
    this.#entries = [];
    this.#confirmed = 0;
    this.#sent = 0;
  }
}
