/** What one option of a command line says. */
export interface Flag {
  readonly name: string;
  /** Null for a switch. */
  readonly value: string | null;
}

export interface FlagGrammar {
  /** Options that take the next word as their value. */
  readonly values: ReadonlySet<string>;
  /** Options after which everything is a positional word; `--` always is one. */
  readonly ends?: ReadonlySet<string>;
}

export interface ReadFlags {
  readonly flags: readonly Flag[];
  /** The first word that is no option, and what follows it. */
  readonly words: readonly string[];
}

/** Reads the options before the first positional word, as getopt(3) does with a leading `+`. */
export function readFlags(args: readonly string[], grammar: FlagGrammar): ReadFlags {
  const flags: Flag[] = [];
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return { flags, words: args.slice(at + 1) };
    if (!arg.startsWith('-') || arg === '-') break;
    const equals = arg.indexOf('=');
    if (equals > 0) flags.push({ name: arg.slice(0, equals), value: arg.slice(equals + 1) });
    else if (grammar.values.has(arg)) {
      flags.push({ name: arg, value: args[at + 1] ?? '' });
      at += 1;
    } else {
      flags.push({ name: arg, value: null });
      if (grammar.ends?.has(arg) === true) return { flags, words: args.slice(at + 1) };
    }
  }
  return { flags, words: args.slice(at) };
}

/** Every value given to one of these options. */
export function valuesOf(flags: readonly Flag[], ...names: readonly string[]): readonly string[] {
  return flags.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
}
