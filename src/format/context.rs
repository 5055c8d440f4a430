//! The context of templates of formats from elsewhere: what the plan says in nobody's dialect, and
//! the format's own words.

use serde_json::{Value, json};

use super::{Format, Native, install, text};
use crate::{
    distro::targets::Target,
    plan::{FileRole, Moment, PackageArchitecture, PackagePlan, relation::Strength},
};

/// What templates of a format from elsewhere may refer to. The format's own words add names and
/// change none.
pub fn general_context(
    format: &dyn Format,
    plan: &PackagePlan,
    target: &Target,
    native: &Native,
) -> Value {
    let relations: Vec<Value> = native
        .relations
        .iter()
        .map(|r| json!({"field": format.syntax().tag(r.strength), "text": r.text, "origin": r.origin}))
        .collect();
    let files = plan.files.iter();
    let conffiles = files.clone().filter(|file| file.role == FileRole::Configuration);
    let general = json!({
        "name": native.name,
        "epoch": native.epoch,
        "version": native.version,
        "release": native.release,
        "full_version": plan.evr.to_string(),
        "architecture": native.architecture,
        "independent": plan.architecture == PackageArchitecture::Independent,
        "summary": native.summary,
        "description": native.description.lines().collect::<Vec<_>>(),
        "relations": relations,
        "fields": fields(format, native),
        "files": files
            .map(|file| json!({"path": file.path, "mode": format!("{:04o}", file.mode)}))
            .collect::<Vec<_>>(),
        "conffiles": conffiles.map(|file| file.path.as_str()).collect::<Vec<_>>(),
        "scriptlets": {
            "pre_install": lines(plan, Moment::PreInstall),
            "post_install": lines(plan, Moment::PostInstall),
            "pre_remove": lines(plan, Moment::PreRemove),
            "post_remove": lines(plan, Moment::PostRemove),
        },
        "changelog": {
            "author": native.changelog.author,
            "date": text::date(native.changelog.time, "%Y-%m-%d"),
            "line": native.changelog.line,
        },
    });
    let shared = text::extend(text::shared_context(plan, target), install::context(plan, target));
    let general = text::extend(shared, general);
    text::extend(Value::Object(native.words.clone()), general)
}

/// The relations by what recipes call them, in the order of their strengths.
fn fields(format: &dyn Format, native: &Native) -> Vec<Value> {
    let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
    for strength in Strength::ALL {
        let texts = native.relations.iter().filter(|relation| relation.strength == strength);
        for text in texts.map(|relation| relation.text.as_str()) {
            let name = format.syntax().tag(strength);
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, clauses)) => clauses.push(text),
                None => fields.push((name, vec![text])),
            }
        }
    }
    fields.iter().map(|(field, clauses)| json!({"field": field, "clauses": clauses})).collect()
}

fn lines(plan: &PackagePlan, moment: Moment) -> Vec<&str> {
    plan.scriptlets.get(&moment).into_iter().flat_map(|text| text.lines()).collect()
}

/// A text as one word of a POSIX shell: as it is where no character of it means anything there, else
/// in quotes. Control characters become blanks.
pub fn shell_word(text: &str) -> String {
    let line = text::one_line(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%_-+=:,./".contains(c);
    if !line.is_empty() && line.chars().all(is_plain) {
        line
    } else {
        format!("'{}'", line.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn words_mean_nothing_to_a_shell() {
        for (text, word) in [
            ("python-webob", "python-webob"),
            ("", "''"),
            ("it's $(touch f)", "'it'\\''s $(touch f)'"),
            ("a\nb", "'a b'"),
            ("~", "'~'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
