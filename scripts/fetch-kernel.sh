#!/bin/sh
# Unpacks Debian's kernel for clouds into build/kernel: it has IPVS and nf_tables both. For an emulated machine; nothing of it is installed.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
package=$(apt-cache depends --important linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)
[ -n "$package" ] || { echo "there is no package linux-image-cloud-amd64" >&2 && exit 1; }
rm -rf build/kernel build/kernel.new
mkdir -p build/kernel.new
cd build/kernel.new
apt-get download "$package"
dpkg -x ./*.deb .
rm ./*.deb
mv boot/vmlinuz-* vmlinuz
[ -d lib/modules ] || mv usr/lib lib
/usr/sbin/depmod -b "$PWD" "$(ls lib/modules)"
cd ..
mv kernel.new kernel
