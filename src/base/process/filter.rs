//! The filter of system calls that confined children run behind.
//!
//! Namespaces do not cover all that a kernel offers: the keyring of a session, tracing and io_uring are
//! there in every one. Source: seccomp(2), the kernel's `linux/filter.h` and `linux/audit.h`.

use std::{fs::File, io::Write, os::fd::AsRawFd, path::PathBuf, sync::Arc};

use rustix::fs::{MemfdFlags, memfd_create};

/// What confined children may call.
const CALLS: &str = include_str!("calls.csv");
/// Architectures: their name here, their column in the table, and what the kernel calls them.
const ARCHITECTURES: [(&str, &str, u32); 4] = [
    ("x86_64", "x86_64", 0xC000_003E),
    ("aarch64", "aarch64", 0xC000_00B7),
    ("powerpc64", "powerpc64", 0xC000_0015),
    ("s390x", "s390x", 0x8000_0016),
];
/// Local sockets, those of the internet and netlink. Source: `linux/socket.h`.
const FAMILIES: [u32; 4] = [1, 2, 10, 16];

/// Instructions of the filter's machine. Source: `linux/bpf_common.h`.
const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Verdicts. Source: `linux/seccomp.h`.
const ALLOW: u32 = 0x7FFF_0000;
const KILL: u32 = 0x8000_0000;
/// With the number of an error in its lower half.
const FAIL: u32 = 0x0005_0000;
/// What is refused fails with `EPERM`; what is newer than the table, with `ENOSYS`, after which
/// libraries do it in an older way.
const REFUSED: u32 = FAIL | 1;
const UNKNOWN: u32 = FAIL | 38;

/// Where the kernel shows a call to the filter: its number, its architecture and its first
/// argument, whose lower half is wanted.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENT: u32 = if cfg!(target_endian = "big") { 20 } else { 16 };

/// A filter in memory that bubblewrap reads.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    memory: Arc<File>,
}

impl Filter {
    /// The filter for this machine; nothing for an architecture that is not in the table.
    ///
    /// # Errors
    /// The system has no files in memory.
    pub(super) fn new() -> std::io::Result<Option<Self>> {
        let Some(program) = program(std::env::consts::ARCH) else { return Ok(None) };
        let name = "pypi2pkg-filter";
        // Kernels before 6.3 do not know the second flag, and some later ones insist on it.
        let memory = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create(name, MemfdFlags::CLOEXEC))?;
        let mut memory = File::from(memory);
        memory.write_all(&program)?;
        Ok(Some(Self { memory: Arc::new(memory) }))
    }

    /// Where children of this process can open it.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.memory.as_raw_fd()).into()
    }
}

/// The filter for an architecture, in the form of the kernel's `struct sock_filter`.
fn program(architecture: &str) -> Option<Vec<u8>> {
    let (_, column, id) = ARCHITECTURES.iter().find(|(name, ..)| *name == architecture)?;
    let numbers = numbers(column)?;
    let newest = numbers.iter().map(|(_, number)| *number).max()?;
    let mut code = Code::default();
    code.add(LOAD, 0, 0, ARCHITECTURE);
    // Another architecture's calls have other numbers.
    code.add(IF_EQUAL, 1, 0, *id);
    code.add(RETURN, 0, 0, KILL);
    code.add(LOAD, 0, 0, NUMBER);
    let socket = numbers.iter().find(|(name, _)| name == "socket")?.1;
    let families = FAMILIES.len() as u8;
    code.add(IF_EQUAL, 0, families + 3, socket);
    code.add(LOAD, 0, 0, ARGUMENT);
    for (at, family) in (0..).zip(FAMILIES) {
        code.add(IF_EQUAL, families - at, 0, family);
    }
    code.add(RETURN, 0, 0, REFUSED);
    code.add(RETURN, 0, 0, ALLOW);
    let others = numbers.iter().map(|(_, number)| *number).filter(|number| *number != socket);
    for (first, last) in ranges(others.collect()) {
        code.add(IF_AT_LEAST, 0, 2, first);
        code.add(IF_GREATER, 1, 0, last);
        code.add(RETURN, 0, 0, ALLOW);
    }
    code.add(IF_GREATER, 1, 0, newest);
    code.add(RETURN, 0, 0, REFUSED);
    code.add(RETURN, 0, 0, UNKNOWN);
    Some(code.0)
}

