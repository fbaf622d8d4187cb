#!/bin/bash
# run_tests.sh [STAGE...]: runs the stages named (default: all), and ends with one line of counts.
#
#   unit   unit tests and build checks, gcc, as released
#   asan   unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan   unit tests under ThreadSanitizer
#   e2e    tests/, a running server spoken to by real clients
#   fuzz   each target of fuzz/ for FUZZ_SECONDS (30), starting from its corpus
#
# Every stage runs whatever became of those before it, so that one run tells all there is to tell.
# A stage that does not build counts as one failure.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
results=build-tests/results
mkdir -p "$results"
passed=0 failed=0 skipped=0
summary=()
failures=$results/failures.txt # shown once more before the counts
: >"$failures"

# Findings end the program, with a stack. cmocka installs signal handlers of its own; "2" keeps it
# from replacing the sanitizer's, which say far more.
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:handle_segv=2:handle_sigbus=2

add() { # stage passed failed skipped
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    summary+=("$(printf '%-6s %5d passed, %d failed, %d skipped' "$@")")
}

build() { # folder, then meson options; says so when it fails
    local folder=$1
    shift
    scripts/configure.sh "$folder" "$@" && ninja -C "$folder" -j "$jobs" all ||
        { echo "run_tests: $folder does not build" >&2; return 1; }
}

run_meson() { # stage folder, then options for "meson test"
    local stage=$1 folder=$2
    shift 2
    rm -f "$folder/meson-logs/testlog.json"
    meson test -C "$folder" --no-rebuild --print-errorlogs --num-processes "$jobs" "$@" || true
    # shellcheck disable=SC2046 # three numbers
    add "$stage" $(python3 scripts/count_tests.py meson "$folder/meson-logs/testlog.json" --failures "$failures")
}

stage_unit() {
    build build -Dlto=true -Dtests=true && run_meson unit build
}

stage_asan() {
    build build-asan -Db_sanitize=address,undefined &&
        run_meson asan build-asan --suite unit --timeout-multiplier 4
}

stage_tsan() {
    build build-tsan -Db_sanitize=thread && run_meson tsan build-tsan --suite unit --timeout-multiplier 8
}

# once FILE STAMP COMMAND...: runs the command unless it succeeded with this content of FILE.
once() {
    local file=$1 stamp=$2
    shift 2
    cmp -s "$file" "$stamp" || { "$@" && cp "$file" "$stamp"; }
}

install_requirements() { # file, virtual environment, then options for "pip install"
    local file=$1 venv=$2
    shift 2
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || return
    once "$file" "$venv/requirements.installed" \
        "$venv/bin/python" -m pip install --quiet --requirement "$file" "$@"
}

# The Go that is there, if it is new enough for tests/go; Debian 12's is not.
find_go() {
    local go minor
    for go in "$(command -v go)" /usr/local/go/bin/go; do
        [ -x "$go" ] || continue
        minor=$("$go" env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
        if [ "${minor:-0}" -ge 23 ]; then
            echo "$go"
            return
        fi
    done
}

# The clients that the tests point at a server. What they bring is large: it is fetched and compiled once.
install_clients() {
    local go
    once tests/node/package-lock.json build-tests/package-lock.installed \
        npm --prefix tests/node ci --no-audit --no-fund --silent || return
    # Compiling all of Graph takes longer than fetching it, and the test imports a corner of it.
    install_requirements tests/python/requirements.txt build-tests/sdk-venv --no-compile || return
    go=$(find_go)
    if [ "$go" ]; then
        (cd tests/go && "$go" build -o ../../build-tests/go-life .) || return
        [ -x build-tests/go/bin/h2spec ] || GOPATH=$PWD/build-tests/go GOFLAGS=-modcacherw \
            "$go" install github.com/summerwind/h2spec/cmd/h2spec@latest ||
            echo "run_tests: h2spec cannot be made; its tests are skipped" >&2
    else
        rm -f build-tests/go-life
        echo "run_tests: Go 1.23 or newer is not installed; its Graph SDK and h2spec are not tried" >&2
    fi
}

stage_e2e() {
    [ -n "$(find tests -name 'test_*.py' -print -quit)" ] || return 0
    build build -Dlto=true -Dtests=true || return
    install_requirements tests/requirements.txt build-tests/venv && install_clients || return
    rm -f "$results/e2e.xml"
    # A file is one worker's from its first test to its last: what its tests share they share in order.
    build-tests/venv/bin/python -m pytest tests --numprocesses "$jobs" --dist loadfile \
        --junitxml="$results/e2e.xml" || true
    # shellcheck disable=SC2046
    add e2e $(python3 scripts/count_tests.py junit "$results/e2e.xml" --failures "$failures")
}

fuzz_one() { # source file of the target; one that the build does not list fails here
    local name log
    name=$(basename "$1" _fuzz.c)
    log=build-fuzz/logs/$name.log
    mkdir -p "build-fuzz/corpus/$name" build-fuzz/logs build-fuzz/artifacts
    # What is found goes to the build folder: the corpus in the repository is chosen by hand.
    local arguments=(-max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048
        -artifact_prefix="build-fuzz/artifacts/$name-" -print_final_stats=1)
    [ ! -f "fuzz/$name.dict" ] || arguments+=(-dict="fuzz/$name.dict")
    arguments+=("build-fuzz/corpus/$name")
    [ ! -d "fuzz/corpus/$name" ] || arguments+=("fuzz/corpus/$name")

    if "build-fuzz/fuzz/${name}_fuzz" "${arguments[@]}" >"$log" 2>&1; then
        echo "fuzz/$name: OK, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
    else
        { echo "FAILED fuzz/$name, see build-fuzz/artifacts and $log:" && tail -n 40 "$log"; } |
            tee -a "$failures"
        return 1
    fi
}

stage_fuzz() {
    [ -n "$(find fuzz -name '*_fuzz.c' -print -quit)" ] || return 0
    CC=clang scripts/configure.sh build-fuzz -Dfuzz=true -Dtests=false \
        -Db_sanitize=address,undefined -Db_lundef=false &&
        ninja -C build-fuzz -j "$jobs" fuzz || return
    local sources=(fuzz/*_fuzz.c) bad
    : >"$results/fuzz.failed"
    export -f fuzz_one
    export failures
    printf '%s\n' "${sources[@]}" |
        xargs -P "$jobs" -I{} bash -c 'fuzz_one {} || echo {} >>'"$results/fuzz.failed"
    bad=$(wc -l <"$results/fuzz.failed")
    add fuzz $((${#sources[@]} - bad)) "$bad" 0
}

[ $# -gt 0 ] || set -- unit asan tsan e2e fuzz
for stage in "$@"; do
    if ! declare -F "stage_$stage" >/dev/null; then
        echo "run_tests: no stage '$stage'; there are: unit asan tsan e2e fuzz" >&2
        exit 2
    fi
done
for stage in "$@"; do
    echo "== $stage"
    "stage_$stage" || add "$stage" 0 1 0
done

printf '\n'
cat "$failures"
printf '%s\n' "${summary[@]}"
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line+=", $skipped skipped"
echo "$line"
# A run that tested nothing is no success.
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
