//! CPU time of a process, from `/proc`.

/// User and system time of a process in microseconds, at the clock tick's resolution of 10 ms; `None` off Linux.
pub(crate) fn micros(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets and may hold spaces; count from behind it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 10_000)
}

/// Peak memory of a process in bytes; `None` off Linux.
pub(crate) fn peak_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn our_own_time_is_there_on_linux() {
        if cfg!(target_os = "linux") {
            assert!(super::micros(std::process::id()).is_some());
            assert!(super::peak_bytes(std::process::id()).is_some_and(|bytes| bytes > 100_000));
        }
    }
}
