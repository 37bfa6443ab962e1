# Runs the parts of scripts/test one after another, even if one fails, and prints a table of results
# at the end. Sourced after lib.sh, not run.
# shellcheck shell=bash

# Folder for the marks of work that is done once a run: each part is a process of its own.
RUN=$(mktemp -d)
trap 'rm -rf "$RUN"' EXIT
trap 'exit 130' INT TERM
# Failed tests of each part that are named at the end; the log has them all.
FAILURES_MAX=20

# run_parts NAME...: each name is a function. Prints the table; returns 1 if a part failed.
run_parts() {
  local name status started failed=0
  local -a rows=()
  for name in "$@"; do
    say "######## $name"
    started=$SECONDS
    set +e
    (set -e; "$name") 2>&1 | tee "$LOGS/part-$name.log"
    status=${PIPESTATUS[0]}
    set -e
    ((status == 0)) || failed=1
    rows+=("$name $status $((SECONDS - started))")
  done
  report "${rows[@]}"
  return "$failed"
}

# report "NAME STATUS SECONDS"...: prints the table, then the failures, then the counts of all parts
# in one line.
report() {
  local row name status seconds passed failed passed_all=0 failed_all=0
  printf '\n%-14s %8s %8s %12s\n' part passed failed time
  for row in "$@"; do
    read -r name status seconds <<<"$row"
    read -r passed failed < <(count_tests "$LOGS/part-$name.log")
    # A part that failed other than by a test counts as one failure.
    ((status == 0 || failed > 0)) || failed=1
    printf '%-14s %8d %8d %6d min %2d s\n' "$name" "$passed" "$failed" $((seconds / 60)) $((seconds % 60))
    ((passed_all += passed, failed_all += failed)) || true
  done
  for row in "$@"; do
    read -r name status seconds <<<"$row"
    ((status == 0)) || name_failures "$name"
  done
  printf '\n%d passed, %d failed\n' "$passed_all" "$failed_all"
}

# count_tests LOG: prints "passed failed" over all runners in a log: cargo, nextest, node, vitest,
# the simulation, the kills of fmz-load, uclient; without any of them, over its steps.
count_tests() {
  awk '
    /^test result: / { passed += $4; failed += $6 }
    /^ℹ pass / { passed += $3 }
    /^ℹ (fail|cancelled) / { failed += $3 }
    /^ *Summary \[.*\] / {
      for (i = 2; i < NF; i++) {
        if ($(i + 1) ~ /^passed/) passed += $i
        if ($(i + 1) ~ /^(failed|timed|exec)/) failed += $i
      }
    }
    /^ *Tests  / {
      for (i = 2; i < NF; i++) {
        if ($(i + 1) ~ /^passed/) passed += $i
        if ($(i + 1) ~ /^failed/) failed += $i
      }
    }
    /^seeds [0-9]+ violations / { passed += $2 - $4; failed += $4 }
    /^durability_kills / { passed += $2 }
    /^durability_findings / { failed += $2 }
    /^uclient: .* passed$/ { passed++ }
    /^uclient: .* failed$/ { failed++ }
    /^    done in / { steps++ }
    END { print (passed + failed > 0 ? passed : steps) + 0, failed + 0 }
  ' "$1"
}

# name_failures PART: prints its failed tests, as its runners named them, and the path of its log.
name_failures() {
  local log=$LOGS/part-$1.log
  printf '\n%s failed; its output is in %s\n' "$1" "$log"
  {
    sed -nE 's/^ *(FAIL|TIMEOUT|ABORT|SIG[A-Z]+) \[ *[0-9.]+s\] (\([^)]*\) )?(.*)$/\3/p' "$log"
    sed -nE 's/^test (.*) \.\.\. FAILED$/\1/p; s/^ *✖ (.*) \([0-9.]+ms\)$/\1/p; s/^ *FAIL +([^[].*)$/\1/p' "$log"
    grep -E '^(error: |uclient: .* failed$)|cargo run -p fmz-sim -- --seed' "$log" || true
  } | awk '!seen[$0]++' | head -n "$FAILURES_MAX" | sed 's/^/  /'
}
