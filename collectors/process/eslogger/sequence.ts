/**
 * Counts the messages that never came, by `global_seq_num`: it begins at 0 for each eslogger and grows by one with
 * every message that the kernel has for it (es_message_t in Apple's EndpointSecurity/ESMessage.h).
 */
export class SequenceGaps {
  #expected = 0;
  #unnumbered = 0;

  /** A line without a readable number came: it may be one of those that the next number shows to be missing. */
  skip(): void {
    this.#unnumbered += 1;
  }

  /** Takes the number of the message that came; how many before it never came, beside those without a number. */
  take(sequence: number): number {
    const missing = Math.max(0, sequence - this.#expected - this.#unnumbered);
    this.#unnumbered = 0;
    this.#expected = Math.max(this.#expected, sequence + 1);
    return missing;
  }
}
