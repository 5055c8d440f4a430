//! Additions in a plan, and in its format's words.

use crate::{
    base::text::{OneLine, Paragraph},
    format::{Format, Native, NativeRelation},
    plan::{
        Added, ArchiveMember, Content, FileRole, LeftOut, PackagePlan, PlannedFile,
        relation::Strength,
    },
    python::metadata::{Licence, LicenceEvidence, parse_expression},
    wheels::{PatchedMember, changes},
};

use super::{super::RecipeError, Addition, Additions, overrides::OverrideField};

impl Additions {
    /// Changes a plan: its fields, files, patches and scriptlets. `site` is the folder that the
    /// wheel's root is installed into.
    pub fn apply(&self, plan: &mut PackagePlan, site: &str) {
        for setting in &self.overrides.set {
            let value = setting.value.as_str();
            match setting.field {
                OverrideField::Summary => plan.summary = OneLine::new(value),
                OverrideField::Homepage => plan.homepage = Some(OneLine::new(value).to_string()),
                OverrideField::Description => plan.description = Paragraph::new(value),
                OverrideField::Licence => {
                    plan.licence = Licence {
                        // It was read when the file was.
                        expression: parse_expression(value).unwrap_or_default(),
                        evidence: LicenceEvidence::Override,
                        likeness: None,
                    };
                    plan.open.retain(|open| open.key != "licence");
                }
            }
            note(plan, &format!("{} is set: {}", setting.field, setting.reason));
        }
        for file in &self.overrides.file {
            let content = self.sources.get(&file.source).cloned().unwrap_or_default();
            let role = if file.configuration { FileRole::Configuration } else { FileRole::Plain };
            let mode = file.permissions().unwrap_or(0o644);
            plan.files.retain(|known| known.path != file.path);
            let (path, content) = (file.path.clone(), Content::Text(content));
            plan.files.push(PlannedFile::new(path, mode, role, content));
            plan.added.push(Added { source: file.source.clone(), path: file.path.clone() });
            note(plan, &format!("{} is added: {}", file.path, file.reason));
        }
        self.overrides.rules.apply(plan);
        self.patch(plan, site);
        for (moment, text) in &self.scriptlets {
            plan.scriptlets.entry(*moment).or_default().push_str(text);
        }
        plan.files.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn patch(&self, plan: &mut PackagePlan, site: &str) {
        plan.patches.clone_from(&self.patches);
        if let Some(source) = &mut plan.from_source {
            source.patches = self.patches.iter().map(|patch| patch.file.clone()).collect();
            return;
        }
        // They were read and understood when the folder was.
        for change in self.patches.iter().filter_map(|patch| changes(patch).ok()).flatten() {
            match change {
                PatchedMember::Changed(_) => {}
                PatchedMember::Created(member) => {
                    let path = format!("{site}/{member}");
                    let content = Content::Member(ArchiveMember::of_source(member));
                    let role = FileRole::Plain;
                    plan.files.push(PlannedFile::new(path, 0o644, role, content));
                }
                PatchedMember::Deleted(member) => {
                    plan.files.retain(|file| match &file.content {
                        Content::Member(known) | Content::Compressed(known) => {
                            known.in_source() != Some(member.as_str())
                        }
                        _ => true,
                    });
                    let reason = OneLine::new("a patch deletes it");
                    plan.left_out.push(LeftOut { member, reason });
                    plan.left_out.sort();
                }
            }
        }
    }

    /// Changes the relations of a plan in its format's words; the answer is what a reviewer should
    /// know.
    ///
    /// # Errors
    /// A relation that the format does not have.
    pub fn relate(
        &self,
        native: &mut Native,
        format: &dyn Format,
    ) -> Result<Vec<OneLine>, RecipeError> {
        let strength = |tag: &str| {
            Strength::ALL.into_iter().find(|s| format.syntax().tag(*s).eq_ignore_ascii_case(tag))
        };
        let package = native.name.clone();
        let parts = |addition: &'_ Addition| -> Result<(Strength, String), RecipeError> {
            let parts = addition.parts().and_then(|(tag, text)| Some((strength(tag)?, text)));
            let (strength, text) = parts.ok_or_else(|| RecipeError::Override {
                package: package.clone(),
                relation: addition.relation.clone(),
            })?;
            let text = OneLine::new(text).to_string();
            let checked = format.syntax().check_relation(strength, &text);
            let refuse = |source| RecipeError::Relation { package: package.clone(), source };
            checked.map(|()| (strength, text)).map_err(refuse)
        };
        let mut notes = Vec::new();
        for removal in &self.overrides.remove {
            let Addition { relation, reason } = removal;
            let before = native.relations.len();
            let (strength, text) = parts(removal)?;
            let is_other = |known: &NativeRelation| {
                known.strength != strength || !is_about(&known.text, &text)
            };
            native.relations.retain(is_other);
            if let Some(source) = &mut native.source {
                source.stated.retain(is_other);
            }
            let done = if native.relations.len() < before { "is removed" } else { "is not there" };
            notes.push(OneLine::new(&format!("{relation} {done}: {reason}")));
        }
        for addition in &self.overrides.add {
            let (strength, text) = parts(addition)?;
            let origin = OneLine::new(&format!("override: {}", addition.reason)).to_string();
            native.relations.retain(|known| known.strength != strength || known.text != text);
            let relation = NativeRelation { strength, text, origin };
            if let Some(source) = &mut native.source {
                source.stated.push(relation.clone());
            }
            native.relations.push(relation);
        }
        native.relations.sort_by(|a, b| (a.strength, &a.text).cmp(&(b.strength, &b.text)));
        Ok(notes)
    }
}

/// Whether a relation is the one that is meant: by its whole text, or by its name, behind which a
/// version or, for pacman, a reason may stand.
fn is_about(known: &str, meant: &str) -> bool {
    let is_name = !meant.contains([' ', '<', '>', '=']);
    known.strip_prefix(meant).is_some_and(|rest| {
        let is_end = rest.starts_with([' ', '<', '>', '=']) || rest.starts_with(": ");
        rest.is_empty() || is_name && is_end
    })
}

fn note(plan: &mut PackagePlan, text: &str) {
    plan.notes.push(OneLine::new(text));
}

#[cfg(test)]
mod tests {
    use super::is_about;

    #[test]
    fn relations_are_meant_by_their_names() {
        for known in ["git", "git >= 2", "git (>= 2)", "git>=2", "git: for versions"] {
            assert!(is_about(known, "git"), "{known}");
        }
        for known in ["git-core", "python3:any", "agit >= 2"] {
            assert!(!is_about(known, "git") && !is_about(known, "python3"), "{known}");
        }
        assert!(!is_about("libssl3 (>= 1) | libssl1", "libssl3 (>= 1)"));
    }
}
