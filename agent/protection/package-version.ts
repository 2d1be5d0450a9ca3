/**
 * Negative where `a` is older than `b`, 0 where they rank alike. The order is dpkg's (deb-version(7)), in which `~` comes before
 * everything; a hyphen before a letter is read as one, so that `1.0.0-rc.1` is older than `1.0.0` as semver says.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one, other] = [left[at] ?? '', right[at] ?? ''];
    // Texts stand at even places, numbers at odd ones.
    const order = at % 2 === 0 ? compareTexts(one, other) : compareNumbers(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(version: string): readonly string[] {
  return version.replaceAll(/-(?=[A-Za-z])/g, '~').split(/(\d+)/);
}

function compareNumbers(a: string, b: string): number {
  return Math.sign(Number(a) - Number(b));
}

function compareTexts(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = rankOf(a[at]) - rankOf(b[at]);
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

/** `~`, then the end, then letters, then everything else. */
function rankOf(letter: string | undefined): number {
  if (letter === undefined) return 0;
  if (letter === '~') return -1;
  const code = letter.charCodeAt(0);
  return /[A-Za-z]/.test(letter) ? code : code + 256;
}
