#!/bin/sh
# Makes @NAME@-@VERSION@.pkg on a Mac, out of the directory that this file lies in.
#   ./build.sh                                                    an unsigned .pkg
#   ./build.sh 'Developer ID Installer: NAME (TEAM)' PROFILE      signed and notarised
# PROFILE is one that `xcrun notarytool store-credentials PROFILE` made. Apple notarises a .pkg only where the programs in
# it are signed: build this directory with `--codesign 'Developer ID Application: NAME (TEAM)'`.
set -eu
cd -- "$(dirname -- "$0")"
identity=${1-}
profile=${2-}
result=@NAME@-@VERSION@.pkg

pkgbuild --root payload --scripts scripts --identifier @LABEL@ --version @VERSION@ \
  --install-location / --ownership recommended component.pkg
productbuild --distribution distribution.xml --package-path . unsigned.pkg
rm component.pkg
if [ -z "$identity" ]; then
  mv unsigned.pkg "$result"
  echo "$result is not signed"
  exit 0
fi
productsign --timestamp --sign "$identity" unsigned.pkg "$result"
rm unsigned.pkg
if [ -n "$profile" ]; then
  xcrun notarytool submit "$result" --keychain-profile "$profile" --wait
  xcrun stapler staple "$result"
fi
pkgutil --check-signature "$result"
