// What runs on the host when a package comes, is upgraded and goes: POSIX sh, the same for deb and rpm.

import { dirname } from 'node:path';

/** Seconds until a restart that had to be put off. */
const PUT_OFF_S = 10;

/** Central is told why an agent stops. */
function tellWhy(path) {
  if (path === undefined) return 'say_why() { :; }\n';
  return `say_why() { if [ -d '${dirname(path)}' ]; then echo "$1" > '${path}' || :; fi; }\n`;
}

/** Functions of all scripts. Nothing in them fails a package: it may be unpacked where systemd does not run. */
function prelude({ name, root, starts, restarts, missing, isMissing, why }) {
  return `starts='${starts.join(' ')}'
restarts='${restarts.join(' ')}'

runs_systemd() { [ -d /run/systemd/system ]; }
${tellWhy(why)}
prepare() {
  rm -rf '/${root}/dist/bundle/compiled'
  if command -v systemd-sysusers >/dev/null; then systemd-sysusers ${name}.conf || :; fi
  if command -v systemd-tmpfiles >/dev/null; then systemd-tmpfiles --create ${name}.conf || :; fi
  if runs_systemd; then systemctl daemon-reload || :; fi
}

first_start() {
  if command -v systemctl >/dev/null; then
    for unit in $starts; do systemctl --quiet enable "$unit" || :; done
  fi
  if runs_systemd; then
    for unit in $starts; do
      systemctl start "$unit" || echo '${name}:' "$unit did not start; journalctl -u $unit says why"
    done
  else
    echo '${name}: systemd does not run here, so nothing was started'
  fi
  if ${isMissing}; then
    echo '${name}: to do: ${missing}'
  fi
}

# Who upgrades from within one of our units would be ended by its restart.
restart() {
  runs_systemd || return 0
  say_why upgrade
  if grep -q '/sealwatch-[a-z]*\\.service' /proc/self/cgroup 2>/dev/null; then
    systemd-run --quiet --collect --on-active=${PUT_OFF_S} systemctl try-restart $restarts || :
  else
    systemctl try-restart $restarts || :
  fi
}

stop() {
  if command -v systemctl >/dev/null; then
    for unit in $starts; do systemctl --quiet disable "$unit" || :; done
  fi
  if runs_systemd; then
    say_why uninstall
    systemctl stop $starts $restarts || :
  fi
}

# What Node compiled; no package lists it.
clean() { rm -rf '/${root}/dist/bundle/compiled'; }
`;
}

function kept({ name, state }) {
  return `echo '${name}: kept /etc/sealwatch and ${state}'`;
}

/**
 * `/etc/sealwatch` is shared: it goes as a whole only with the last package that has its config there.
 */
function purge({ config, state }, others) {
  const owned = config === 'agent.yml' ? 'agent.yml enrolment-token trust' : config;
  return `rm -rf '${state}'
    if [ -e /etc/sealwatch/${others[0]} ]; then
      cd /etc/sealwatch && rm -rf ${owned}
    else
      rm -rf /etc/sealwatch
    fi`;
}

/** Scripts of a deb by their name; see Debian's policy, section 6.5. */
export function debScripts(product, otherConfigs) {
  const head = `#!/bin/sh\nset -e\n\n${prelude(product)}\n`;
  // After a removal that kept the configuration dpkg names the old version to postinst as well; to preinst it says which it is.
  const mark = `/run/${product.name}.install`;
  return {
    preinst: `#!/bin/sh
set -e

if [ "$1" = install ]; then mkdir -p /run; : > ${mark}; fi
`,
    postinst: `${head}case $1 in
  configure)
    prepare
    if [ -e ${mark} ]; then first_start; else restart; fi
    rm -f ${mark}
    ;;
esac
`,
    prerm: `${head}case $1 in
  remove)
    stop
    clean
    ;;
esac
`,
    postrm: `#!/bin/sh
set -e

if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
case $1 in
  remove)
    ${kept(product)}
    ;;
  purge)
    ${purge(product, otherConfigs)}
    ;;
esac
`,
  };
}

/**
 * Scriptlets of an rpm by their name. On an upgrade the old package's %preun runs after the new one's %post: the restart waits
 * for %posttrans, which is told by a file that there was one before.
 */
export function rpmScripts(product) {
  const head = prelude(product);
  const mark = `/var/lib/rpm-state/${product.name}.upgrade`;
  return {
    post: `${head}
prepare
if [ "$1" -eq 1 ]; then first_start; else mkdir -p /var/lib/rpm-state; touch ${mark}; fi
`,
    preun: `${head}
if [ "$1" -eq 0 ]; then stop; clean; fi
`,
    postun: `if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
if [ "$1" -eq 0 ]; then ${kept(product)}; fi
`,
    posttrans: `${head}
if [ -e ${mark} ]; then rm -f ${mark}; prepare; restart; fi
`,
  };
}
