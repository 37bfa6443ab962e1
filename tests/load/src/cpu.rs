//! Processor time and lost datagrams, from /proc.

use anyhow::{Context, Result};
use std::time::Duration;

/// Ticks a second in /proc/PID/stat (USER_HZ). It is 100 on every Linux platform that Rust
/// supports, except Alpha.
const TICKS_PER_SECOND: u32 = 100;

/// Returns user plus system time of a process with all its threads, living and ended.
pub(crate) fn of_process(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    parse_stat(&stat).with_context(|| format!("{path} has another shape: {stat:?}"))
}

/// Returns the resident memory of a process, in bytes.
pub(crate) fn memory_of_process(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    parse_memory(&status).with_context(|| format!("{path} has another shape"))
}

/// Reads the line `VmRSS: 1234 kB` (proc(5)).
fn parse_memory(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Returns the time that all processors of the machine were not idle, summed up.
pub(crate) fn of_machine() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat").context("read /proc/stat")?;
    parse_machine(&stat).context("/proc/stat has another shape")
}

/// Returns the time of the calling thread, exact to the nanosecond.
pub(crate) fn of_this_thread() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").context("read schedstat")?;
    let run = stat
        .split_whitespace()
        .next()
        .and_then(|field| field.parse().ok());
    run.map(Duration::from_nanos)
        .context("schedstat has another shape")
}

/// Sums the first line of /proc/stat (proc(5)), except idle (4) and iowait (5); guest time (9, 10)
/// is already part of user time.
fn parse_machine(stat: &str) -> Option<Duration> {
    let fields = stat.lines().next()?.split_whitespace().skip(1);
    let ticks: Vec<u64> = fields
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    let busy: u64 = ticks.get(..3)?.iter().chain(ticks.get(5..8)?).sum();
    Some(Duration::from_millis(
        busy * 1000 / u64::from(TICKS_PER_SECOND),
    ))
}

/// Returns the datagrams that the kernel dropped on IPv4 sockets of this network namespace because
/// a receiver was too slow.
pub(crate) fn udp_drops() -> Result<u64> {
    let table = std::fs::read_to_string("/proc/net/udp").context("read /proc/net/udp")?;
    Ok(parse_drops(&table))
}

/// Sums the last column of all lines except the first (proc(5)).
fn parse_drops(table: &str) -> u64 {
    let drops = |line: &str| line.split_whitespace().last()?.parse::<u64>().ok();
    table.lines().skip(1).filter_map(drops).sum()
}

/// Reads fields 14 (utime) and 15 (stime) of proc(5). The name in field 2 may hold blanks and
/// brackets.
fn parse_stat(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs(1) * (user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_past_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 97 0 0 0 250 50 0 0 20 0 1 0 8 10 5";
        assert_eq!(parse_stat(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_stat("7 (fmz) S 1"), None);
    }

    #[test]
    fn memory_is_what_is_resident() {
        let status = "Name:\tfmz\nVmPeak:\t  200 kB\nVmRSS:\t  100 kB\n";
        assert_eq!(parse_memory(status), Some(102_400));
        assert_eq!(parse_memory("Name:\tfmz\n"), None);
    }

    #[test]
    fn the_machine_is_busy_when_it_is_not_idle() {
        let stat = "cpu  100 20 30 9000 800 7 3 40 5 0\ncpu0 1 2 3\n";
        assert_eq!(parse_machine(stat), Some(Duration::from_secs(2)));
        assert_eq!(parse_machine("cpu 1 2"), None);
    }

    #[test]
    fn drops_of_all_sockets_are_added() {
        let table = "  sl  local_address rem_address st inode ref pointer drops\n\
            1: 0100007F:1F90 00000000:0000 07 4567 2 0000000000000000 3\n\
            2: 0100007F:1F91 00000000:0000 07 4568 2 0000000000000000 4\n";
        assert_eq!(parse_drops(table), 7);
    }
}
