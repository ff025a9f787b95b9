#!/usr/bin/env bats
# What the compiler and the linker can do against a program's own mistakes is in every program; and a build fetches nothing.

programs() { find "$NBMS_BUILD/bin" -maxdepth 1 -type f \( -name 'nbms-*' -o -name '*.so' \); }

@test "every program: position independent, read-only relocations bound at once, no executable stack, canaries, checked calls" {
	[ "$(programs | wc -l)" -ge 13 ]
	wrong=0 elf=$BATS_TEST_TMPDIR/elf symbols=$BATS_TEST_TMPDIR/symbols
	for file in $(programs); do
		readelf -hldW "$file" >"$elf"
		readelf -sW --dyn-syms "$file" >"$symbols"
		grep -q 'Type: *DYN' "$elf" || { echo "$file: no PIE"; wrong=1; }
		grep -q 'GNU_RELRO' "$elf" && grep -qE 'BIND_NOW|FLAGS.*NOW' "$elf" || { echo "$file: no full RELRO"; wrong=1; }
		grep -E 'GNU_STACK' "$elf" | grep -q 'RW ' || { echo "$file: the stack is executable"; wrong=1; }
		! grep -qE 'LOAD .*RWE' "$elf" || { echo "$file: a segment is writable and executable"; wrong=1; }
		! grep -qE 'R(UN)?PATH' "$elf" || { echo "$file: looks for libraries on a path of its own"; wrong=1; }
		grep -q '__stack_chk_fail' "$symbols" || { echo "$file: no stack protector"; wrong=1; }
		grep -qE '__[a-z]+_chk' "$symbols" || { echo "$file: not fortified"; wrong=1; }
	done
	[ $wrong -eq 0 ]
}

@test "a build fetches nothing: no program that could is called in the Makefile, and it works without a network" {
	cd "$BATS_TEST_DIRNAME/../.."
	if grep -nwE 'curl|wget|git clone|pip|npm|cargo|apt|apt-get' Makefile | grep -v '^[0-9]*:#\|libcurl'; then false; fi
	unshare -n true 2>/dev/null || skip 'no namespaces here'
	unshare -n make --no-print-directory -s B="$BATS_TEST_TMPDIR/b" "$BATS_TEST_TMPDIR/b/lib/base/buf.o"
}
