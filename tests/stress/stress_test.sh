#!/usr/bin/env bash
# stress_test.sh -- what the stress program promises: every scenario verifies and can fail, exit
# codes, what bad input and bad flags are told, Ctrl-C, and the same choices from the same seed.
#
# Usage: stress_test.sh PATH-OF-THE-PROGRAM. Prints a line a behaviour; exits 1 if one does not hold.
# GOMAP_STRESS_TEST_SECONDS: how long each scenario runs, 0.3 unless set.
set -u
program=$(realpath "${1:?usage: stress_test.sh PROGRAM}")
seconds=${GOMAP_STRESS_TEST_SECONDS:-0.3}
unset GOMAP_STRESS_TEXT
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
  [ "$code" -eq "$wanted" ] ||
    { echo "  exit code $code instead of $wanted for: $*"; cat out err; return 1; }
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
printf 'don\xe2\x80\x99t \xe2\x80\x9cquote\xe2\x80\x9d na\xc3\xafve\n' >utf8.txt
printf 'one two two' >folder/a.txt
printf 'three three three two' >folder/below/b.txt
printf 'bin\0ary' >folder/below/c.bin
: >folder/empty.txt
: >empty.txt
printf 'a\0b' >binary.dat
printf -- '--- ... !\n' >wordless.txt
for i in $(seq 1 20000); do echo "word$i word$((i % 7)) and a few more of them"; done >many.txt
{
  echo '# gomap trace 1'
  echo '# a comment'
  printf 'put plain 5\r\nget plain\n\nadd plain 2\nhas "two words"\nnew "two words"\n'
  printf 'new "a \\"quote\\"" 0\nget "a \\"quote\\""\nswap plain 9\ntake plain\ndel plain\n'
} >good.trace

mapfile -t scenarios < <("$program" --help | sed -n '/^Scenarios:/,/^$/s/^  \([a-z_]*\) .*/\1/p')

# ---- running

verifies() { expect 0 "$1" --seconds "$seconds" --input many.txt && quiet && says "^$1 .* verified$"; }
can_fail() {
  expect 1 "$1" --seconds "$seconds" --input many.txt --falsify && says "^$1 .* WRONG$" &&
    says '^  wrong: ' && says '^WRONG: 1 of 1 scenarios; '
}
runs_on_one_thread() {
  expect 0 --seconds "$seconds" --threads 1 --shards 1 --input many.txt &&
    says "verified: nothing wrong in ${#scenarios[@]} scenarios"
}
runs_on_many_shards() {
  expect 0 grow churn oversubscribed --seconds "$seconds" --shards 1024 --threads 5 \
    --input many.txt && says 'verified: nothing wrong in 3 scenarios'
}

prints_its_seed_first() {
  expect 0 grow --seconds 0.1 && [[ $(sed -n 1p out) =~ ^seed\ [1-9][0-9]*\  ]] &&
    expect 0 grow --seconds 0.1 --seed 77 && [[ $(sed -n 1p out) =~ ^seed\ 77\  ]]
}
# One thread alone decides nothing by chance but what the seed says: the first wrong answer that
# linear makes up is a random number.
first_finding() { expect 1 linear --falsify --threads 1 --seconds 2 --seed "$1" && first_values; }
first_values() { grep -A 12 -m 1 '^  wrong: ' out | grep -oE '0x[0-9a-f]+' | sed -n '1,4p'; }
repeats_a_seed() {
  first_finding 77 >first && first_finding 77 >second && first_finding 78 >third ||
    { cat first; return 1; }
  [ -s first ] && cmp first second && ! cmp -s first third
}

# ---- words and traces

counts_words() {
  expect 0 words --seconds 0.1 --input small.txt && quiet && says '^  text .* in 1 file$' &&
    says '^  words +9$' && says '^  distinct words +5$' && says '^  commonest +the 3, dog 2, saw 2,'
}
keeps_utf8_words_whole() {
  expect 0 words --seconds 0.1 --input utf8.txt && says "don't 1, naïve 1, quote 1"
}
reads_folders_recursively() {
  expect 0 words --seconds 0.1 --input folder && says 'in 2 files$' && says '^  distinct words +3$'
}
takes_several_inputs() {
  expect 0 words --seconds 0.1 --input small.txt folder && says 'in 3 files$' &&
    says '^  words +16$'
}
takes_the_environment_text() {
  GOMAP_STRESS_TEXT=folder expect 0 words --seconds 0.1 && says '^  distinct words +3$'
}
prefers_inputs_to_the_environment() {
  GOMAP_STRESS_TEXT=missing expect 0 words --seconds 0.1 --input small.txt && says '^  words +9$'
}
replays_a_trace() {
  expect 0 replay --seconds 0.1 --input good.trace &&
    says '^  good.trace +10 operations on 3 keys$'
}
replays_text() {
  expect 0 replay --seconds 0.1 --input small.txt && says "^  the text's trace +14 operations on 5"
}
keeps_traces_apart_from_text() {
  expect 0 words replay --seconds 0.1 --input small.txt good.trace && says '^  words +9$' &&
    says '^  good.trace '
}

# ---- refusing

