// Rules made of the shapes of others: the same fields, modifiers, conditions and log sources, other words.
import { dice } from './rule-events.mjs';

const SYLLABLES = [
  'ba',
  'cu',
  'di',
  'fo',
  'ga',
  'hu',
  'ki',
  'lo',
  'me',
  'nu',
  'pa',
  'qu',
  'ra',
  'si',
  'te',
  'vo',
  'wi',
  'xe',
  'yo',
  'za',
];

/** Words stay in a text that decide its shape rather than what it is about. */
const KEPT = /^(?:bin|usr|etc|tmp|var|home|lib|opt|dev|proc|sbin|local|http|https|sh|com|py|the)$/i;

/**
 * @param texts of rules, one document each
 * @returns texts of `count` rules; those are the first of them
 */
export function shapedLike(texts, count, seed = 11) {
  const { next, of } = dice(seed);
  const word = (length) => {
    let text = '';
    while (text.length < length) text += of(SYLLABLES);
    return text.slice(0, length);
  };
  const made = [...texts];
  // Aggregations of Sigma 1 are refused.
  const shapes = texts.filter((text) => !text.includes('| count('));
  while (made.length < count) made.push(reworded(of(shapes), made.length, word, next));
  return made.slice(0, count);
}

/** Other words in the values below `detection`; keys, modifiers and regular expressions stay. */
function reworded(text, number, word, next) {
  const [head = '', body = ''] = text.split(/^detection:\s*$/m);
  const [detection = '', tail = ''] = body.split(/^(?= {4}condition:)/m);
  const lines = detection.split('\n').map((line) => {
    const match = /^(\s*(?:- )?(?:['"]?[\w.|-]+['"]?:(?: +|$))?)(.*)$/.exec(line);
    if (match === null || /\|re\b/.test(line) || /^\s*#/.test(line)) return line;
    const [, key, value] = match;
    return (
      key +
      value.replaceAll(/[A-Za-z]{3,}/g, (each) =>
        KEPT.test(each) || next() < 0.1 ? each : word(each.length),
      )
    );
  });
  const title = `title: made ${number}\nid: made-${number}\n`;
  const others = head.replaceAll(/^(?:title|id|name): .*\n/gm, '');
  return `${title}${others}detection:${lines.join('\n')}${tail}`;
}
