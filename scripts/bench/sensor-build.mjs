// An exec-heavy build: small C files, each through a pipeline of small programs, as configure and make do.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Checked in one recipe, so that make itself starts a shell for each. */
const MAKEFILE = `OBJECTS := $(patsubst %.in,%.o,$(wildcard *.in))
all: program
program: $(OBJECTS)
\t@$(CC) -o $@ $(OBJECTS)
%.o: %.in
\t@sed 's/@NAME@/$*/g' $< > $*.c && $(CC) -O0 -c -o $@ $*.c
\t@nm $@ | grep -q 'T f_$*' && test -n "\`expr $* + 1\`" && cat $@ | cksum > $*.sum
`;
const SOURCE = `int f_@NAME@(int n)
{
	return n * @NAME@;
}
`;

/** Writes the sources of a build of so many files; gives the words that build them, anew each time. */
export function makeBuild(directory, files) {
  const place = join(directory, 'build');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { mode: 0o700 });
  writeFileSync(join(place, 'Makefile'), MAKEFILE);
  for (let at = 1; at <= files; at += 1) writeFileSync(join(place, `${at}.in`), SOURCE);
  writeFileSync(join(place, '0.in'), 'int f_0(void) { return 0; }\nint main(void) { return f_0(); }\n');
  // bash tells the processor time of all children in milliseconds.
  return { place, words: ['bash', '-c', 'TIMEFORMAT="%U %S"; time make -s -B -j2'] };
}
