/** How a command that runs the rest of its line is read. */
export interface Prefix {
  /** Options that take a value. */
  readonly values: readonly string[];
  /** Words that come before the command: the duration of `timeout`. */
  readonly words: number;
  /** True where the command must follow `--`: what comes before it is not a command. */
  readonly dashes: boolean;
  /** Options whose value is an env file. */
  readonly envFiles: readonly string[];
}

function prefix(values: string, more: Partial<Prefix> = {}): Prefix {
  return {
    values: values.split(' ').filter((word) => word !== ''),
    words: 0,
    dashes: false,
    envFiles: [],
    ...more,
  };
}

/** Commands that change how the rest runs (nice(1), timeout(1), sudo(8)…), by name and verb. */
export const PREFIXES: Readonly<Record<string, Prefix>> = {
  nice: prefix('-n --adjustment'),
  ionice: prefix('-c -n --class --classdata'),
  nohup: prefix(''),
  exec: prefix('-a'),
  setsid: prefix(''),
  time: prefix('-f -o --format --output'),
  stdbuf: prefix('-i -o -e --input --output --error'),
  timeout: prefix('-k -s --kill-after --signal', { words: 1 }),
  gtimeout: prefix('-k -s --kill-after --signal', { words: 1 }),
  sudo: prefix(
    '-u -g -h -p -C -D -R -r -t -T -U --user --group --host --prompt --chdir --chroot --role --type',
  ),
  doas: prefix('-u -C'),
  caffeinate: prefix('-t -w'),
  arch: prefix('-e -d -arch'),
  wsl: prefix('-d --distribution -u --user --cd --shell-type'),
  chronic: prefix('-e'),
  unbuffer: prefix(''),
  taskset: prefix('', { words: 1 }),
  'xvfb-run': prefix('-e -f -n -p -s -w --server-num --server-args --auth-file --error-file'),
  'direnv exec': prefix('', { words: 1 }),
  'mise exec': prefix('-C --cd -c --command -j --jobs', { dashes: true }),
  'mise x': prefix('-C --cd -c --command -j --jobs', { dashes: true }),
  'rtx exec': prefix('-C --cd', { dashes: true }),
  'asdf exec': prefix(''),
  'fnm exec': prefix('--using --log-level'),
  'volta run': prefix('--node --npm --yarn --pnpm --env'),
  'nvm exec': prefix('', { words: 1 }),
  'rbenv exec': prefix(''),
  'pyenv exec': prefix(''),
  'nix run': prefix('', { dashes: true }),
  'nix develop': prefix('', { dashes: true }),
  'op run': prefix('--account', { dashes: true, envFiles: ['--env-file'] }),
  'doppler run': prefix('', { dashes: true }),
  'infisical run': prefix('', { dashes: true }),
  'aws-vault exec': prefix('', { dashes: true }),
  'chamber exec': prefix('', { dashes: true }),
  'varlock run': prefix('', { dashes: true }),
  'teller run': prefix('', { dashes: true }),
  'dotenvx run': prefix('', { dashes: true, envFiles: ['-f', '--env-file'] }),
  dotenv: prefix('-e -f -v -p --file', { envFiles: ['-e', '-f', '--file'] }),
  'dotenv run': prefix('-e -f --file', { envFiles: ['-e', '-f', '--file'] }),
  'dotenv-cli': prefix('-e -v -p', { envFiles: ['-e'] }),
  'env-cmd': prefix('-f --file -e', { envFiles: ['-f', '--file'] }),
  'cross-env': prefix(''),
  'conda run': prefix('-n --name -p --prefix --cwd'),
  'mamba run': prefix('-n --name -p --prefix --cwd'),
  'micromamba run': prefix('-n --name -p --prefix --cwd'),
};

/** Prefixes that put another environment below the command, which is not looked into. */
export const OPAQUE_PREFIXES: Readonly<Record<string, string>> = {
  'nix run': 'nix builds or fetches what it runs',
  'nix develop': 'nix builds or fetches the environment',
  'conda run': 'environments of conda are not searched',
  'mamba run': 'environments of conda are not searched',
  'micromamba run': 'environments of conda are not searched',
  wsl: 'what runs lies inside another system',
};
