#!/usr/bin/env bash
# report_test.sh PROGRAM [--unseen] -- the stress program's --report: the JSON, the page in a
# browser (light and dark, as wide as a phone and wide), and what happens where nothing can be
# written. --unseen: without the browser, since the page is the same in every build.
#
# Exit code: 0 all is well, 1 something is amiss, 77 there is no browser here.
set -euo pipefail
program=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

failures=0
fail() {
  echo "report_test.sh: $*" >&2
  failures=$((failures + 1))
}

# run_program CODE ARGUMENT...: runs it, and expects that exit code. Its words go to $folder/said.
run_program() {
  local expected=$1 code=0
  shift
  "$program" --threads 2 --seconds 0.3 --seed 7 "$@" >"$folder/said" 2>&1 || code=$?
  [[ $code == "$expected" ]] ||
    fail "exit code $code instead of $expected: $* ($(tail -n 3 "$folder/said"))"
}

# ---- where nothing can be written

touch "$folder/file"
run_program 2 --report "$folder/file" grow
grep -q "^seed" "$folder/said" && fail "ran although its report's folder is a file"
grep -q "$folder/file" "$folder/said" || fail "does not say which folder is no good"

# Files that stand in the way and are always full.
mkdir "$folder/full"
ln -s /dev/full "$folder/full/report.attempt.unfinished"
run_program 2 --report "$folder/full" grow
grep -q "No space left" "$folder/said" || fail "does not say that the disk is full"
grep -q "^seed" "$folder/said" && fail "ran although the disk is full"
ln -s /dev/full "$folder/full/report.json.unfinished"
run_program 2 --report "$folder/full" grow
grep -q "No space left" "$folder/said" || fail "does not say that the disk was full in the end"
[[ ! -e $folder/full/report.html ]] || fail "half a report was written"

# ---- the files

run_program 0 --report "$folder/a new/folder" grow hot churn walk
run_program 1 --report "$folder/wrong" --falsify grow
page="$folder/a new/folder/report.html"
files=$(ls "$folder/a new/folder")
[[ $files == $'report.html\nreport.json' ]] || fail "the folder holds $files"

# What the page holds is what lies beside it.
sed -n 's,.*<script type="application/json" id="run">\(.*\)</script>.*,\1,p' "$page" |
  sed 's/\\u003c/</g' | cmp - "$folder/a new/folder/report.json" || fail "page and JSON differ"
# The one mention of any address is in the licence of what draws the plots.
addresses=$(grep -o 'https\?:[^ "]*' "$page" | grep -vx -e 'https://www.chartjs.org' \
  -e 'https://github.com/kurkle/color#readme' || true)
[[ -z $addresses ]] || fail "the page mentions $addresses"
grep -q 'Released under the MIT License' "$page" || fail "the licence is gone"

# ---- the page in a browser

[[ ${2:-} != --unseen ]] || exit $((failures > 0))
browser=
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
  "$name" --version >/dev/null 2>&1 || continue
  browser=$name
  break
done
if [[ -z $browser ]]; then
  [[ $failures == 0 ]] || exit 1
  echo "report_test.sh: no browser here (Debian: chromium), so nobody looked at the page" >&2
  exit 77
fi

# probed PAGE NAME [SED-SCRIPT]: a copy of a page with the probe in it, edited.
probed() {
  sed -e "/<head>/r $folder/probe.html" ${3:+-e "$3"} "$1" >"$folder/$2.html"
}
{ echo '<script>'; cat "$here/report_probe.js"; echo '</script>'; } >"$folder/probe.html"
cp "$here/report_frames.html" "$folder/frames.html"

# look_at NAME FLAG...: what the probes say of $folder/NAME.html.
look_at() {
  local name=$1
  shift
  timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --disable-quic --no-first-run --disable-background-networking --disable-component-update \
    --disable-sync --user-data-dir="$folder/profile" --window-size=1280,900 \
    --virtual-time-budget=20000 "$@" \
    --dump-dom "file://$folder/frames.html#file://$folder/$name.html" 2>"$folder/browser.log" |
    sed -n '/<pre id="said">/,/<\/pre>/p' |
    sed 's/.*<pre id="said">//; s,</pre>.*,,; /^$/d'
}
# content NAME FLAG...: nothing is amiss there.
content() {
  local said
  said=$(look_at "$@") || true
  [[ $(sort <<<"$said") == $'looked at 1200\nlooked at 360' ]] ||
    fail "$*: ${said:-the browser says nothing: $(tail -n 5 "$folder/browser.log")}"
}

probed "$page" good
content good
content good --blink-settings=preferredColorScheme=0
probed "$folder/wrong/report.html" wrong
content wrong
# Nothing that a scenario says becomes markup or ends the script that holds it.
hostile='\\u003cimg src=x onerror=stop()>\\u003c\/script>\\u003cscript>throw 1'
note="{\"name\":\"$hostile\",\"value\":\"$hostile\"}"
probed "$page" hostile "s/\"question\":\"/&$hostile/; s/\"notes\":\[/&$note,/"
content hostile

# The probe itself sees what is amiss.
amiss() {
  local said
  said=$(look_at "$1") || true
  grep -q "^amiss at 360: .*$2" <<<"$said" || fail "the probe does not see: $1"
}
probed "$page" wide 's/<footer>/&<p style="width: 400px">wide<\/p>/'
amiss wide '400\|416'
probed "$page" broken 's/<footer>/&<script>throw new Error("planted")<\/script>/'
amiss broken planted
probed "$page" fetching 's/<footer>/&<script>new Image().src = "picture.png"<\/script>/'
amiss fetching 'wanted'
probed "$page" blank 's/^  made.chart = new Chart.*/  made.chart = {destroy() {}};/'
amiss blank 'is not drawn'

[[ $failures == 0 ]]
