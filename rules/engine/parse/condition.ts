import { partsMatch } from '../compile/value.ts';
import { RuleError } from '../errors.ts';
import { MAX_CONDITION_DEPTH, MAX_CONDITION_LENGTH } from '../limits.ts';

/** A condition with its patterns resolved to the identifiers that they name. */
export type Condition =
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] };

const AGGREGATION = /\||(?:^|\s)near(?:\s|$)/;
const TOKEN = /\(|\)|[^\s()]+/g;
const WORD = /^[\p{L}\p{N}_.*-]+$/u;

/**
 * Parses one condition. Binding from loose to tight: `or`, `and`, `not`, `1 of` / `any of` / `all of`,
 * parentheses (Sigma specification 2.1, "Condition"). Operators may be written in either case.
 * @throws RuleError `RULE_CONDITION_INVALID`, `RULE_CONDITION_IDENTIFIER_UNKNOWN`, `RULE_AGGREGATION_UNSUPPORTED`
 */
export function parseCondition(text: string, identifiers: readonly string[], line: number): Condition {
  if (text.length > MAX_CONDITION_LENGTH) {
    throw invalid(`the condition is longer than ${MAX_CONDITION_LENGTH} characters`, line);
  }
  if (AGGREGATION.test(text)) {
    throw new RuleError(
      'RULE_AGGREGATION_UNSUPPORTED',
      'aggregations (`| count()`, `near`) are not part of Sigma 2',
      {
        line,
        hint: 'write a correlation rule',
      },
    );
  }
  const parser = new ConditionParser(text.match(TOKEN) ?? [], identifiers, line);
  return parser.whole();
}

function invalid(message: string, line: number): RuleError {
  return new RuleError('RULE_CONDITION_INVALID', message, { line });
}

class ConditionParser {
  readonly #tokens: readonly string[];
  readonly #identifiers: readonly string[];
  readonly #line: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], identifiers: readonly string[], line: number) {
    this.#tokens = tokens;
    this.#identifiers = identifiers;
    this.#line = line;
  }

  whole(): Condition {
    const condition = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw invalid(`unexpected '${rest}' in the condition`, this.#line);
    return condition;
  }

  #or(): Condition {
    const operands = [this.#and()];
    while (this.#take('or')) operands.push(this.#and());
    return join('or', operands);
  }

  #and(): Condition {
    const operands = [this.#not()];
    while (this.#take('and')) operands.push(this.#not());
    return join('and', operands);
  }

  #not(): Condition {
    if (!this.#take('not')) return this.#primary();
    return this.#nested(() => ({ kind: 'not', operand: this.#not() }));
  }

  #nested(parse: () => Condition): Condition {
    this.#depth += 1;
    if (this.#depth > MAX_CONDITION_DEPTH) {
      throw invalid(`the condition is nested deeper than ${MAX_CONDITION_DEPTH} levels`, this.#line);
    }
    const condition = parse();
    this.#depth -= 1;
    return condition;
  }

  #primary(): Condition {
    if (this.#take('(')) {
      const inner = this.#nested(() => this.#or());
      if (!this.#take(')')) throw invalid('a parenthesis is not closed', this.#line);
      return inner;
    }
    const word = this.#tokens[this.#at];
    if (word === undefined) throw invalid('the condition ends too early', this.#line);
    this.#at += 1;
    if (this.#peek() === 'of') {
      this.#at += 1;
      return this.#quantified(word.toLowerCase());
    }
    return this.#identifier(word);
  }

  #identifier(word: string): Condition {
    if (this.#identifiers.includes(word)) return { kind: 'identifier', name: word };
    if (!WORD.test(word) || word.includes('*') || /^(and|or|not|of)$/i.test(word)) {
      throw invalid(`unexpected '${word}' in the condition`, this.#line);
    }
    throw this.#unknown(word);
  }

  #quantified(quantity: string): Condition {
    if (quantity !== '1' && quantity !== 'any' && quantity !== 'all') {
      throw invalid(`'${quantity} of' is not part of Sigma 2: use '1 of', 'any of' or 'all of'`, this.#line);
    }
    const pattern = this.#tokens[this.#at];
    if (pattern === undefined || !WORD.test(pattern)) {
      throw invalid(`'${quantity} of' needs 'them' or the name of a detection`, this.#line);
    }
    this.#at += 1;
    const names = selectIdentifiers(pattern, this.#identifiers);
    if (names.length === 0) throw this.#unknown(pattern);
    return join(
      quantity === 'all' ? 'and' : 'or',
      names.map((name) => ({ kind: 'identifier', name })),
    );
  }

  #unknown(name: string): RuleError {
    return new RuleError('RULE_CONDITION_IDENTIFIER_UNKNOWN', `no detection is named '${name}'`, {
      line: this.#line,
    });
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.toLowerCase();
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at += 1;
    return true;
  }
}

function join(kind: 'and' | 'or', operands: readonly Condition[]): Condition {
  const [first] = operands;
  return operands.length === 1 && first !== undefined ? first : { kind, operands };
}

/** Names that begin with `_` are private: only a pattern that begins with `_` selects them. */
function selectIdentifiers(pattern: string, identifiers: readonly string[]): readonly string[] {
  const visible = pattern.startsWith('_') ? identifiers : identifiers.filter((name) => !name.startsWith('_'));
  if (pattern.toLowerCase() === 'them') return visible;
  const parts = pattern.split('*');
  return visible.filter((name) => partsMatch(parts, name));
}
