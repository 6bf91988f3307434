#!/usr/bin/env bash
# words_test.sh -- what stress/words promises: its counts, its exit codes, and silence on bad input.
#
# Usage: words_test.sh PATH-OF-THE-PROGRAM. Prints a line a behaviour; exits 1 if one does not hold.
set -u
program=$(realpath "${1:?usage: words_test.sh PROGRAM}")
unset GOMAP_WORDS_TEXT
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room" || exit 1
failures=0

# expect CODE ARGUMENT...: runs the program; keeps stdout and stderr in files `out` and `err`.
expect() {
  local wanted=$1 code
  shift
  "$program" "$@" >out 2>err </dev/null
  code=$?
  [ "$code" -eq "$wanted" ] || { echo "  exit code $code instead of $wanted; stderr: $(cat err)"; return 1; }
}
says() { grep -qE -- "$1" out || { echo "  stdout lacks: $1"; cat out; return 1; }; }
complains() { grep -qE -- "$1" err || { echo "  stderr lacks: $1"; cat err; return 1; }; }
silent() { [ ! -s out ] || { echo "  stdout is not empty:"; cat out; return 1; }; }
quiet() { [ ! -s err ] || { echo "  stderr is not empty:"; cat err; return 1; }; }

holds() {  # holds "what" command...
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else echo "FAILED: $what"; failures=$((failures + 1)); fi
}

mkdir -p folder/below none
printf 'The cat saw the dog; THE DOG saw nothing.\n' >small.txt
printf 'don\xe2\x80\x99t \xe2\x80\x9cquote\xe2\x80\x9d na\xc3\xafve' >utf8.txt
printf 'one two two' >folder/a.txt
printf 'three three three two' >folder/below/b.txt
printf 'bin\0ary' >folder/below/c.bin
: >folder/empty.txt
: >empty.txt
printf 'a\0b' >binary.dat
printf -- '--- ... !\n' >wordless.txt
for i in $(seq 1 30000); do echo "word$i word$((i % 7))"; done >many.txt

counts_a_file() {
  expect 0 small.txt && quiet && says '^verified' && says '^words +9 ' && says '^distinct words +5$' &&
    says '^ +3  the$' && says '^ +2  dog$' && says '^  worst +[0-9]'
}
keeps_utf8_words_whole() {
  expect 0 utf8.txt && says "^ +1  don't$" && says '^ +1  quote$' && says '^ +1  naïve$'
}
reads_folders_recursively() {
  expect 0 folder && says 'in 2 files, 1 binary skipped, 1 empty skipped' && says '^ +3  three$' &&
    says '^ +3  two$' && says '^ +1  one$'
}
takes_several_paths() { expect 0 small.txt folder && says '^words +16 '; }
takes_the_environment_text() { GOMAP_WORDS_TEXT=folder expect 0 && says '^distinct words +3$'; }
prefers_paths_to_the_environment() {
  GOMAP_WORDS_TEXT=missing expect 0 small.txt && says '^words +9 '
}
repeats() { expect 0 --repeat 3 small.txt && says '^words +27 ' && says '^ +9  the$' && says '^read +3 times$'; }
grows() { expect 0 many.txt && says '^distinct words +30,001$' && says '^growths +[1-9][0-9]* \([1-9]'; }
shows_as_many_words_as_asked() { expect 0 --top 1 small.txt && says 'the$' && ! grep -q '  dog$' out; }
helps() { expect 0 --help && says '--repeat' && says 'GOMAP_WORDS_TEXT'; }

refuses() {  # refuses MESSAGE ARGUMENT...
  local message=$1
  shift
  expect 2 "$@" && silent && complains "$message"
}
reports_a_wrong_count() { expect 1 --falsify small.txt && silent && complains 'wrong: miscounted'; }

live_line_on_a_terminal() {
  command -v script >/dev/null || return 0
  script -qec "$program --repeat 60 many.txt" /dev/null >terminal 2>&1 </dev/null
  grep -q 'worst pause' terminal && grep -q '^verified' <(tr '\r' '\n' <terminal | sed 's/\x1b\[K//g')
}

holds "a file's words are counted and verified" counts_a_file
holds "UTF-8 words stay whole, typographic quotes are quotes" keeps_utf8_words_whole
holds "folders are read with all below; binary and empty files there are counted" reads_folders_recursively
holds "several paths are one text" takes_several_paths
holds "without a path the environment names the text" takes_the_environment_text
holds "a path goes before the environment" prefers_paths_to_the_environment
holds "--repeat reads the text again" repeats
holds "a larger text grows the map" grows
holds "--top says how many words to show" shows_as_many_words_as_asked
holds "--help helps" helps
holds "a missing file is refused" refuses 'missing.txt: no such file' missing.txt
holds "a missing file after a good one is refused before anything is printed" \
  refuses 'missing.txt: no such file' small.txt missing.txt
holds "an empty file is refused" refuses 'empty.txt: is empty' empty.txt
holds "a binary file is refused" refuses 'binary.dat: is binary' binary.dat
holds "a folder without text is refused" refuses 'none: holds no text' none
holds "a text without a word is refused" refuses 'not a word' wordless.txt
holds "a device is refused" refuses 'neither a file nor a folder' /dev/null
holds "no text at all is refused" refuses 'GOMAP_WORDS_TEXT'
holds "an unknown flag is refused" refuses 'bogus' --bogus small.txt
holds "a repeat of zero is refused" refuses 'repeat' --repeat 0 small.txt
holds "a repeat that is no number is refused" refuses 'repeat' --repeat x small.txt
holds "the verification can fail" reports_a_wrong_count
holds "a terminal gets a live line" live_line_on_a_terminal

[ "$failures" -eq 0 ]
