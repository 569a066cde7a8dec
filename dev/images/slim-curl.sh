#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes a libcurl.so.4 that takes the place of Debian's in an image: the same
# source with Debian's patches, the same symbols, but HTTP and TLS only.
# Debian's needs 23 more libraries (Kerberos, LDAP, SSH, ...), 12 MB.
#
#   slim-curl.sh
#
# Prints the folder that holds it and, beside it, source.json (which source it
# is from). Kept in ${XDG_CACHE_HOME:-~/.cache}/claviger; about a minute the
# first time. Needs a network then: apt checks the signatures.
set -euo pipefail

say() { printf 'slim-curl: %s\n' "$*" >&2; }

version=$(dpkg-query --show --showformat='${source:Version}' libcurl4)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/claviger"
script=$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-12)
target="$cache/curl-$version-$script"
if [[ -f "$target/libcurl.so.4" ]]; then
  echo "$target"
  exit
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/.curl-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p lists/partial
# The machine's own list of sources stays as it is.
for suite in \
  "http://deb.debian.org/debian bookworm" \
  "http://deb.debian.org/debian bookworm-updates" \
  "http://deb.debian.org/debian-security bookworm-security"; do
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
    "$suite main" >>sources.list
done
apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list"
  -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists"
  -o APT::Sandbox::User=root)
say "getting the source of curl $version"
"${apt[@]}" update >&2
"${apt[@]}" source --download-only "curl=$version" >&2
dpkg-source --no-check -x curl_*.dsc source >dpkg-source.log 2>&1 ||
  { cat dpkg-source.log >&2; exit 1; }
sum=$(sha256sum curl_*.dsc | cut -d' ' -f1)

say "compiling"
cd source
# The last two make the variants for GnuTLS and NSS; Debian's build takes them
# off again, too, for the variant with OpenSSL.
for variant in 99_nss 90_gnutls; do
  patch --silent -R -p1 <"debian/patches/$variant.patch"
done
# Debian's patches change inputs of automake; what it would make of them is not
# needed here.
find . -name Makefile.in -exec touch {} +
touch aclocal.m4 configure
without=()
for protocol in ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp \
  gopher mqtt manual ares ntlm tls-srp alt-svc hsts doh netrc unix-sockets \
  static dependency-tracking; do
  without+=("--disable-$protocol")
done
for library in zlib brotli zstd libidn2 libpsl librtmp libssh2 nghttp2 gssapi; do
  without+=("--without-$library")
done
./configure --with-openssl --enable-versioned-symbols --enable-shared \
  --enable-threaded-resolver "${without[@]}" --with-ca-path=/etc/ssl/certs \
  --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
  CFLAGS="-O2 -g0 -fPIC -fstack-protector-strong -fstack-clash-protection \
-fcf-protection -D_FORTIFY_SOURCE=2 -ffile-prefix-map=$PWD=." \
  LDFLAGS="-Wl,-z,relro,-z,now -Wl,--build-id=none" \
  >configure.log 2>&1 || { tail -n 30 configure.log >&2; exit 1; }
make -C lib -j"$(nproc)" V=0 >make.log 2>&1 || { tail -n 30 make.log >&2; exit 1; }

mkdir ../out
cp -L lib/.libs/libcurl.so.4 ../out/libcurl.so.4
strip --strip-unneeded ../out/libcurl.so.4
printf '{"source": "curl", "version": "%s", "dscSha256": "%s", "note": "%s"}\n' \
  "$version" "$sum" "compiled with HTTP and TLS only" >../out/source.json
mv ../out "$target"
say "made in ${SECONDS} s"
echo "$target"
