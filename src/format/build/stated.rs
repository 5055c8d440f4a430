//! What the text of a recipe says, where no plan says what the package is.

use std::{ffi::OsString, path::Path};

use crate::{
    base::process::{Command, CommandRunner},
    plan::Recipe,
};

use super::{
    BuildError,
    facts::{Facts, FileFacts, cut, refuse},
    system::TIME_LIMIT,
};

/// What runs scriptlets where nothing else is named.
const SHELL: &str = "/bin/sh";

/// The text of a recipe: its files, and where a tool expands them, what that makes of them.
pub(crate) struct RecipeText {
    text: String,
    /// Its lines without blanks around them, joined by line feeds; empty ones are left out.
    lines: String,
}

impl RecipeText {
    /// What a spec says: as it is, and as rpm expands it. `spec` is its path for `runner`, and `rpmbuild`
    /// the program beside which the one that expands lies.
    pub(crate) fn of_spec(
        recipe: &Recipe,
        (rpmbuild, arguments): (&Path, &[OsString]),
        spec: &Path,
        runner: &dyn CommandRunner,
    ) -> Result<Self, BuildError> {
        let text: String = recipe.files.values().map(|file| format!("{}\n", file.text)).collect();
        let rpmspec = rpmbuild.with_file_name("rpmspec");
        if !rpmspec.is_file() {
            return Ok(Self::new(text));
        }
        let folder = spec.parent().unwrap_or(spec);
        let mut command = Command::new(rpmspec, folder).argument("--parse").timeout(TIME_LIMIT);
        for argument in arguments {
            command = command.argument(argument);
        }
        let output = runner.run(&command.argument(spec))?;
        Ok(Self::new(text + &String::from_utf8_lossy(&output.stdout)))
    }

    pub(crate) fn new(text: String) -> Self {
        Self { lines: folded(&text), text }
    }

    /// Checks that a package has no script, trigger, owner, special mode or device that the recipe does
    /// not ask for; `file` is its name.
    ///
    /// # Errors
    /// What the recipe does not say.
    pub(crate) fn check(&self, facts: &Facts, file: &str) -> Result<(), BuildError> {
        let foreign = facts.foreign.iter().filter(|(_, word)| !word.is_some_and(|w| self.has(w)));
        let mut differences: Vec<String> = foreign.map(|(what, _)| what.clone()).collect();
        for (path, found) in &facts.files {
            if !self.states_file(found) {
                differences.push(format!("`{}` is {found}", path.escape_debug()));
            }
        }
        let is_complete = self.has("AutoReqProv:") && !self.has("AutoReqProv: yes");
        for (tag, text) in facts.relations.iter().filter(|_| is_complete) {
            let name = text.split([' ', '(']).find(|part| !part.is_empty()).unwrap_or(text);
            let is_known = self.has(name) || [SHELL, "config"].contains(&name);
            if !is_known {
                differences.push(format!("it has the relation `{tag}: {}`", text.escape_debug()));
            }
        }
        for (name, text) in &facts.scripts {
            if !self.states_script(text) {
                differences.push(format!("it has `{name}`: {}", cut(text)));
            }
        }
        refuse(file, differences)
    }

    fn has(&self, word: &str) -> bool {
        self.text.contains(word)
    }

    fn states_file(&self, file: &FileFacts) -> bool {
        let FileFacts { kind, mode, owner, group, role, .. } = file;
        let is_named = |name: &String| name == "root" || self.has_word(name);
        let is_plain = mode & 0o7000 == 0 || self.has(&format!("{mode:o}"));
        let is_file = *kind != "special file" || self.has("%dev");
        is_named(owner)
            && is_named(group)
            && is_plain
            && is_file
            && (!role.contains("caps(") || self.has("%caps"))
    }

    fn has_word(&self, word: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        self.text.split(|c: char| !is_part(c)).any(|found| found == word)
    }

    /// Whether the recipe has the script, and names what runs it.
    fn states_script(&self, script: &str) -> bool {
        let program = script.strip_prefix("#!").and_then(|rest| rest.lines().next());
        let program = program.unwrap_or_default();
        let body = match program {
            "" => script,
            _ => script.split_once('\n').map_or("", |(_, body)| body),
        };
        let is_known = |program: &str| ["", SHELL].contains(&program) || self.has_word(program);
        let is_run = program.split(' ').all(|word| is_known(word) || self.has(word));
        let body = folded(body);
        is_run && self.lines.contains(&body)
    }
}

fn folded(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold("\n".to_owned(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_recipe_says_is_there() {
        let stated = RecipeText::new(
            "%post\nsystemctl enable x\n  echo done\n\n%files\n%attr(4755,root,mail) /usr/bin/x\n\
             %postun -p /sbin/ldconfig\n"
                .to_owned(),
        );
        let file = |mode: u32, group: &str| FileFacts {
            group: group.to_owned(),
            ..FileFacts::new("file", mode, String::new())
        };
        assert!(
            stated.states_file(&file(0o4755, "mail")) && stated.states_file(&file(0o644, "root"))
        );
        assert!(
            !stated.states_file(&file(0o2755, "root")) && !stated.states_file(&file(0o644, "x1"))
        );
        for good in [
            "#!/bin/sh\nsystemctl enable x\necho done",
            "#!/sbin/ldconfig\n",
            "#!/bin/sh\necho done",
        ] {
            assert!(stated.states_script(good), "{good}");
        }
        for bad in ["#!/bin/sh\ntouch x", "#!/usr/bin/lua\n", "#!/bin/sh\necho done\nid", "id"] {
            assert!(!stated.states_script(bad), "{bad}");
        }
    }
}
