#!/bin/sh
# Fails unless every function that src/ takes from elsewhere has a wrapper in faults.c or stands in
# cannot_fail.txt, and every wrapper and every line there is of use.
#
#   check_symbols.sh FAULTS.o SOURCE.o...
set -eu
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
faults=$1
shift

# The sanitizers' own functions come with the flags of this build.
nm "$@" | awk '$1 == "U" && $2 !~ /^(__asan|__ubsan|_GLOBAL_OFFSET_TABLE_)/ { print $2 }' |
    sort -u >"$work/undefined"
nm "$@" | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
comm -23 "$work/undefined" "$work/defined" >"$work/taken"
nm "$faults" | sed -n 's/.* T __wrap_//p' >"$work/known"
sed '/^#/d;/^$/d' "$(dirname "$0")/cannot_fail.txt" >>"$work/known"
sort -o "$work/known" "$work/known"

comm -3 "$work/taken" "$work/known" >"$work/differing"
[ -s "$work/differing" ] || exit 0
echo "src/ takes the first column, which is neither wrapped in tests/faults/faults.c nor listed in"
echo "cannot_fail.txt; the second column is wrapped or listed there, and taken by nobody:"
cat "$work/differing"
exit 1
