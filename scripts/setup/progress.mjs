// Prints one line a step, with the time it took; on a terminal the running step is shown with a moving clock.
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** Runs `work` under a title. `work` gets a function to set what is shown behind the title and returns the outcome in words. */
export async function step(title, work) {
  const began = Date.now();
  const terminal = process.stderr.isTTY;
  let doing = '';
  const show = () => process.stderr.write(`\r\x1b[2K  … ${title} ${doing} (${seconds(began)})`);
  let timer;
  if (terminal) timer = setInterval(show, 250);
  else timer = setInterval(() => process.stderr.write(`  … ${title} ${doing} (${seconds(began)})\n`), 10_000);
  try {
    const outcome = await work((text) => {
      doing = text;
    });
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[2K');
    process.stderr.write(`  ${title}: ${outcome} (${seconds(began)})\n`);
  } catch (error) {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[2K');
    process.stderr.write(`  ${title}: failed (${seconds(began)})\n`);
    throw error;
  }
}