refuses() {  # refuses MESSAGE ARGUMENT...
  local message=$1
  shift
  expect 2 "$@" && silent && complains "^stress: .*$message"
}
refuses_in_the_scenario() {  # as above, when the head has been printed
  local message=$1
  shift
  expect 2 "$@" && complains "^stress: .*$message"
}
refuses_traces() {
  local line
  while IFS='|' read -r line message; do
    printf '# gomap trace 1\nget a\n%s\n' "$line" >bad.trace
    refuses "bad.trace:3: $message" replay --input bad.trace || return 1
  done <<'LINES'
gett a|"gett" is no operation
get|a key is missing
put a x|"x" is no number
put a -1|"-1" is no number
put a 18446744073709551616|"18446744073709551616" is no number
put a 1 2|"2" is too much
get a 1|"1" is too much
get "a|a quote is not closed
get "a"b|a blank is missing
LINES
  printf '# gomap trace 2\nget a\n' >bad.trace
  refuses 'bad.trace:1: only "# gomap trace 1"' replay --input bad.trace &&
    printf '# gomap trace 1\n\n' >bad.trace && refuses 'bad.trace: holds no operation' \
    replay --input bad.trace
}
refuses_another_program() {  # what it was not built with
  local other=std
  expect 0 grow --seconds 0.05 && grep -q 'allocator std' out && other=page
  refuses "built with .*stress/run --allocator $other" grow --allocator "$other" &&
    refuses 'built with ' grow --mutex nonsense
}
helps() {
  expect 0 --help && says '--seconds' && says 'GOMAP_STRESS_TEXT' && says '^Scenarios:' &&
    says '^Exit code: 0 ' && [ "${#scenarios[@]}" -ge 11 ]
}

# ---- terminals

live_line_on_a_terminal() {
  command -v script >/dev/null || return 0
  script -qec "$program grow --seconds 1.5" /dev/null >terminal 2>&1 </dev/null
  grep -q 'growths\{0,1\} in flight .* worst pause' terminal &&
    grep -q '^verified' <(tr '\r' '\n' <terminal | sed 's/\x1b\[K//g') || { cat terminal; return 1; }
}
ends_cleanly() {  # ends_cleanly SIGNAL
  local child code
  "$program" grow churn --seconds 100 >out 2>err </dev/null &
  child=$!
  for _ in $(seq 200); do grep -q '^scenario' out && break; sleep 0.1; done
  sleep 0.5
  kill -s "$1" "$child"
  wait "$child"
  code=$?
  [ "$code" -eq 0 ] || { echo "  exit code $code"; cat out err; return 1; }
  says '^grow .* interrupted$' && says '^interrupted: nothing wrong in 1 scenario$' && quiet
}

holds "--help helps, and lists the scenarios" helps
for scenario in "${scenarios[@]}"; do holds "$scenario verifies" verifies "$scenario"; done
for scenario in "${scenarios[@]}"; do holds "$scenario can fail" can_fail "$scenario"; done
holds "everything runs on one thread and one shard" runs_on_one_thread
holds "many shards do" runs_on_many_shards
holds "the seed is printed first" prints_its_seed_first
holds "the same seed makes the same choices" repeats_a_seed
holds "a file's words are counted" counts_words
holds "UTF-8 words stay whole, typographic quotes are quotes" keeps_utf8_words_whole
holds "folders are read with all below" reads_folders_recursively
holds "several inputs are one text" takes_several_inputs
holds "without --input the environment names the text" takes_the_environment_text
holds "--input goes before the environment" prefers_inputs_to_the_environment
holds "a trace is replayed" replays_a_trace
holds "without a trace one is made of the text" replays_text
holds "traces and texts are kept apart" keeps_traces_apart_from_text
holds "a bad trace is refused with its line" refuses_traces
holds "a missing file is refused" refuses 'missing.txt: no such file' --input missing.txt
holds "a missing file after a good one is refused before anything is printed" \
  refuses 'missing.txt: no such file' --input small.txt missing.txt
holds "an empty file is refused" refuses 'empty.txt: is empty' --input empty.txt
holds "a binary file is refused" refuses 'binary.dat: is binary' --input binary.dat
holds "a folder without text is refused" refuses 'none: holds no text' --input none
holds "a device is refused" refuses 'neither a file nor a folder' --input /dev/null
holds "words without text are refused" refuses 'no text: words .*GOMAP_STRESS_TEXT' words
holds "everything without text is refused before anything runs" refuses 'no text: words ' grow words
holds "a replay of nothing is refused" refuses 'no text: replay ' replay
holds "a text without a word is refused" \
  refuses_in_the_scenario 'not a word' words --seconds 0.1 --input wordless.txt
holds "an unknown scenario is refused" refuses 'no scenario is called bogus' bogus
holds "an unknown flag is refused" refuses 'bogus' --bogus
holds "no threads are refused" refuses 'threads' --threads 0
holds "less than no threads are refused" refuses 'threads' --threads -1
holds "seconds that are no number are refused" refuses 'seconds' --seconds x
holds "no seconds are refused" refuses 'seconds' --seconds 0
holds "a seed of zero is refused" refuses 'seed' --seed 0
holds "no shards are refused" refuses 'shards' --shards 0
holds "too many shards are refused" refuses 'shards' --shards 1000000
holds "what the program was not built with is refused" refuses_another_program
holds "a report that cannot be written is refused" refuses 'small.txt' grow --report small.txt/below
holds "a terminal gets a live line" live_line_on_a_terminal
holds "Ctrl-C ends with what was found so far" ends_cleanly INT
holds "SIGTERM does" ends_cleanly TERM

[ "$failures" -eq 0 ]
