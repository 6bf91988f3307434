# apt-packages.sh -- ensure_packages, for the run scripts to source: what a script needs is there
# when it returns, or the script has ended with code 2 and one message that says what to install.
#
#   ensure_packages PACKAGE...      each one a name, or "first|second" for the first that exists
#
# Looks before it asks: with nothing missing there is no network, no root and no apt.
# shellcheck shell=bash

# How messages name the script: tests/run, stress/run.
script=$(basename "$(dirname "$(realpath "$0")")")/${0##*/}

package_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

package_known() {
  [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) == *Candidate:\ [0-9]* ]]
}

# The choices with no installed alternative, one a line.
missing_packages() {
  local choice name found
  for choice in "$@"; do
    found=
    for name in ${choice//|/ }; do
      if package_installed "$name"; then found=yes; fi
    done
    [[ $found ]] || printf '%s\n' "$choice"
  done
}

ensure_packages() {
  local choice name chosen as_root=()
  local -a missing names=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "$script: this system has no apt, so nothing can be installed here. Install what these" \
      "Debian packages hold, then use cmake --workflow --preset release: ${*%%|*}" >&2
    exit 2
  fi
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0

  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo true; }; }; then
      as_root=(sudo)
    else
      echo "$script: needs packages that only root may install (not root, and sudo is not to be" \
        "had). As root, run: apt-get install ${missing[*]%%|*}" >&2
      exit 2
    fi
  fi

  echo "$script: installing ${missing[*]%%|*}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
  "${apt[@]}" update || echo "$script: apt-get update failed; trying with the lists at hand" >&2
  for choice in "${missing[@]}"; do
    chosen=${choice%%|*}
    for name in ${choice//|/ }; do
      if package_known "$name"; then chosen=$name; break; fi
    done
    names+=("$chosen")
  done
  if ! "${apt[@]}" install -y --no-install-recommends "${names[@]}" >/dev/null; then
    echo "$script: apt-get could not install ${names[*]} (the reason stands above)" >&2
    exit 2
  fi
}

# The presets are read by CMake 3.25 and later; an older system has to bring a newer one.
require_cmake() {
  local version major minor
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
  IFS=. read -r major minor _ <<<"$version"
  if ((major < 3 || (major == 3 && minor < 25))); then
    echo "$script: needs CMake 3.25 or later, found $version. Debian 12, Debian 13 and Ubuntu 24.04 have it" >&2
    exit 2
  fi
}

# What every build here shares: all cores unless told otherwise, and ccache where there is one.
prepare_build() {
  export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
  export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}
  fi
}
