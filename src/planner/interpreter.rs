//! What a script's first line starts.
//! Sources: execve(2), "Interpreter scripts"; env(1) of GNU coreutils 9; PEP 427, "Recommended
//! installer features".

/// What runs a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptInterpreter<'l> {
    /// Any Python.
    Python,
    /// A program that `env` finds, named without anything else.
    Found(&'l str),
    /// Whatever the line says.
    Other,
}

/// The program that a first line starts, where that is not Python: an absolute path.
pub(super) fn program(line: &str) -> Option<String> {
    let (program, rest) = parts(line)?;
    let program = match base(program) {
        "env" => {
            let found = started_by_env(rest).filter(|found| !is_python(found))?;
            return if found.contains('/') {
                Some(found.to_owned()).filter(|found| found.starts_with('/'))
            } else {
                Some(format!("/usr/bin/{found}"))
            };
        }
        _ => program,
    };
    (program.starts_with('/') && !is_python(program)).then(|| program.to_owned())
}

/// The program in a first line, and what stands behind it.
fn parts(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("#!").filter(|rest| !rest.chars().any(is_foreign))?.trim_start();
    // Writers of other systems quote paths with spaces.
    let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    Some(quoted.unwrap_or_else(|| {
        rest.split_once([' ', '\t']).map_or((rest, ""), |(program, rest)| (program, rest))
    }))
}

/// What a first line starts, read as the kernel and `env` read it.
pub(super) fn of(line: &str) -> ScriptInterpreter<'_> {
    let Some((program, rest)) = parts(line) else { return ScriptInterpreter::Other };
    if is_python(program) {
        return ScriptInterpreter::Python;
    }
    if base(program) != "env" {
        return ScriptInterpreter::Other;
    }
    match started_by_env(rest) {
        Some(program) if is_python(program) => ScriptInterpreter::Python,
        Some(program) if rest.trim() == program && !program.contains('/') => {
            ScriptInterpreter::Found(program)
        }
        _ => ScriptInterpreter::Other,
    }
}

/// The program that `env` starts with these arguments, where its options are known ones.
fn started_by_env(arguments: &str) -> Option<&str> {
    let mut words = arguments.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "-"
            | "-i"
            | "-S"
            | "-v"
            | "-iS"
            | "-vS"
            | "--ignore-environment"
            | "--split-string"
            | "--debug"
            | "--" => {}
            "-u" | "--unset" | "-C" | "--chdir" => drop(words.next()?),
            _ if word.starts_with("--unset=") || word.starts_with("--chdir=") => {}
            _ => {
                let joined = ["--split-string=", "-S"];
                let word = joined.iter().find_map(|mark| word.strip_prefix(mark)).unwrap_or(word);
                match word.starts_with('-') {
                    true => return None,
                    false if word.contains('=') => {}
                    false => return Some(word),
                }
            }
        }
    }
    None
}

fn is_foreign(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn base(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program)
}

/// `python`, `pythonw`, `python3`, `python3.12`, `python.exe`.
fn is_python(program: &str) -> bool {
    let name = base(program).to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    name.strip_prefix("python").is_some_and(|rest| {
        let rest = rest.strip_prefix('w').unwrap_or(rest);
        rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::{ScriptInterpreter, of, program};

    #[test]
    fn every_way_to_start_python_is_seen() {
        for line in [
            "#!python",
            "#!pythonw",
            "#! /usr/bin/python3 -u",
            "#!/home/pat/venv/bin/python3.11",
            "#!/usr/bin/env python",
            "#!/usr/bin/env -S python3 -u -X dev",
            "#!/usr/bin/env -Spython3",
            "#!/usr/bin/env --split-string=python3",
            "#!/usr/bin/env LANG=C python",
            "#!/usr/bin/env -i python3",
            "#!/usr/bin/env -i -u HOME A=b C=d /opt/x/bin/python3.9",
            "#!C:\\Python311\\python.exe",
            "#!\"C:\\Program Files\\Python\\python.exe\" -s",
        ] {
            assert_eq!(of(line), ScriptInterpreter::Python, "{line}");
        }
    }

    #[test]
    fn programs_are_absolute_paths() {
        for (line, wanted) in [
            ("#!/usr/bin/perl -w", Some("/usr/bin/perl")),
            ("#! /bin/sh", Some("/bin/sh")),
            ("#!/usr/bin/env node", Some("/usr/bin/node")),
            ("#!/usr/bin/env -S bash -e", Some("/usr/bin/bash")),
            ("#!/usr/bin/env /opt/x/bin/x", Some("/opt/x/bin/x")),
            ("#!/usr/bin/env ../x", None),
            ("#!/usr/bin/env python3", None),
            ("#!/usr/bin/python3 -s", None),
            ("#!perl", None),
            ("", None),
        ] {
            assert_eq!(program(line).as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn other_programs_are_found_or_left_as_they_are() {
        assert_eq!(of("#!/usr/bin/env  bash "), ScriptInterpreter::Found("bash"));
        for line in [
            "#!/bin/sh # python",
            "#!/usr/bin/ipython",
            "#!/usr/bin/env",
            "#!/usr/bin/env bash -e",
            "#!/usr/bin/env -S bash -e",
            "#!/usr/bin/env A=b bash",
            "#!/usr/bin/env --unknown python",
            "#!/usr/bin/env ../bash",
            "#!/usr/bin/env python\0",
            "#!/usr/bin/env python\u{b}x",
            "no script",
        ] {
            assert_eq!(of(line), ScriptInterpreter::Other, "{line}");
        }
    }
}
