//! What a system package must not do, though a virtual environment would contain it.

use crate::source::Wheel;

use super::{PlanError, Policy};

/// Commands that belong to the system: no wheel may own them.
const RESERVED_COMMANDS: [&str; 24] = [
    "bash", "cat", "chmod", "chown", "cp", "dash", "dnf", "dpkg", "apt", "env", "login", "ls",
    "mount", "mv", "passwd", "perl", "python", "python3", "rm", "rpm", "sh", "ssh", "su", "sudo",
];

/// Folders below `/etc` whose files are run or obeyed by the system itself.
const SYSTEM_CONFIGURATION: [&str; 20] = [
    "apt",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.monthly",
    "cron.weekly",
    "dnf",
    "init.d",
    "ld.so.conf.d",
    "modprobe.d",
    "pam.d",
    "polkit-1",
    "profile.d",
    "security",
    "ssh",
    "sudoers.d",
    "sysctl.d",
    "systemd",
    "udev",
    "yum.repos.d",
];

/// Folders below the prefix into which wheels may install data.
const DATA_FOLDERS: [&str; 4] = ["share/", "include/", "bin/", "lib/python3"];

/// Modules that every Python process imports when it starts.
const STARTUP_MODULES: [&str; 2] = ["sitecustomize.py", "usercustomize.py"];

/// Whether a command's name is one that the shell, rpm and dpkg take without quoting.
pub fn is_command_name(name: &str) -> bool {
    !name.starts_with(['-', '.'])
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

/// Whether a command belongs to the system.
pub fn is_reserved_command(name: &str) -> bool {
    let is_interpreter = name
        .strip_prefix("python")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'));
    is_interpreter || RESERVED_COMMANDS.contains(&name)
}

/// Whether a file of the `data` scheme may be installed at `path`.
pub fn is_allowed_destination(path: &str, prefix: &str, policy: &Policy) -> bool {
    if policy.allowed_paths.iter().any(|allowed| path.starts_with(allowed.as_str())) {
        return true;
    }
    if let Some(inside) = path.strip_prefix("/etc/") {
        // A file directly in `/etc` would be the system's own.
        return inside
            .split_once('/')
            .is_some_and(|(folder, _)| !SYSTEM_CONFIGURATION.contains(&folder));
    }
    path.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|inside| DATA_FOLDERS.iter().any(|folder| inside.starts_with(folder)))
}

/// Refuses modules that would run in every Python process of the system.
pub fn check_module(wheel: &Wheel, inside: &str, policy: &Policy) -> Result<(), PlanError> {
    let runs_always = STARTUP_MODULES.contains(&inside)
        || wheel.startup_lines.iter().any(|member| member == inside);
    if runs_always && !policy.allow_startup_code {
        return Err(PlanError::StartupCode {
            file: wheel.filename.clone(),
            member: inside.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        let policy = Policy::default();
        let allowed = |path: &str| is_allowed_destination(path, "/usr", &policy);
        assert!(allowed("/usr/share/man/man1/http.1"));
        assert!(allowed("/etc/jupyter/jupyter_config.json"));
        for path in ["/etc/cron.d/x", "/etc/passwd", "/usr/lib/systemd/system/x", "/usr/x", "/x"] {
            assert!(!allowed(path), "{path}");
        }
    }

    #[test]
    fn commands() {
        assert!(is_reserved_command("python3.13") && is_reserved_command("sudo"));
        assert!(!is_reserved_command("python-argcomplete-check-easy-install-script"));
        assert!(is_command_name("pip3.13") && !is_command_name("-rf") && !is_command_name("a b"));
    }
}
