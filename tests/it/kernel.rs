//! What the kernel offers in every namespace.

use std::process::Command;

use crate::hostile_sdist::{SECRET, evil, is_confined, module};

/// Makes system calls by their numbers, and says which errors they end with; a call has its numbers
/// on x86_64 and on aarch64 first.
const CALLS: &str = "
import ctypes, platform
function = ctypes.CDLL(None, use_errno=True).syscall
for x86_64, aarch64, *arguments in CALLS:
    number = {'x86_64': x86_64, 'aarch64': aarch64}[platform.machine()]
    SAID.append(ctypes.get_errno() if function(number, *arguments) == -1 else 'done')
";

#[test]
fn neither_keys_nor_other_processes_can_be_had() {
    if !is_confined() || !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return;
    }
    // keyctl: search for a key, read its payload; request_key; ptrace: attach to the first process.
    let calls = format!(
        "CALLS = [(250, 219, 10, -3, b'user', b'canary', 0), (250, 219, 11, -3, 0, 0),\n         \
                   (249, 218, b'user', b'canary', 0, -3), (101, 117, 16, 1, 0, 0)]{CALLS}\
         attempt(lambda: open('/proc/keys').read())\n"
    );
    let folder = evil(&calls);
    // The program's own session has a key.
    let script = format!(
        "import ctypes, os, sys\nctypes.CDLL(None).syscall({}, b'user', b'canary', b'{SECRET}', {}, -3)\n\
         os.execv(sys.argv[1], sys.argv[1:])",
        if cfg!(target_arch = "x86_64") { 248 } else { 217 },
        SECRET.len(),
    );
    let output = Command::new("python3")
        .args(["-c", &script, env!("CARGO_BIN_EXE_pypi2pkg"), "build", "evil", "-q"])
        .args(["-t", "debian-12", "-i", "index", "--builder", "embedded"])
        .args(["--compression", "none"])
        .current_dir(folder.path())
        .env("PYPI2PKG_CACHE_DIR", folder.path().join("cache"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = module(folder.path());
    assert_eq!(said, "SAID = [1, 1, 1, 1, 'PermissionError']");
}
