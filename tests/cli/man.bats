#!/usr/bin/env bats
# The manual: its examples run, its pages name every option there is.
#
# In the EXAMPLES of a page, a line of a `.Bd -literal` block that begins with `$ ` is a command; the lines that it goes on
# for follow it, whatever else follows is what it may print. A page's commands run in order, in one fresh directory, with
# the programs in PATH and $TESTDATA naming the test data; each has to succeed. A block that cannot be run has a line
# `.\" not run: REASON` before it.

load common

setup() {
	common_setup
	export TESTDATA=$top/testdata
	mkdir bin # what install puts beside the programs
	ln -s "$top/scripts/plot" bin/nbms-plot
	PATH=$PWD/bin:$PATH:$top/scripts
	wrong=0
}

# commands PAGE: the commands of its examples, one shell script.
commands() {
	awk '
		/^\.Sh/ { examples = $2 == "EXAMPLES" }
		!examples { next }
		/^\.\\" not run: ./ { passed = 1; next }
		/^\.Bd -literal/ { block = 1; next }
		/^\.Ed/ { block = passed = 0; print ""; next }
		block && !passed {
			gsub(/\\e/, "\\"); gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\\(dq/, "\""); gsub(/\\\(aq/, "\047")
			print
		}
	' "$1" | unprompt
}

# Takes the prompts off; a line without one belongs to the command before it while that is not whole.
unprompt() {
	local line command=
	while IFS= read -r line; do
		case $line in
		'$ '*) command=${line#??} ;;
		*) [ -n "$command" ] && ! whole "$command" && command+=$'\n'$line || continue ;;
		esac
		if whole "$command"; then printf '%s\n' "$command"; fi
	done
}

whole() {
	case $1 in *'\' | *'|' | *'&&') return 1 ;; esac
	! bash -n <<<"$1" 2>&1 | grep -q .
}

@test "the examples of every page run" {
	ran=0
	for page in "$top"/man/*.[157]; do
		name=$(basename "$page")
		commands "$page" >"$name.sh"
		[ -s "$name.sh" ] || continue
		mkdir "$name.d"
		ran=$((ran + $(grep -c . "$name.sh")))
		(cd "$name.d" && timeout 600 bash -e -x -o pipefail "../$name.sh") >"$name.out" 2>&1 && continue
		echo "$name: an example fails:"
		tail -n 12 "$name.out"
		wrong=$((wrong + 1))
	done
	[ "$ran" -gt 0 ]
	[ "$wrong" -eq 0 ]
}

@test "every program has a page, and every page of a program its sections in order" {
	for program in "$NBMS_BUILD"/bin/nbms-*; do
		page=$top/man/$(basename "$program").1
		[ -f "$page" ] || { echo "no page: $page"; wrong=$((wrong + 1)); continue; }
		got=$(grep '^\.Sh' "$page" | cut -c 5- |
			grep -xE 'NAME|SYNOPSIS|DESCRIPTION|EXIT STATUS|EXAMPLES|DIAGNOSTICS|SEE ALSO|STANDARDS' | paste -sd' ')
		[ "$got" = 'NAME SYNOPSIS DESCRIPTION EXIT STATUS EXAMPLES DIAGNOSTICS SEE ALSO STANDARDS' ] ||
			{ echo "$page has: $got"; wrong=$((wrong + 1)); }
	done
	[ "$wrong" -eq 0 ]
}

@test "a page names every option that --help does, or nbms(7) does for all" {
	for program in "$NBMS_BUILD"/bin/nbms-*; do
		page=$top/man/$(basename "$program").1
		[ -f "$page" ] || continue
		"$program" --help | grep -oE '^  (-.,|   ) --[a-z-]+' | grep -oE -- '--[a-z-]+' |
			grep -vxE -- '--(help|version)' | sort -u >help
		mandoc -Tascii "$page" "$top/man/nbms.7" | col -b | grep -oE -- '--[a-z]+[a-z-]*' | sort -u >page
		missing=$(comm -23 help page | paste -sd' ')
		[ -z "$missing" ] || { echo "$page does not name: $missing"; wrong=$((wrong + 1)); }
	done
	[ "$wrong" -eq 0 ]
}

@test "what a page refers to is there, or is the system's" {
	for page in "$top"/man/*.[157]; do
		while read -r name section; do
			[ -f "$top/man/$name.$section" ] || { echo "$page: no $name($section)"; wrong=$((wrong + 1)); }
		done < <(sed -nE 's/^\.Xr (nbms[a-z-]*) ([157]).*/\1 \2/p' "$page" | sort -u)
	done
	[ "$wrong" -eq 0 ]
}