/// Instructions one after the other.
#[derive(Default)]
struct Code(Vec<u8>);

impl Code {
    /// Adds an instruction; it jumps over as many of the next ones as its answer says.
    fn add(&mut self, code: u16, if_true: u8, if_false: u8, operand: u32) {
        self.0.extend(code.to_ne_bytes());
        self.0.extend([if_true, if_false]);
        self.0.extend(operand.to_ne_bytes());
    }
}

/// The calls of an architecture: names and numbers.
fn numbers(column: &str) -> Option<Vec<(String, u32)>> {
    let mut rows = CALLS.lines().filter(|line| !line.starts_with('#'));
    let at = rows.next()?.split(',').position(|name| name == column)?;
    let number = |row: &str| {
        let mut fields = row.split(',');
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(at.checked_sub(1)?)?.parse().ok()?))
    };
    Some(rows.filter_map(number).collect())
}

/// Numbers that follow each other, as their first and last.
fn ranges(mut numbers: Vec<u32>) -> Vec<(u32, u32)> {
    numbers.sort_unstable();
    numbers.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the filter says of a call: an interpreter of its instructions.
    fn verdict(program: &[u8], id: u32, number: u32, argument: u32) -> u32 {
        let (mut at, mut held) = (0, 0);
        loop {
            let code: [u8; 8] = program[8 * at..8 * at + 8].try_into().unwrap();
            let operand = u32::from_ne_bytes(code[4..].try_into().unwrap());
            let jump = |holds: bool| 1 + usize::from(if holds { code[2] } else { code[3] });
            at += match u16::from_ne_bytes([code[0], code[1]]) {
                RETURN => return operand,
                IF_EQUAL => jump(held == operand),
                IF_GREATER => jump(held > operand),
                IF_AT_LEAST => jump(held >= operand),
                _ => {
                    held = match operand {
                        NUMBER => number,
                        ARCHITECTURE => id,
                        _ => argument,
                    };
                    1
                }
            };
        }
    }

    #[test]
    fn every_call_is_judged_by_the_table() {
        for (name, column, id) in ARCHITECTURES {
            let program = program(name).unwrap();
            assert!(program.len() / 8 <= 4096, "{name}: more than the kernel takes");
            let allowed: Vec<u32> =
                numbers(column).unwrap().into_iter().map(|(_, number)| number).collect();
            let newest = *allowed.iter().max().unwrap();
            for number in (0..newest + 20).chain([0x4000_0000, 0x4000_0009, u32::MAX]) {
                let wanted = match allowed.contains(&number) {
                    true => ALLOW,
                    false if number < newest => REFUSED,
                    false => UNKNOWN,
                };
                assert_eq!(verdict(&program, id, number, 1), wanted, "{name} {number}");
                assert_eq!(verdict(&program, id ^ 1, number, 1), KILL, "{name} {number}");
            }
        }
        assert!(program("vax").is_none());
    }

    #[test]
    fn sockets_are_of_the_usual_families() {
        let program = program("x86_64").unwrap();
        for (family, wanted) in
            [(0, REFUSED), (1, ALLOW), (2, ALLOW), (10, ALLOW), (16, ALLOW), (38, REFUSED)]
        {
            assert_eq!(verdict(&program, 0xC000_003E, 41, family), wanted, "{family}");
        }
        assert_eq!(verdict(&program, 0xC000_003E, 41, 40), REFUSED);
    }

    #[test]
    fn what_reaches_beyond_the_sandbox_is_not_in_the_table() {
        for call in ["keyctl", "add_key", "request_key", "ptrace", "process_vm_readv", "bpf"]
            .into_iter()
            .chain(["io_uring_setup", "mount", "unshare", "setns", "userfaultfd", "kexec_load"])
        {
            let has = |line: &str| line.split(',').next() == Some(call);
            assert!(!CALLS.lines().any(has), "{call}");
        }
    }
}
