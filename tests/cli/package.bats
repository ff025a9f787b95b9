#!/usr/bin/env bats
# What is installed, and how: make install, the Debian package, and the units' hardening.

bats_require_minimum_version 1.5.0

setup_file() {
	load common
	# of the programs that were built for the tests to come after; the sanitizers' are for no package
	version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
	export root=$BATS_FILE_TMPDIR/root build=$BATS_FILE_TMPDIR/build
	mkdir "$build" && ln -s "$top/build/bin" "$build/bin"
	DEB_BUILD_OPTIONS=noautodbgsym "$top/scripts/debian/make" "$version" "$build"
	dpkg-deb -R "$build"/deb/nbms_*.deb "$root"
}

setup() {
	load common
	common_setup
}

@test "the package has every program, page, unit, and completion" {
	for program in "$top"/build/bin/nbms-*; do
		name=$(basename "$program")
		[ -x "$root/usr/bin/$name" ] && [ -f "$root/usr/share/man/man1/$name.1.gz" ]
		[ -f "$root/usr/share/bash-completion/completions/$name" ] && [ -f "$root/usr/share/zsh/vendor-completions/_$name" ]
	done
	for script in $(sed -n 's/^commands := //p' "$top/Makefile"); do
		name=nbms-$(basename "$script" | sed 's/^nbms-//')
		[ "$(readlink -f "$root/usr/bin/$name")" = "$(readlink -f "$root/usr/share/nbms/$(basename "$script")")" ]
		[ -f "$root/usr/share/man/man1/$name.1.gz" ]
	done
	for page in "$top"/man/*; do [ -f "$root/usr/share/man/man${page##*.}/$(basename "$page").gz" ]; done
	for unit in "$top"/scripts/systemd/*.*; do [ -e "$root/lib/systemd/system/$(basename "$unit")" ]; done
	[ -f "$root/usr/lib/nbms/mosquitto-nbms.so" ]
	[ -f "$root/usr/share/nbms/tariffs/kr-general.ndjson" ]
	[ -z "$(grep -rE '@[A-Z]+@' "$root/lib/systemd")" ]
	[ -z "$(find "$root" ! -type l -perm /022)" ]
	[ -z "$(grep -rlI -e "$top" -e "$BATS_RUN_TMPDIR" "$root")" ]
}

@test "it is a package that lintian has nothing to say of" {
	out=$(lintian --allow-root "$build"/deb/nbms_*.deb 2>&1) || :
	[ -z "$(echo "$out" | grep -E '^[EWI]:')" ] || { echo "$out"; return 1; }
}

@test "its programs need only packages that it depends on; and nothing is started that a site did not start" {
	depends=$(dpkg-deb -f "$build"/deb/nbms_*.deb Depends)
	for package in libmosquitto1 libsqlite3-0 libcurl4 adduser mosquitto jq; do [[ ", $depends" == *", $package"* ]]; done
	# a unit is enabled again only where a site had enabled it before the package was removed
	[ -z "$(grep -E 'deb-systemd-invoke +\$?_?(start|restart)|systemctl +(start|enable)' "$root/DEBIAN/postinst")" ]
	# nor stopped, at an upgrade, to stay so
	[ -z "$(grep -s stop "$root/DEBIAN/preinst")" ]
	for script in postinst prerm postrm; do sh -n "$root/DEBIAN/$script"; done
	[ "$(cat "$root/DEBIAN/conffiles")" = /etc/default/nbms ]
	bash -c ". '$root/usr/share/bash-completion/completions/nbms-query' && complete -p nbms-query" | grep -q -- --building
}

@test "the target wants every timer, and the units are sound" {
	units=$root/lib/systemd/system
	diff <(sed -n 's/^Wants=//p' "$units/nbms.target" | tr ' ' '\n' | grep timer | sort) \
		<(cd "$units" && ls ./*.timer | cut -c 3- | sort)
	for each in sbin/mosquitto bin/mail bin/sh bin/kill bin/nbms-web; do
		mkdir -p "$root/usr/$(dirname "$each")" && ln -sfn usr/bin "$root/bin"
		[ -e "$root/usr/$each" ] || install -m 755 /bin/true "$root/usr/$each"
	done
	# what the system itself has, and what is not unpacked here, is not ours to judge
	systemd-analyze verify --root="$root" --man=no "$units"/*.service "$units"/*.timer "$units"/nbms.target 2>&1 |
		grep -E 'nbms' | grep -vE 'not found|Failed to (load|add dependency|create)|sysinit|shutdown|network' >said || :
	[ ! -s said ] || { cat said; return 1; }
}

@test "the services run with little: systemd-analyze calls none of them worse than OK, those of nbms are below 2" {
	units=$root/lib/systemd/system
	for unit in nbms-broker.service nbms-pipeline.service nbms-web.service nbms-job@.service; do
		score=$(systemd-analyze security --offline=yes --root="$root" --no-pager "$unit" 2>/dev/null |
			sed -n 's/.*Overall exposure level for .*: \([0-9.]*\).*/\1/p')
		echo "$unit $score"
		awk -v s="$score" 'BEGIN { exit !(s != "" && s < 2) }'
	done
}

@test "make install and uninstall leave nothing, with any PREFIX" {
	make -s --no-print-directory -C "$top" install-files DESTDIR="$PWD/to" PREFIX=/opt/nbms B="$build" >/dev/null
	[ -x to/opt/nbms/bin/nbms-recv ] && [ -f to/opt/nbms/share/man/man7/nbms.7 ]
	grep -q '^ExecStart=/opt/nbms/bin/nbms-cron %i' to/opt/nbms/lib/systemd/system/nbms-job@.service
	make -s --no-print-directory -C "$top" uninstall DESTDIR="$PWD/to" PREFIX=/opt/nbms B="$build" >/dev/null
	[ -z "$(find to ! -type d)" ]
}
